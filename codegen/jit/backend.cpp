#include "heed/codegen/jit/backend.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"

namespace heed::codegen {
namespace {

/// The target says which passes it wants. Those over loops are left out where addresses stay: a pass that is only
/// skipped when it runs has its analyses made all the same.
class Passes : public llvm::legacy::PassManager {
 public:
  explicit Passes(Addresses addresses) : addresses_(addresses) {}
  void add(llvm::Pass* pass) override {
    std::unique_ptr<llvm::Pass> owned(pass);
    if (addresses_ == Addresses::asStated && pass->getPassKind() == llvm::PT_Loop) return;
    llvm::legacy::PassManager::add(owned.release());
  }

 private:
  Addresses addresses_;
};

}  // namespace

llvm::Error backendFailure(const llvm::Twine& message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

void optimizeModule(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

llvm::Error generate(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type,
                     llvm::SmallVectorImpl<char>& out, Addresses addresses) {
  llvm::raw_svector_ostream stream(out);
  Passes passes(addresses);
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true))
    return backendFailure("this LLVM cannot emit code for " + machine.getTargetTriple().str());
  passes.run(module);
  return llvm::Error::success();
}

std::string textOf(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

}  // namespace heed::codegen
