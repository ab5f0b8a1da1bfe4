// Each intrinsic with a full mask.
#include "heed/codegen/cpu/x86.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heed::codegen {

bool has512(const Target& target, Value x) {
  auto vector = dyn_cast<VectorType>(x.getType());
  return target.avx512 && vector && vector.getNumElements() == 16 && vector.getElementType().isF32();
}

static Value call(OpBuilder& b, Location loc, StringRef name, Value x, Value y) {
  Value all = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  Value rounding = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(4));  // the current mode
  return LLVM::CallIntrinsicOp::create(b, loc, x.getType(), b.getStringAttr(name), ValueRange{x, y, x, all, rounding})
      .getResult(0);
}

Value fraction512(OpBuilder& b, Location loc, Value x) {
  Value down = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(1));  // round to whole numbers, downwards
  return call(b, loc, "llvm.x86.avx512.mask.reduce.ps.512", x, down);
}

Value scale512(OpBuilder& b, Location loc, Value mantissa, Value exponent) {
  return call(b, loc, "llvm.x86.avx512.mask.scalef.ps.512", mantissa, exponent);
}

Value dotPairs512(OpBuilder& b, Location loc, Value sum, Value x, Value y) {
  auto pairs = [&](Value v) {
    return LLVM::BitcastOp::create(b, loc, VectorType::get({32}, b.getBF16Type()), v).getResult();
  };
  return LLVM::CallIntrinsicOp::create(b, loc, sum.getType(), b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                                       ValueRange{sum, pairs(x), pairs(y)})
      .getResult(0);
}

/// An intrinsic of matrix registers: the back end is told their shape each time, and configures them itself.
static Value callMatrix(OpBuilder& b, Location loc, StringRef name, int extents, ValueRange arguments, bool stores) {
  Value rows = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(16));
  Value bytes = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(64));
  SmallVector<Value> all{rows, bytes};
  if (extents == 3) all.push_back(bytes);
  all.append(arguments.begin(), arguments.end());
  if (stores) return LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr(name), all), Value();
  return LLVM::CallIntrinsicOp::create(b, loc, LLVM::LLVMX86AMXType::get(b.getContext()), b.getStringAttr(name), all)
      .getResult(0);
}

/// So many elements of `memory` in bytes.
static Value bytesOf(OpBuilder& b, Location loc, Value memory, Value elements) {
  unsigned width = cast<MemRefType>(memory.getType()).getElementTypeBitWidth() / 8;
  Value size = arith::ConstantIndexOp::create(b, loc, width);
  return b.createOrFold<arith::MulIOp>(loc, elements, size);
}

static Value asI64(OpBuilder& b, Location loc, Value x) {
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), x);
}

static Value pointerTo(OpBuilder& b, Location loc, Value memory, Value position) {
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memory);
  start = arith::AddIOp::create(b, loc, start, bytesOf(b, loc, memory, position));
  return LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), asI64(b, loc, start));
}

/// Where a matrix lies: its first byte, and how many bytes on the next row.
static SmallVector<Value> matrixAt(OpBuilder& b, Location loc, Value memory, Value position, Value pitch) {
  return {pointerTo(b, loc, memory, position), asI64(b, loc, bytesOf(b, loc, memory, pitch))};
}

Value loadMatrix(OpBuilder& b, Location loc, Value memory, Value position, Value pitch) {
  return callMatrix(b, loc, "llvm.x86.tileloadd64.internal", 2, matrixAt(b, loc, memory, position, pitch), false);
}

void storeMatrix(OpBuilder& b, Location loc, Value matrix, Value memory, Value position, Value pitch) {
  SmallVector<Value> arguments = matrixAt(b, loc, memory, position, pitch);
  arguments.push_back(matrix);
  callMatrix(b, loc, "llvm.x86.tilestored64.internal", 2, arguments, true);
}

Value zeroMatrix(OpBuilder& b, Location loc) { return callMatrix(b, loc, "llvm.x86.tilezero.internal", 2, {}, false); }

Value dotMatrices(OpBuilder& b, Location loc, Value sum, Value x, Value y) {
  return callMatrix(b, loc, "llvm.x86.tdpbf16ps.internal", 3, {sum, x, y}, false);
}

