// Verifiers of the tile dialect: a kernel that passes them can be lowered without further questions.
#include "heed/codegen/tile/tile.h"

#include "heed/codegen/tile/async.h"
#include "heed/codegen/tile/device.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/DialectImplementation.h"

#include "heed/codegen/tile/dialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "heed/codegen/tile/types.cpp.inc"
#define GET_OP_CLASSES
#include "heed/codegen/tile/ops.cpp.inc"

using namespace mlir;

namespace heed::tile {

void TileDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "heed/codegen/tile/ops.cpp.inc"
      ,
#define GET_OP_LIST
#include "heed/codegen/tile/device_ops.cpp.inc"
      ,
#define GET_OP_LIST
#include "heed/codegen/tile/async_ops.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "heed/codegen/tile/types.cpp.inc"
      >();
}

static SmallVector<int64_t> dimsWithRole(ArrayAttr roles, StringRef role) {
  SmallVector<int64_t> dims;
  for (auto [d, r] : llvm::enumerate(roles.getAsValueRange<StringAttr>()))
    if (r == role) dims.push_back(d);
  return dims;
}

static AffineMap mapAt(ArrayAttr maps, unsigned operand) { return cast<AffineMapAttr>(maps[operand]).getValue(); }

/// Maps and roles agree with each other and with the operands' ranks.
static LogicalResult verifySpace(Operation* op, ArrayAttr roles, ArrayAttr maps, ArrayRef<StringRef> legal) {
  for (StringRef role : roles.getAsValueRange<StringAttr>())
    if (!llvm::is_contained(legal, role))
      return op->emitOpError() << "role \"" << role << "\" is none of " << llvm::join(legal, ", ");
  if (maps.size() != op->getNumOperands())
    return op->emitOpError() << maps.size() << " indexing maps for " << op->getNumOperands()
                             << " operands; one for each is required";
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    AffineMap map = mapAt(maps, i);
    auto rank = cast<MemRefType>(operand.getType()).getRank();
    if (!map.isProjectedPermutation() || map.getNumDims() != roles.size() || map.getNumResults() != rank)
      return op->emitOpError() << "indexing map " << AffineMapAttr::get(map) << " of operand " << i << ", of rank "
                               << rank << ", must be a projected permutation of " << roles.size() << " dims to "
                               << rank;
  }
  return success();
}

