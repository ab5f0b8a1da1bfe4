// Loops, branches and constants of the vocabulary.
#include "heed/codegen/cpu/attention/code.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heed::codegen {

Value Code::constant(TypedAttr value) {
  Value& known = constants[value];
  if (known) return known;
  OpBuilder::InsertionGuard guard(b);
  if (home) b.setInsertionPointToStart(home);
  Value made = arith::ConstantOp::create(b, loc, value);
  if (!home) {
    constants.erase(value);
    return made;
  }
  return known = made;
}

Value Code::likely(Value condition) {
  return LLVM::ExpectOp::create(b, loc, condition.getType(), condition, bit(true));
}

int64_t Code::known(Value index) {
  APInt number;
  return matchPattern(index, m_ConstantInt(&number)) ? number.getSExtValue() : ShapedType::kDynamic;
}

Value Code::splat(float value) { return constant(DenseElementsAttr::get(floats(), b.getF32FloatAttr(value))); }

Value Code::broadcast(Value scalar) {
  if (isa<VectorType>(scalar.getType())) return scalar;
  return vector::BroadcastOp::create(b, loc, vectorOf(scalar.getType()), scalar);
}

Type withElement(Type like, Type element) {
  auto vector = dyn_cast<VectorType>(like);
  return vector ? Type(vector.clone(element)) : element;
}

Value Code::widened(Value x) {
  if (getElementTypeOrSelf(x.getType()).isF32()) return x;
  return arith::ExtFOp::create(b, loc, withElement(x.getType(), b.getF32Type()), x);
}

Value Code::narrowed(Value x, Type element) {
  if (element.isF32()) return x;
  return arith::TruncFOp::create(b, loc, withElement(x.getType(), element), x);
}

Value Code::larger(Value x, Value y) {
  Value greater = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, loc, greater, x, y);
}

void Code::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(from, to, index(step), {}, [&](Value i, Values) -> Values {
    body(i);
    return {};
  });
}

Values Code::loop(Value from, Value to, Value step, Values start, llvm::function_ref<Values(Value, Values)> body) {
  if (isEqualConstantIntOrValue(from, to)) return start;
  auto loop = scf::ForOp::create(b, loc, from, to, step, start, [&](OpBuilder&, Location, Value i, ValueRange carried) {
    scf::YieldOp::create(b, loc, body(i, Values(carried)));
  });
  return Values(loop.getResults());
}

void Code::when(Value condition, llvm::function_ref<void()> body) {
  choose(
      condition, {}, [&]() -> Values { return body(), Values(); }, nullptr);
}

Values Code::choose(Value condition, TypeRange types, llvm::function_ref<Values()> yes,
                    llvm::function_ref<Values()> no) {
  if (APInt known; matchPattern(condition, m_ConstantInt(&known)))
    return known.isZero() ? (no ? no() : Values()) : yes();
  auto branch = scf::IfOp::create(b, loc, types, condition, /*withElseRegion=*/bool(no));
  OpBuilder::InsertionGuard guard(b);
  auto fill = [&](Block* block, llvm::function_ref<Values()> body) {
    b.setInsertionPointToStart(block);
    Values results = body();
    if (block->empty() || !block->back().hasTrait<OpTrait::IsTerminator>()) {
      scf::YieldOp::create(b, loc, results);
    }
  };
  auto clear = [](Block* block) {
    if (!block->empty()) block->back().erase();
  };
  if (types.empty()) {
    clear(branch.thenBlock());
    if (no) clear(branch.elseBlock());
  }
  fill(branch.thenBlock(), yes);
  if (no) fill(branch.elseBlock(), no);
  return Values(branch.getResults());
}

Value Code::loadLanes(Value memref, Value at, int count) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(b, loc, VectorType::get({count ? count : lanes}, element), memref, at);
}

Value Code::from(Value memref, Value at) {
  auto type = cast<MemRefType>(memref.getType());
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1});
  auto moved = MemRefType::get({ShapedType::kDynamic}, type.getElementType(), layout);
  OpFoldResult one = b.getIndexAttr(1);
  return memref::ReinterpretCastOp::create(b, loc, moved, memref, OpFoldResult(at), ArrayRef<OpFoldResult>{index(1)},
                                           ArrayRef<OpFoldResult>{one});
}

}  // namespace heed::codegen
