#include "heed/codegen/gpu/cores.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {
constexpr int64_t piece = 8;       // numbers of 16 bits that are copied at once
constexpr int64_t mostSteps = 16;  // of a loop that is written out
}  // namespace

Cores::Cores(Builder& b, const Thread& thread, int64_t threads, Type narrow)
    : b(b), narrow(narrow), threads(threads), thread(thread.number), lane(thread.lane(b)) {
  Type descriptor = LLVMTypeConverter(b.getContext()).convertType(thread.shared.getType());
  Value shared = UnrealizedConversionCastOp::create(b, descriptor, thread.shared).getResult(0);
  Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), LLVM::ExtractValueOp::create(b, shared, 1));
  start = arith::IndexCastOp::create(b, b.getIndexType(), address);
}

Value Cores::number(int64_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(x))); }

Value Cores::pointer(unsigned space, Value address) {
  Value bits = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), space), bits);
}

void Cores::stage(const Staged& to, const Source& from, Value at) {
  Value zero = constant(b, 0), begin = add(b, start, constant(b, to.begin));
  if (at) begin = add(b, begin, at);
  auto overTile = [&](int64_t perRow, llvm::function_ref<void(Value, Value, Value, Value)> body) {
    if (const int64_t together = threads / perRow;
        threads % perRow == 0 && to.rows % together == 0 && to.rows / together <= mostSteps) {
      // A thread keeps its columns, and its rows are known distances apart: one address for all of them.
      Value first = quotient(b, thread, constant(b, perRow));
      Value within = sub(b, thread, mul(b, first, constant(b, perRow)));
      Value place = add(b, begin, mul(b, first, constant(b, to.pitch())));
      for (int64_t n = 0; n < to.rows; n += together) {
        Value row = add(b, first, constant(b, n));
        body(add(b, place, constant(b, n * to.pitch())), within, from.line(row),
             from.rows ? below(b, row, from.rows) : Value());
      }
      return;
    }
    auto loop = scf::ForOp::create(b, thread, constant(b, to.rows * perRow), constant(b, threads));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value n = loop.getInductionVar(), row = quotient(b, n, constant(b, perRow));
    Value within = sub(b, n, mul(b, row, constant(b, perRow)));
    Value there = from.rows ? below(b, row, from.rows) : Value();
    body(add(b, begin, mul(b, row, constant(b, to.pitch()))), within, from.line(row), there);
  };
  auto both = [&](Value inside, Value there) -> Value {
    return there ? arith::AndIOp::create(b, inside, there).getResult() : inside;
  };
  auto inPieces = [&] {
    Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, from.view.base);
    overTile(to.columns / piece, [&](Value row, Value within, Value line, Value there) {
      Value column = add(b, from.first, mul(b, within, constant(b, piece)));
      Value inside = both(below(b, column, from.end), there);
      Value source = add(b, line, arith::SelectOp::create(b, inside, column, zero));
      NVVM::CpAsyncOp::create(b, pointer(3, add(b, row, mul(b, within, constant(b, 2 * piece)))),
                              pointer(1, add(b, memory, mul(b, source, constant(b, 2)))), int32_t(2 * piece),
                              NVVM::LoadCacheModifierKind::CG,
                              arith::SelectOp::create(b, inside, number(2 * piece), number(0)));
    });
  };
  auto oneByOne = [&] {
    overTile(to.columns, [&](Value row, Value within, Value line, Value there) {
      Value column = add(b, from.first, within), inside = both(below(b, column, from.end), there);
      auto x = scf::IfOp::create(b, TypeRange{narrow}, inside, /*withElseRegion=*/true);
      {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(x.thenBlock());
        scf::YieldOp::create(b, codegen::load(b, from.view, add(b, line, column)));
        b.setInsertionPointToStart(x.elseBlock());
        scf::YieldOp::create(b, arith::ConstantOp::create(b, b.getFloatAttr(narrow, 0)).getResult());
      }
      Value bits = arith::BitcastOp::create(b, b.getI16Type(), x.getResult(0));  // to LLVM bf16 is i16
      LLVM::StoreOp::create(b, bits, pointer(3, add(b, row, mul(b, within, constant(b, 2)))));
    });
  };
  // 16 bytes are copied at once where all rows begin at a multiple of that, and end at one; so for all threads or none.
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, from.view.base);
  Value bits = add(b, memory, mul(b, from.view.offset, constant(b, 2)));
  auto join = [&](Value x) { bits = arith::OrIOp::create(b, bits, mul(b, x, constant(b, 2))); };
  for (Value stride : from.strides) join(stride);
  join(from.end);
  Value rest = arith::AndIOp::create(b, bits, constant(b, 2 * piece - 1));
  choose(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, zero), {}, [&] { return inPieces(), Values(); },
      [&] { return oneByOne(), Values(); });
}

Values Cores::load(const Staged& from, Value row, Value column, bool transposed, Value at) {
  Value bytes = add(b, mul(b, row, constant(b, from.pitch())), mul(b, column, constant(b, 2)));
  bytes = add(b, add(b, start, constant(b, from.begin)), bytes);
  if (at) bytes = add(b, bytes, at);
  Type word = b.getI32Type(), four = LLVM::LLVMStructType::getLiteral(b.getContext(), {word, word, word, word});
  Value all =
      NVVM::LdMatrixOp::create(b, four, pointer(3, bytes), 4, transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
                               NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
  Values matrices;
  for (int64_t n = 0; n < 4; ++n) matrices.push_back(LLVM::ExtractValueOp::create(b, all, n));
  return matrices;
}

Values Cores::left(const Staged& from, Value row, Value column, Value at) {
  Value half = quotient(b, lane, constant(b, 16)), within = sub(b, lane, mul(b, half, constant(b, 16)));
  return load(from, add(b, row, within), add(b, column, mul(b, half, constant(b, 8))), false, at);
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
  auto kind = narrow.isBF16() ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  auto operands = [&](ValueRange registers) {  // f16 comes in vectors of two
    Values all(registers);
    if (narrow.isF16())
      for (Value& x : all) x = LLVM::BitcastOp::create(b, VectorType::get({2}, narrow), x);
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
  Type pair = VectorType::get({2}, narrow);
  auto nearest = NVVM::FPRoundingMode::RN;
  Value both = narrow.isBF16() ? NVVM::ConvertF32x2ToBF16x2Op::create(b, pair, high, low, Value(), nearest).getResult()
                               : NVVM::ConvertF32x2ToF16x2Op::create(b, pair, high, low, Value(), nearest).getResult();
  return LLVM::BitcastOp::create(b, b.getI32Type(), both);
}

void Cores::commit(Builder& b) { NVVM::CpAsyncCommitGroupOp::create(b); }
void Cores::wait(Builder& b, int left) { NVVM::CpAsyncWaitGroupOp::create(b, left); }

}  // namespace heed::codegen::gpu
