#include "heed/codegen/gpu/staging.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

Staging::Staging(Builder& b, const Thread& thread, int64_t threads, Type element, int64_t atOnce)
    : b(b), element(element), threads(threads), atOnce(atOnce), thread(thread.number) {
  Type descriptor = LLVMTypeConverter(b.getContext()).convertType(thread.shared.getType());
  Value shared = UnrealizedConversionCastOp::create(b, descriptor, thread.shared).getResult(0);
  Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), LLVM::ExtractValueOp::create(b, shared, 1));
  start = arith::IndexCastOp::create(b, b.getIndexType(), address);
}

Value Staging::pointer(unsigned space, Value address) {
  Value bits = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), space), bits);
}

/// body(where the row begins in shared memory and which of its `perRow` parts it is, where it begins in the source,
/// whether there is such a row) for what this thread brings.
void Staging::overTile(const Staged& to, const Source& from, int64_t perRow, int64_t atOnce, Value at, OverTile body) {
  Value begin = add(b, start, constant(b, to.begin));
  if (at) begin = add(b, begin, at);
  auto there = [&](Value row) { return from.rows ? below(b, row, from.rows) : Value(); };
  if (const int64_t together = threads / perRow;
      threads % perRow == 0 && to.rows % together == 0 && to.rows / together <= atOnce) {
    // A thread keeps its columns, and its rows are known distances apart: one address for all of them.
    Value first = quotient(b, thread, constant(b, perRow));
    Value within = sub(b, thread, mul(b, first, constant(b, perRow)));
    Value place = add(b, begin, mul(b, first, constant(b, to.pitch())));
    for (int64_t n = 0; n < to.rows; n += together) {
      Value row = add(b, first, constant(b, n));
      body(add(b, place, constant(b, n * to.pitch())), within, from.line(row), there(row));
    }
    return;
  }
  auto loop = scf::ForOp::create(b, thread, constant(b, to.rows * perRow), constant(b, threads));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value n = loop.getInductionVar(), row = quotient(b, n, constant(b, perRow));
  Value within = sub(b, n, mul(b, row, constant(b, perRow)));
  body(add(b, begin, mul(b, row, constant(b, to.pitch()))), within, from.line(row), there(row));
}

static Value both(Builder& b, Value inside, Value there) {
  return there ? arith::AndIOp::create(b, inside, there).getResult() : inside;
}

/// In pieces of so many bytes, each of them there or not.
void Staging::copyPieces(const Staged& to, const Source& from, int64_t bytes, Value at) {
  auto number = [&](int64_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(x))); };
  const int64_t piece = bytes / to.width;
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, from.view.base), zero = constant(b, 0);
  // Past the first-level cache, which only whole pieces can be.
  auto cache = bytes == pieceBytes ? NVVM::LoadCacheModifierKind::CG : NVVM::LoadCacheModifierKind::CA;
  overTile(to, from, to.columns / piece, bytes == pieceBytes ? manyAtOnce : atOnce, at,
           [&](Value row, Value within, Value line, Value there) {
             Value column = add(b, from.first, mul(b, within, constant(b, piece)));
             Value inside = both(b, below(b, column, from.end), there);
             Value source = add(b, line, arith::SelectOp::create(b, inside, column, zero));
             NVVM::CpAsyncOp::create(b, pointer(3, add(b, row, mul(b, within, constant(b, bytes)))),
                                     pointer(1, add(b, memory, mul(b, source, constant(b, to.width)))), int32_t(bytes),
                                     cache, arith::SelectOp::create(b, inside, number(bytes), number(0)));
           });
}

/// One by one, through registers.
void Staging::copyNumbers(const Staged& to, const Source& from, Value at) {
  overTile(to, from, to.columns, atOnce, at, [&](Value row, Value within, Value line, Value there) {
    Value column = add(b, from.first, within), inside = both(b, below(b, column, from.end), there);
    auto x = scf::IfOp::create(b, TypeRange{element}, inside, /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(x.thenBlock());
      scf::YieldOp::create(b, codegen::load(b, from.view, add(b, line, column)));
      b.setInsertionPointToStart(x.elseBlock());
      scf::YieldOp::create(b, arith::ConstantOp::create(b, b.getFloatAttr(element, 0)).getResult());
    }
    Value bits = arith::BitcastOp::create(b, b.getI16Type(), x.getResult(0));  // to LLVM bf16 is i16
    LLVM::StoreOp::create(b, bits, pointer(3, add(b, row, mul(b, within, constant(b, to.width)))));
  });
}

void Staging::stage(const Staged& to, const Source& from, Value at) {
  // 16 bytes are copied at once where all rows begin at a multiple of that, and end at one; so for all threads or none.
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, from.view.base), width = constant(b, to.width);
  Value bits = add(b, memory, mul(b, from.view.offset, width));
  auto join = [&](Value x) { bits = arith::OrIOp::create(b, bits, mul(b, x, width)); };
  for (Value stride : from.strides) join(stride);
  join(from.end);
  Value rest = arith::AndIOp::create(b, bits, constant(b, pieceBytes - 1));
  constexpr int64_t least = 4;  // bytes that cp.async copies
  choose(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, constant(b, 0)), {},
      [&] { return copyPieces(to, from, pieceBytes, at), Values(); },
      [&] { return to.width < least ? copyNumbers(to, from, at) : copyPieces(to, from, to.width, at), Values(); });
}

Value Staging::addressOf(const Staged& staged, Value row, Value column, Value at) {
  Value bytes = add(b, mul(b, row, constant(b, staged.pitch())), mul(b, column, constant(b, staged.width)));
  bytes = add(b, add(b, start, constant(b, staged.begin)), bytes);
  return at ? add(b, bytes, at) : bytes;
}

Value Staging::further(Value from, int64_t bytes) {
  return LLVM::GEPOp::create(b, from.getType(), b.getI8Type(), from, LLVM::GEPArg(int32_t(bytes)));
}

Values Staging::numbers(Value from, int64_t bytes, int64_t count) {
  Type type = VectorType::get({count}, b.getF32Type());
  Value all = LLVM::LoadOp::create(b, type, further(from, bytes), unsigned(4 * count));
  Values numbers;
  for (int64_t n = 0; n < count; ++n) {
    Value at = arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(n)));
    numbers.push_back(LLVM::ExtractElementOp::create(b, all, at));
  }
  return numbers;
}

void Staging::commit(Builder& b) { NVVM::CpAsyncCommitGroupOp::create(b); }
void Staging::wait(Builder& b, int left) { NVVM::CpAsyncWaitGroupOp::create(b, left); }

}  // namespace heed::codegen::gpu
