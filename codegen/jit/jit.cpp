// Translation and code generation. The mid-level optimiser is a choice: explicit register tiles leave it nothing to do,
// and it costs as much as everything else together.
#include "heed/codegen/jit/jit.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

#include "heed/codegen/jit/backend.h"
#include "heed/codegen/jit/link.h"
#include "heed/codegen/jit/parallel.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "mlir/Target/LLVMIR/Export.h"

namespace heed::codegen {
namespace {

/// Milliseconds since it was made or last read.
class Stopwatch {
 public:
  double lap() {
    auto now = Clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(start_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// With 512-bit vectors the addresses that kernels state, one register, a scaled index and a constant, cost their loops
/// nothing; with narrower ones, of which there are twice as many, the loops are bound by the number of their
/// instructions: reduced, a product of 1024 x 1024 x 1024 ran a twelfth faster on AVX2 (measured with slices of 256
/// lines). Attention is as fast either way.
Addresses addressesOn(const Target& target) { return target.avx512 ? Addresses::asStated : Addresses::reduced; }

}  // namespace

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> hostMachineFor(const Target& target) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  llvm::Triple triple(llvm::sys::getProcessTriple());
  std::string error;
  const llvm::Target* backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend) return backendFailure("cpu: the process is " + triple.str() + "; " + error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;  // only where the IR says `contract`
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                   llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default, /*JIT=*/true));
}

llvm::Expected<Compiled> jit(mlir::ModuleOp source, const Target& target, const JitOptions& options) {
  Compiled result;
  Stopwatch watch;
  auto machine = hostMachineFor(target);
  if (!machine) return machine.takeError();
  llvm::LLVMContext context;
  auto module = mlir::translateModuleToLLVMIR(source, context, "heed", /*disableVerification=*/true);
  if (!module) return backendFailure("cpu: the module does not translate to LLVM IR; see the diagnostics above");
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple((*machine)->getTargetTriple());
  result.times.translate = watch.lap();

  if (options.optimize) optimizeModule(*module, **machine);
  result.times.optimize = watch.lap();

  if (options.llvmText) result.llvm = textOf(*module);
  if (options.assemblyText) {
    llvm::SmallString<0> text;
    auto copy = llvm::CloneModule(*module);
    if (auto error = generate(*copy, **machine, llvm::CodeGenFileType::AssemblyFile, text, addressesOn(target)))
      return error;
    result.assembly = text.str();
  }
  if (!options.execute) return result;

  watch.lap();
  const BackEnd backEnd{[&] { return hostMachineFor(target); }, addressesOn(target)};
  auto objects = generateObjects(std::move(module), backEnd, std::thread::hardware_concurrency());
  if (!objects) return objects.takeError();
  result.times.generate = watch.lap();

  auto linked = link(std::move(*objects));
  if (!linked) return linked.takeError();
  result.times.link = watch.lap();
  result.entry = linked->entry;
  result.pack = linked->pack;
  result.code = std::move(linked->code);
  result.objects = std::move(linked->objects);
  return result;
}

llvm::Expected<Compiled> link(std::vector<std::string> objects) {
  auto linked = linkObjects(objects);
  if (!linked) return linked.takeError();
  Compiled result;
  result.entry = linked->entry;
  result.pack = linked->pack;
  result.code = std::move(linked->code);
  result.objects = std::move(objects);
  return result;
}

}  // namespace heed::codegen
