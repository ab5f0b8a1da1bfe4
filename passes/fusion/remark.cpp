// Places in the user's words. Test: tests/passes/fusion/remarks.mlir.
#include "heed/passes/fusion/remark.h"

#include "llvm/Support/Path.h"
#include "mlir/IR/Location.h"

using namespace mlir;

namespace heed::fusion {

std::string placeOf(Location loc) {
  std::string place;
  loc->walk([&](Location inner) {
    auto line = dyn_cast<FileLineColLoc>(inner);
    if (!line) return WalkResult::advance();
    place = (llvm::sys::path::filename(line.getFilename()) + ":" + Twine(line.getLine())).str();
    return WalkResult::interrupt();
  });
  return place;
}

std::string describe(Operation* op) {
  std::string place = placeOf(op->getLoc());
  return "`" + op->getName().stripDialect().str() + "`" + (place.empty() ? "" : " at " + place);
}

}  // namespace heed::fusion
