// heed-opt: mlir-opt with the dialects and passes of heed.
#include "heed/driver/pipeline.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  heed::registerDialects(registry);
  heed::registerPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "heed-opt: run passes of heed over a module\n", registry));
}
