#include "heed/codegen/gpu/cores.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace heed::codegen::gpu {

using namespace mlir;

Cores::Cores(Builder& b, const Thread& thread, int64_t threads, Type narrow)
    : Staging(b, thread, threads, narrow), lane(thread.lane(b)) {}

Values Cores::load(const Staged& from, Value row, Value column, bool transposed, Value at) {
  Value bytes = addressOf(from, row, column, at);
  Type word = b.getI32Type(), four = LLVM::LLVMStructType::getLiteral(b.getContext(), {word, word, word, word});
  Value all =
      NVVM::LdMatrixOp::create(b, four, pointer(3, bytes), 4, transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
                               NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
  Values matrices;
  for (int64_t n = 0; n < 4; ++n) matrices.push_back(LLVM::ExtractValueOp::create(b, all, n));
  return matrices;
}

Values Cores::left(const Staged& from, Value row, Value depth, bool upright, Value at) {
  if (upright) {
    Value eighth = quotient(b, lane, constant(b, 8)), within = sub(b, lane, mul(b, eighth, constant(b, 8)));
    Value pair = quotient(b, eighth, constant(b, 2)), side = sub(b, eighth, mul(b, pair, constant(b, 2)));
    Value line = add(b, add(b, depth, within), mul(b, pair, constant(b, 8)));
    return load(from, line, add(b, row, mul(b, side, constant(b, 8))), true, at);
  }
  Value half = quotient(b, lane, constant(b, 16)), within = sub(b, lane, mul(b, half, constant(b, 16)));
  return load(from, add(b, row, within), add(b, depth, mul(b, half, constant(b, 8))), false, at);
}

Values Cores::right(const Staged& from, Value column, Value depth, bool upright, Value at) {
  if (upright) {  // staged rows are the depth
    Value half = quotient(b, lane, constant(b, 16)), within = sub(b, lane, mul(b, half, constant(b, 16)));
    return load(from, add(b, depth, within), add(b, column, mul(b, half, constant(b, 8))), true, at);
  }
  Value eighth = quotient(b, lane, constant(b, 8)), within = sub(b, lane, mul(b, eighth, constant(b, 8)));
  Value pair = quotient(b, eighth, constant(b, 2)), side = sub(b, eighth, mul(b, pair, constant(b, 2)));
  Value row = add(b, add(b, column, within), mul(b, pair, constant(b, 8)));
  return load(from, row, add(b, depth, mul(b, side, constant(b, 8))), false, at);
}

Values Cores::multiply(ValueRange a, ValueRange right, ValueRange sums) {
  Type f32 = b.getF32Type(), result = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  auto kind = element.isBF16() ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  auto operands = [&](ValueRange registers) {  // f16 comes in vectors of two
    Values all(registers);
    if (element.isF16())
      for (Value& x : all) x = LLVM::BitcastOp::create(b, VectorType::get({2}, element), x);
    return all;
  };
  Value product =
      NVVM::MmaOp::create(b, result, operands(a), operands(right), sums, ArrayRef<int64_t>{16, 8, step}, std::nullopt,
                          std::nullopt, std::array{kind, kind}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  Values all;
  for (int64_t n = 0; n < 4; ++n) all.push_back(LLVM::ExtractValueOp::create(b, product, n));
  return all;
}

Value Cores::packed(Value low, Value high) {
  Type pair = VectorType::get({2}, element);
  auto nearest = NVVM::FPRoundingMode::RN;
  Value both = element.isBF16() ? NVVM::ConvertF32x2ToBF16x2Op::create(b, pair, high, low, Value(), nearest).getResult()
                                : NVVM::ConvertF32x2ToF16x2Op::create(b, pair, high, low, Value(), nearest).getResult();
  return LLVM::BitcastOp::create(b, b.getI32Type(), both);
}

}  // namespace heed::codegen::gpu
