// heed-opt: mlir-opt with the dialects and passes of heed.
#include "heed/driver/pipeline.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

/// LLVM takes every unknown option that begins with h for -h, prints the help and succeeds.
static bool isMisspelt(llvm::StringRef argument) {
  if (!argument.consume_front("-")) return false;
  argument.consume_front("-");
  llvm::StringRef name = argument.split('=').first;
  return name.starts_with("h") && name != "h" && !name.starts_with("help") && !mlir::PassInfo::lookup(name) &&
         !mlir::PassPipelineInfo::lookup(name);
}

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  heed::registerDialects(registry);
  heed::registerPasses();
  for (int n = 1; n < argc; ++n)
    if (isMisspelt(argv[n])) {
      llvm::errs() << "heed-opt: there is no option " << argv[n] << "; --help lists them\n";
      return 1;
    }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "heed-opt: run passes of heed over a module\n", registry));
}
