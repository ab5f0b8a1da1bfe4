#include "heed/codegen/gpu/cores.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace heed::codegen::gpu {

using namespace mlir;

Cores::Cores(Builder& b, const Thread& thread, int64_t threads, Type element)
    : Staging(b, thread, threads, element), lane(thread.lane(b)) {
  group = quotient(b, lane, constant(b, 4)), quad = sub(b, lane, mul(b, group, constant(b, 4)));
}

/// To nearest, ties away from 0.
Value Cores::inTf32(Value x) {
  return NVVM::ConvertFloatToTF32Op::create(b, b.getI32Type(), x, NVVM::FPRoundingMode::RNA);
}

/// A number as something and a constant.
static std::pair<Value, int64_t> apart(Builder& b, Value x) {
  if (auto known = getConstantIntValue(x)) return {constant(b, 0), *known};
  if (auto sum = x.getDefiningOp<arith::AddIOp>())
    if (auto known = getConstantIntValue(sum.getRhs())) return {sum.getLhs(), *known};
  return {x, 0};
}

/// Constants go into instructions: all that a lane reads is so far behind one place, which alone takes registers.
Value Cores::pointerTo(const Staged& from, Value row, Value column, Spot ofLane, Value at) {
  auto [rows, moreRows] = apart(b, row);
  auto [columns, moreColumns] = apart(b, column);
  Value first = addressOf(from, add(b, rows, ofLane.row), add(b, columns, ofLane.column), at);
  return further(shared(first), moreRows * from.pitch() + moreColumns * from.width);
}

/// Four matrices of 8 rows of 16 bytes: this lane says where a row of one begins, lane l of matrix l / 8.
Values Cores::load(Value from, bool transposed) {
  Type word = b.getI32Type(), four = LLVM::LLVMStructType::getLiteral(b.getContext(), {word, word, word, word});
  Value all =
      NVVM::LdMatrixOp::create(b, four, from, 4, transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
                               NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
  Values matrices;
  for (int64_t n = 0; n < 4; ++n) matrices.push_back(LLVM::ExtractValueOp::create(b, all, n));
  if (element.isF32())
    for (Value& x : matrices) x = inTf32(arith::BitcastOp::create(b, element, x));
  return matrices;
}

/// Numbers of f32, so far apart from one.
Values Cores::single(const Staged& staged, Value from, ArrayRef<Apart> numbers) {
  Values all;
  for (Apart apart : numbers) {
    Value there = further(from, apart.rows * staged.pitch() + apart.columns * staged.width);
    all.push_back(inTf32(LLVM::LoadOp::create(b, element, there, unsigned(staged.width))));
  }
  return all;
}

/// Lanes stand in two columns of 16 rows, `apart` from each other; or in two columns of eight, then eight more rows.
Cores::Spot Cores::bySixteen(int64_t apart) {
  Value half = quotient(b, lane, constant(b, 16));
  return {sub(b, lane, mul(b, half, constant(b, 16))), mul(b, half, constant(b, apart))};
}
Cores::Spot Cores::byEight(int64_t apart) {
  Value eighth = quotient(b, lane, constant(b, 8)), within = sub(b, lane, mul(b, eighth, constant(b, 8)));
  Value pair = quotient(b, eighth, constant(b, 2)), side = sub(b, eighth, mul(b, pair, constant(b, 2)));
  return {add(b, within, mul(b, pair, constant(b, 8))), mul(b, side, constant(b, apart))};
}

Values Cores::left(const Staged& from, Value row, Value depth, bool upright, Value at) {
  if (upright && element.isF32())
    return single(from, pointerTo(from, depth, row, {quad, group}, at), {{0, 0}, {0, 8}, {4, 0}, {4, 8}});
  if (upright) return load(pointerTo(from, depth, row, byEight(8), at), true);
  return load(pointerTo(from, row, depth, bySixteen(stepOf(element) / 2), at), false);
}

Values Cores::right(const Staged& from, Value column, Value depth, bool upright, Value at) {
  if (upright && element.isF32())
    return single(from, pointerTo(from, depth, column, {quad, group}, at), {{0, 0}, {4, 0}, {0, 8}, {4, 8}});
  if (upright) return load(pointerTo(from, depth, column, bySixteen(8), at), true);  // staged rows are the depth
  return load(pointerTo(from, column, depth, byEight(stepOf(element) / 2), at), false);
}

Values Cores::multiply(ValueRange a, ValueRange right, ValueRange sums) {
  Type f32 = b.getF32Type(), result = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  auto kind = element.isBF16() ? NVVM::MMATypes::bf16 : element.isF16() ? NVVM::MMATypes::f16 : NVVM::MMATypes::tf32;
  auto operands = [&](ValueRange registers) {  // f16 comes in vectors of two
    Values all(registers);
    if (element.isF16())
      for (Value& x : all) x = LLVM::BitcastOp::create(b, VectorType::get({2}, element), x);
    return all;
  };
  Value product = NVVM::MmaOp::create(b, result, operands(a), operands(right), sums,
                                      ArrayRef<int64_t>{16, 8, stepOf(element)}, std::nullopt, std::nullopt,
                                      std::array{kind, kind}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  Values all;
  for (int64_t n = 0; n < 4; ++n) all.push_back(LLVM::ExtractValueOp::create(b, product, n));
  return all;
}

/// A lane has columns 2 quad and 2 quad + 1 of a tile. Of 16 bits these are a pair of the left operand's; in tf32 it
/// has numbers `quad` and `quad` + 4 of the depth, and these two are taken for them, on both sides.
Values Cores::leftOfSums(ValueRange sums) {
  if (element.isF32()) return {inTf32(sums[0]), inTf32(sums[2]), inTf32(sums[1]), inTf32(sums[3])};
  Values all;
  for (size_t n = 0; n < sums.size(); n += 2) all.push_back(packed(sums[n], sums[n + 1]));
  return all;
}

Values Cores::rightOfSums(const Staged& from, Value column, Value depth, Value at) {
  if (!element.isF32()) return right(from, column, depth, true, at);
  const Spot ofLane{mul(b, quad, constant(b, 2)), group};
  return single(from, pointerTo(from, depth, column, ofLane, at), {{0, 0}, {1, 0}, {0, 8}, {1, 8}});
}

Value Cores::packed(Value low, Value high) {
  Type pair = VectorType::get({2}, element);
  auto nearest = NVVM::FPRoundingMode::RN;
  Value both = element.isBF16() ? NVVM::ConvertF32x2ToBF16x2Op::create(b, pair, high, low, Value(), nearest).getResult()
                                : NVVM::ConvertF32x2ToF16x2Op::create(b, pair, high, low, Value(), nearest).getResult();
  return LLVM::BitcastOp::create(b, b.getI32Type(), both);
}

}  // namespace heed::codegen::gpu
