// The dialect's registration and the generated code of its ops. Test: tests/passes/ir/verify_test.cpp.
#include "heed/passes/ir/heed.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/DialectImplementation.h"

#include "heed/passes/ir/dialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "heed/passes/ir/attributes.cpp.inc"
#include "heed/passes/ir/interfaces.cpp.inc"
#define GET_OP_CLASSES
#include "heed/passes/ir/ops.cpp.inc"

namespace heed::ir {

void HeedDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "heed/passes/ir/attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "heed/passes/ir/ops.cpp.inc"
      >();
}

mlir::Operation* HeedDialect::materializeConstant(mlir::OpBuilder& b, mlir::Attribute value, mlir::Type type,
                                                  mlir::Location loc) {
  auto number = mlir::dyn_cast<mlir::TypedAttr>(value);
  return number && axesOf(type).empty() ? ConstantOp::create(b, loc, type, number).getOperation() : nullptr;
}

}  // namespace heed::ir
