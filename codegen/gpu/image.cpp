#include "heed/codegen/gpu/image.h"

#include <mutex>

#include "heed/codegen/gpu/passes.h"
#include "heed/codegen/jit/backend.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/MC/TargetRegistry.h"
#include "mlir/Target/LLVMIR/Export.h"

// One of LLVM's back ends; llvm/Support/TargetSelect.h has only the host's and all.
extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace heed::codegen {

namespace {

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machineFor(const Device& device) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target* backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend) return backendFailure("cuda: this LLVM has no back end for " + triple.str() + ": " + error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;  // only where the IR says `contract`
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, device.chip(), "+ptx" + std::to_string(device.ptx()), options, std::nullopt,
                                   std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

/// The host's constant `heed_image`.
void embed(mlir::ModuleOp module, const std::string& ptx) {
  auto declared = module.lookupSymbol<mlir::LLVM::GlobalOp>(gpu::deviceImage);
  auto b = mlir::OpBuilder::atBlockBegin(module.getBody());
  std::string bytes = ptx + '\0';
  auto type = mlir::LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  mlir::Location loc = declared.getLoc();
  declared.erase();
  mlir::LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, mlir::LLVM::Linkage::Internal, gpu::deviceImage,
                               b.getStringAttr(bytes));
}

}  // namespace

llvm::Expected<Image> embedImage(mlir::ModuleOp host, const Device& device, bool llvmText) {
  Image image;
  auto kernels = host.lookupSymbol<mlir::ModuleOp>(gpu::deviceModule);
  if (!kernels) return image;
  auto machine = machineFor(device);
  if (!machine) return machine.takeError();
  llvm::LLVMContext context;
  auto module = mlir::translateModuleToLLVMIR(kernels, context, "heed", /*disableVerification=*/true);
  if (!module) return backendFailure("cuda: the kernels do not translate to LLVM IR; see the diagnostics above");
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple((*machine)->getTargetTriple());
  optimizeModule(*module, **machine);
  if (llvmText) image.llvm = textOf(*module);
  llvm::SmallString<0> text;
  if (auto error = generate(*module, **machine, llvm::CodeGenFileType::AssemblyFile, text)) return error;
  image.ptx = text.str();
  kernels.erase();
  embed(host, image.ptx);
  return image;
}

}  // namespace heed::codegen