/// A region is absent, or takes `arguments` types and yields `results` types.
static LogicalResult verifyRegion(Operation* op, Region& region, StringRef name, TypeRange arguments,
                                  TypeRange results) {
  if (region.empty()) return success();
  if (!llvm::hasSingleElement(region) || region.front().getArgumentTypes() != arguments)
    return op->emitOpError() << "region " << name << " must be one block that takes (" << arguments << "), takes ("
                             << region.front().getArgumentTypes() << ")";
  auto yield = dyn_cast<YieldOp>(region.front().getTerminator());
  if (!yield || yield.getOperandTypes() != results)
    return op->emitOpError() << "region " << name << " must end with a tile.yield of (" << results << ")";
  uint64_t dims = op->getAttrOfType<ArrayAttr>("roles").size();
  auto outside = [&](IndexOp index) { return uint64_t(index.getDim()) >= dims; };
  auto walked = region.walk([&](IndexOp index) {
    if (!outside(index)) return WalkResult::advance();
    index.emitOpError() << "dim " << index.getDim() << " in region " << name << " is none of the " << dims << " of "
                        << op->getName();
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

static Type elementOf(Value memref) { return cast<MemRefType>(memref.getType()).getElementType(); }

// ---- attention

SmallVector<int64_t> AttentionOp::dimsOf(StringRef role) { return dimsWithRole(getRoles(), role); }
AffineMap AttentionOp::mapOf(OpOperand& operand) { return mapAt(getIndexingMaps(), operand.getOperandNumber()); }

LogicalResult AttentionOp::verify() {
  if (failed(verifySpace(*this, getRoles(), getIndexingMaps(), {"outer", "row", "key", "depth", "value"})))
    return failure();
  if (dimsOf("row").size() != 1 || dimsOf("key").size() != 1)
    return emitOpError("needs exactly one row dim and one key dim");
  if (getSimilarity().size() != getSimilar().size())
    return emitOpError() << "similarity names " << getSimilarity().size() << " operands, there are "
                         << getSimilar().size();
  if (!getInitial().empty() && getInitial().size() != 3) return emitOpError("initial must be m, l and o, or nothing");

  Builder b(getContext());
  Type f32 = b.getF32Type(), i1 = b.getI1Type(), index = b.getIndexType();
  SmallVector<Type> captures, bounds(4, index), scores(similarities(), f32);
  for (Value c : getCaptures()) {
    captures.push_back(elementOf(c));
    bounds.append(2, elementOf(c));
  }
  for (auto [n, body] : llvm::enumerate(getBodies())) {
    SmallVector<Type> elements;
    for (auto [operand, owner] : llvm::zip(getSimilar(), getSimilarity()))
      if (owner == int64_t(n)) elements.push_back(isa<FloatType>(elementOf(operand)) ? f32 : elementOf(operand));
    if (failed(verifyRegion(*this, body, "bodies", elements, f32))) return failure();
  }
  scores.append(captures);
  SmallVector<Type> weight{f32};
  weight.append(captures);
  if (getPost().empty()) return emitOpError("needs a post region");
  if (getKeep().empty() != getClassify().empty()) return emitOpError("keep and classify come together");
  if (failed(verifyRegion(*this, getPost(), "post", scores, f32)) ||
      failed(verifyRegion(*this, getKeep(), "keep", captures, i1)) ||
      failed(verifyRegion(*this, getClassify(), "classify", bounds, {i1, i1})) ||
      failed(verifyRegion(*this, getWeigh(), "weigh", weight, f32)))
    return failure();
  return success();
}

// ---- contract

SmallVector<int64_t> ContractOp::dimsOf(StringRef role) { return dimsWithRole(getRoles(), role); }
AffineMap ContractOp::mapOf(OpOperand& operand) { return mapAt(getIndexingMaps(), operand.getOperandNumber()); }

LogicalResult ContractOp::verify() {
  if (failed(verifySpace(*this, getRoles(), getIndexingMaps(), {"outer", "row", "column", "depth"}))) return failure();
  Type stored = elementOf(getOut());
  SmallVector<Type> arguments{isa<FloatType>(stored) ? Type(Float32Type::get(getContext())) : stored};
  for (Value c : getCaptures()) arguments.push_back(elementOf(c));
  return verifyRegion(*this, getEpilogue(), "epilogue", arguments, elementOf(getOut()));
}

// ---- products

LogicalResult ProductsOp::verify() {
  Block& body = getBody().front();
  for (Operation& op : body)
    if (!isa<ContractOp>(op)) return op.emitOpError("in tile.products; tile.contract alone is legal");
  auto products = body.getOps<ContractOp>();
  if (body.empty()) return emitOpError("holds no contraction");
  auto reads = [](ContractOp op, Value x) { return op.getLhs() == x || op.getRhs() == x; };
  ContractOp first = *products.begin();
  for (Value x : {first.getLhs(), first.getRhs()})
    if (llvm::all_of(products, [&](ContractOp op) { return reads(op, x); })) return success();
  return emitOpError("holds contractions that have no operand in common");
}

void ProductsOp::dissolve() {
  (*this)->getBlock()->getOperations().splice((*this)->getIterator(), getBody().front().getOperations());
  (*this)->erase();
}

// ---- rows

int64_t RowsOp::along() { return dimsWithRole(getRoles(), "along").front(); }
AffineMap RowsOp::mapOf(OpOperand& operand) { return mapAt(getIndexingMaps(), operand.getOperandNumber()); }

LogicalResult RowsOp::verify() {
  if (failed(verifySpace(*this, getRoles(), getIndexingMaps(), {"row", "along"}))) return failure();
  if (dimsWithRole(getRoles(), "along").size() != 1) return emitOpError("needs exactly one along dim");
  SmallVector<Type> arguments, results;
  for (Value input : getInputs()) arguments.push_back(elementOf(input));
  for (Value out : getOuts()) results.push_back(elementOf(out));
  for (Region& phase : getPhases()) {
    Type sum = phase.getArguments().empty() ? Type() : phase.getArguments().back().getType();
    arguments.push_back(sum);
    if (failed(verifyRegion(*this, phase, "phases", arguments, sum))) return failure();
  }
  for (OpOperand& out : getOutsMutable())
    for (int64_t row : dimsWithRole(getRoles(), "row"))
      if (!mapOf(out).isFunctionOfDim(row)) return emitOpError() << "an out lacks the row dim " << row;
  return verifyRegion(*this, getFinish(), "finish", arguments, results);
}

void YieldOp::build(OpBuilder&, OperationState&) {}

}  // namespace heed::tile