/// Empty assembly, which may do anything that `constraints` allow.
static LLVM::InlineAsmOp assembly(OpBuilder& b, Location loc, TypeRange results, ValueRange operands,
                                  StringRef constraints, bool hasEffects) {
  return LLVM::InlineAsmOp::create(b, loc, results, operands, "", constraints, hasEffects, /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
}

void storePast(OpBuilder& b, Location loc, Value lanes, Value memory, Value position) {
  auto type = cast<VectorType>(lanes.getType());
  const unsigned bytes = unsigned(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  auto words = VectorType::get({bytes / 4}, b.getI32Type());
  lanes = vector::BitCastOp::create(b, loc, words, lanes);
  // The back end has no such instruction for bf16, and must not see that these are.
  lanes = assembly(b, loc, words, lanes, "=v,0", /*hasEffects=*/false).getRes();
  LLVM::StoreOp::create(b, loc, lanes, pointerTo(b, loc, memory, position), bytes, /*isVolatile=*/false,
                        /*isNonTemporal=*/true);
}

void orderStores(OpBuilder& b, Location loc) {
  LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
}

Value addQuotient(const Target& target, OpBuilder& b, Location loc, Value sum, Value x, Value y) {
  if (!has512(target, y) || target.divides)
    return arith::AddFOp::create(b, loc, sum, arith::DivFOp::create(b, loc, x, y));
  Value all = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  Value guess = LLVM::CallIntrinsicOp::create(b, loc, y.getType(), b.getStringAttr("llvm.x86.avx512.rcp14.ps.512"),
                                              ValueRange{y, y, all})
                    .getResult(0);
  // Newton: the error of 2^-14 is squared.
  Value one = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(cast<VectorType>(y.getType()), 1.0f));
  Value error = vector::FMAOp::create(b, loc, arith::NegFOp::create(b, loc, y), guess, one);
  return vector::FMAOp::create(b, loc, x, vector::FMAOp::create(b, loc, guess, error, guess), sum);
}

Value lookUp512(OpBuilder& b, Location loc, ArrayRef<float> table, Value index) {
  auto type = VectorType::get({16}, b.getF32Type());
  auto half = [&](ArrayRef<float> numbers) {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, numbers)).getResult();
  };
  if (table.size() == 16)
    return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr("llvm.x86.avx512.permvar.sf.512"),
                                         ValueRange{half(table), index})
        .getResult(0);
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr("llvm.x86.avx512.vpermi2var.ps.512"),
                                       ValueRange{half(table.take_front(16)), index, half(table.drop_front(16))})
      .getResult(0);
}

void freeRegisters(OpBuilder& b, Location loc, const Target& target) {
  std::string all;
  for (int n = 0; n < target.registers; ++n) all += (n ? ",~{xmm" : "~{xmm") + std::to_string(n) + "}";
  assembly(b, loc, TypeRange(), ValueRange(), all, /*hasEffects=*/true);
}

Value toBf16(OpBuilder& b, Location loc, Value x) {
  Value rounded = LLVM::CallIntrinsicOp::create(b, loc, VectorType::get({16}, b.getBF16Type()),
                                                b.getStringAttr("llvm.x86.avx512bf16.cvtneps2bf16.512"), x)
                      .getResult(0);
  // On its way out of here bf16 is shown to the back end as i16.
  Value words = LLVM::BitcastOp::create(b, loc, VectorType::get({16}, b.getI16Type()), rounded);
  return arith::BitcastOp::create(b, loc, VectorType::get({16}, b.getBF16Type()), words);
}

Value toPairs(OpBuilder& b, Location loc, Value first, Value second) {
  Value both =
      LLVM::CallIntrinsicOp::create(b, loc, VectorType::get({32}, b.getBF16Type()),
                                    b.getStringAttr("llvm.x86.avx512bf16.cvtne2ps2bf16.512"), ValueRange{second, first})
          .getResult(0);
  Value halves = LLVM::BitcastOp::create(b, loc, VectorType::get({32}, b.getI16Type()), both);
  SmallVector<int64_t> alternately;
  for (int n = 0; n < 16; ++n) alternately.append({n, n + 16});
  halves = vector::ShuffleOp::create(b, loc, halves, halves, alternately);
  return vector::BitCastOp::create(b, loc, VectorType::get({16}, b.getF32Type()), halves);
}

}  // namespace heed::codegen
