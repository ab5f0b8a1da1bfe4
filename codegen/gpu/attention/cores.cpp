// S and O by tensor cores: tiles in shared memory, fragments by ldmatrix, products by mma.sync.m16n8k16.
//
// Layouts of fragments: PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type" and "ldmatrix".
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t maxDepth = 128;  // whose fragments of Q stay in registers
constexpr int64_t step = 16;       // of the depth, or of the keys, in one product
constexpr int64_t piece = 8;       // numbers of 16 bits that are copied at once

Value number(Builder& b, int64_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(x))); }
Value word(Builder& b, Value index) { return arith::IndexCastOp::create(b, b.getI32Type(), index); }

Value pointer(Builder& b, unsigned space, Value address) {
  Value bits = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), space), bits);
}

}  // namespace

/// One similarity that is a dot product of narrow numbers over one dim, and values of that type, all of them contiguous
/// where fragments are.
bool AttentionKernel::takesCores() {
  if (similarities.size() != 1 || similarities[0].operands.size() != 2 || similarities[0].depth.size() != 1) return false;
  auto product = similarities[0].body->front().getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  if (!product) return false;
  if (!isa<BlockArgument>(product.getLhs()) || !isa<BlockArgument>(product.getRhs())) return false;
  if (product.getLhs() == product.getRhs()) return false;
  query = similarities[0].operands[0], key = similarities[0].operands[1];
  if (similar[query].has(keyDim)) std::swap(query, key);
  depth = similarities[0].depth[0];
  const View &q = similar[query], &k = similar[key];
  narrow = q.element;
  if (!narrow.isBF16() && !narrow.isF16()) return false;
  auto fits = [&](const View& view, int64_t dim) { return view.element == narrow && view.unit == dim; };
  if (!q.has(rowDim) || q.has(keyDim) || !k.has(keyDim) || k.has(rowDim) || !fits(q, depth) || !fits(k, depth)) return false;
  if (value.size() != 1 || !valueView.has(keyDim) || !fits(valueView, value[0])) return false;
  std::optional<int64_t> products = getConstantIntValue(extent[depth]), columns = getConstantIntValue(extent[value[0]]);
  if (!products || !columns || *products < 1 || *products > maxDepth || *columns < 1) return false;

  const int64_t padded = llvm::alignTo(*products, step), tile = 2 * warpSize;
  stagedQueries = {0, warps * rowsOfWarp, padded};
  stagedKeys = {stagedQueries.bytes(), tile, padded};
  stagedValues = {stagedKeys.begin + stagedKeys.bytes(), tile, std::min<int64_t>(llvm::alignTo(*columns, step), maxDepth)};
  return true;
}

int64_t AttentionKernel::sharedBytes() {
  if (cores) return stagedValues.begin + stagedValues.bytes();
  return int64_t(warps) * rowsOfWarp * keyTiles * columnsOfTile * sizeof(float);
}

/// Brings rows [first, first + to.rows) of a view along `rowDim`, columns along `dim` from `firstColumn` on, to shared
/// memory, by all threads of the block; past the end the last row again, and columns of 0. What is copied in pieces is
/// under way when this returns.
void AttentionKernel::stage(const Staged& to, const View& view, int64_t rowDim, Value first, int64_t dim,
                            Value firstColumn) {
  const int64_t threads = warps * warpSize, total = *getConstantIntValue(extent[dim]);
  Value lastRow = sub(b, extent[rowDim], constant(b, 1)), columns = constant(b, total), zero = constant(b, 0);
  auto overTile = [&](int64_t perRow, llvm::function_ref<void(Value, Value, Value)> body) {
    auto loop = scf::ForOp::create(b, threadNumber, constant(b, to.rows * perRow), constant(b, threads));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value at = loop.getInductionVar(), row = quotient(b, at, constant(b, perRow));
    Value within = sub(b, at, mul(b, row, constant(b, perRow)));
    Value line = moved(view, rowDim, smaller(b, add(b, first, row), lastRow)).offset;
    body(row, within, line);
  };
  auto place = [&](Value row, Value bytes) {
    return add(b, sharedStart, add(b, constant(b, to.begin), add(b, mul(b, row, constant(b, to.pitch())), bytes)));
  };
  auto inPieces = [&] {
    Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, view.base);
    overTile(to.columns / piece, [&](Value row, Value within, Value line) {
      Value column = add(b, firstColumn, mul(b, within, constant(b, piece)));
      Value inside = below(b, column, columns);
      Value from = add(b, line, arith::SelectOp::create(b, inside, column, zero));
      NVVM::CpAsyncOp::create(b, pointer(b, 3, place(row, mul(b, within, constant(b, 2 * piece)))),
                              pointer(b, 1, add(b, start, mul(b, from, constant(b, 2)))), int32_t(2 * piece),
                              NVVM::LoadCacheModifierKind::CG,
                              arith::SelectOp::create(b, inside, number(b, 2 * piece), number(b, 0)));
    });
  };
  auto oneByOne = [&] {
    overTile(to.columns, [&](Value row, Value within, Value line) {
      Value column = add(b, firstColumn, within), inside = below(b, column, columns);
      Value x = load(b, view, add(b, line, arith::SelectOp::create(b, inside, column, zero)));
      x = arith::SelectOp::create(b, inside, x, arith::ConstantOp::create(b, b.getFloatAttr(narrow, 0)));
      // bf16 is i16 to LLVM; see jit/to_llvm.cpp.
      x = arith::BitcastOp::create(b, b.getI16Type(), x);
      LLVM::StoreOp::create(b, x, pointer(b, 3, place(row, mul(b, within, constant(b, 2)))));
    });
  };
  if (total % piece) return oneByOne();
  // 16 bytes are copied at once where all rows begin at a multiple of that; it is so for all threads or for none.
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, view.base);
  Value bits = arith::OrIOp::create(b, add(b, start, mul(b, view.offset, constant(b, 2))),
                                    mul(b, view.stride[rowDim], constant(b, 2)));
  Value rest = arith::AndIOp::create(b, bits, constant(b, 2 * piece - 1));
  choose(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, zero), {}, [&] { return inPieces(), Values(); },
      [&] { return oneByOne(), Values(); });
}

/// Four matrices of 8 x 8 numbers: lane l gives the address of row l % 8 of matrix l / 8.
Values AttentionKernel::loadMatrices(const Staged& from, Value row, Value column, bool transposed) {
  Value bytes = add(b, mul(b, row, constant(b, from.pitch())), mul(b, column, constant(b, 2)));
  Type word = b.getI32Type(), four = LLVM::LLVMStructType::getLiteral(b.getContext(), {word, word, word, word});
  Value all = NVVM::LdMatrixOp::create(
      b, four, pointer(b, 3, add(b, add(b, sharedStart, constant(b, from.begin)), bytes)), 4,
      transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
  Values matrices;
  for (int64_t n = 0; n < 4; ++n) matrices.push_back(LLVM::ExtractValueOp::create(b, all, n));
  return matrices;
}

/// sums + a b, of 16 x 16 and 16 x 8 numbers.
Values AttentionKernel::multiply(ValueRange a, ValueRange operandB, ValueRange sums) {
  Type f32 = b.getF32Type(), result = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  auto kind = narrow.isBF16() ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  auto operands = [&](ValueRange registers) {  // f16 comes in vectors of two
    Values all(registers);
    if (narrow.isF16())
      for (Value& x : all) x = LLVM::BitcastOp::create(b, VectorType::get({2}, narrow), x);
    return all;
  };
  Value product = NVVM::MmaOp::create(b, result, operands(a), operands(operandB), sums, ArrayRef<int64_t>{16, 8, step},
                                      std::nullopt, std::nullopt, std::array{kind, kind},
                                      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  Values all;
  for (int64_t n = 0; n < 4; ++n) all.push_back(LLVM::ExtractValueOp::create(b, product, n));
  return all;
}

/// Two numbers, rounded, in one register.
Value AttentionKernel::packed(Value low, Value high) {
  Type pair = VectorType::get({2}, narrow);
  auto nearest = NVVM::FPRoundingMode::RN;
  Value both = narrow.isBF16()
                   ? NVVM::ConvertF32x2ToBF16x2Op::create(b, pair, high, low, Value(), nearest).getResult()
                   : NVVM::ConvertF32x2ToF16x2Op::create(b, pair, high, low, Value(), nearest).getResult();
  return LLVM::BitcastOp::create(b, b.getI32Type(), both);
}

/// Q of the block to shared memory, and from there each warp's to its registers.
void AttentionKernel::stageQueries(const Thread& thread) {
  Value descriptor = UnrealizedConversionCastOp::create(
                         b, LLVMTypeConverter(b.getContext()).convertType(thread.shared.getType()), thread.shared)
                         .getResult(0);
  Value start = LLVM::PtrToIntOp::create(b, b.getI64Type(), LLVM::ExtractValueOp::create(b, descriptor, 1));
  sharedStart = arith::IndexCastOp::create(b, b.getIndexType(), start);
  threadNumber = thread.number;
  stage(stagedQueries, similar[query], rowDim, blockRow, depth, constant(b, 0));
  NVVM::CpAsyncCommitGroupOp::create(b);
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
  syncBlock(b);
  Value lane = thread.lane(b), half = quotient(b, lane, constant(b, 16));
  Value row = add(b, mul(b, warp, constant(b, rowsOfWarp)), sub(b, lane, mul(b, half, constant(b, 16))));
  for (int64_t k = 0; k < stagedQueries.columns; k += step)
    queries.push_back(loadMatrices(stagedQueries, row, add(b, constant(b, k), mul(b, half, constant(b, 8))), false));
}

/// K and V of a tile; K is there when this returns, V when accumulateByCores has waited.
void AttentionKernel::stageKeys(Value keys) {
  syncBlock(b);  // all warps are done with the tile before
  stage(stagedKeys, similar[key], keyDim, keys, depth, constant(b, 0));
  NVVM::CpAsyncCommitGroupOp::create(b);
  stage(stagedValues, valueView, keyDim, keys, value[0], chunk);
  NVVM::CpAsyncCommitGroupOp::create(b);
  NVVM::CpAsyncWaitGroupOp::create(b, 1);
  syncBlock(b);
}

Fragments AttentionKernel::productsByCores() {
  Fragments sums(keyTiles, real(0));
  Value lane = add(b, mul(b, group, constant(b, 4)), quad);
  Value eighth = quotient(b, lane, constant(b, 8)), row = sub(b, lane, mul(b, eighth, constant(b, 8)));
  Value pair = quotient(b, eighth, constant(b, 2)), side = sub(b, eighth, mul(b, pair, constant(b, 2)));
  row = add(b, row, mul(b, pair, constant(b, 8)));
  for (int64_t k = 0; k < stagedKeys.columns; k += step)
    for (int n = 0; n < keyTiles; n += 2) {  // two tiles of keys by the two halves of the depth
      Values both = loadMatrices(stagedKeys, add(b, row, constant(b, n * columnsOfTile)),
                                 add(b, constant(b, k), mul(b, side, constant(b, 8))), false);
      for (int t = 0; t < 2; ++t) {
        Values so{sums.at(0, n + t, 0), sums.at(0, n + t, 1), sums.at(1, n + t, 0), sums.at(1, n + t, 1)};
        so = multiply(queries[k / step], ValueRange(both).slice(2 * t, 2), so);
        sums.at(0, n + t, 0) = so[0], sums.at(0, n + t, 1) = so[1];
        sums.at(1, n + t, 0) = so[2], sums.at(1, n + t, 1) = so[3];
      }
    }
  return sums;
}

/// O += P V. The sums of a product lie as the next product wants its left operand. Values of keys that no row of the warp
/// sees are made 0, whatever they hold.
void AttentionKernel::accumulateByCores(State& state, const Fragments& weights, const Keys& keys) {
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
  syncBlock(b);
  Fragments p = weights;
  Value lane = add(b, mul(b, group, constant(b, 4)), quad);
  Value half = quotient(b, lane, constant(b, 16)), row = sub(b, lane, mul(b, half, constant(b, 16)));
  auto spread = [&](Value bits, int from) {  // two bits from `from` on, as masks of two halves of a register
    Value low = arith::ShLIOp::create(b, bits, number(b, 31 - from)), high = bits;
    high = arith::ShLIOp::create(b, high, number(b, 30 - from));
    low = arith::ShRUIOp::create(b, arith::ShRSIOp::create(b, low, number(b, 31)), number(b, 16));
    high = arith::ShLIOp::create(b, arith::ShRSIOp::create(b, high, number(b, 31)), number(b, 16));
    return arith::OrIOp::create(b, low, high).getResult();
  };
  for (int64_t k = 0; k < stagedValues.rows; k += step) {
    int n = int(k / columnsOfTile);
    Values a{packed(p.at(0, n, 0), p.at(0, n, 1)), packed(p.at(1, n, 0), p.at(1, n, 1)),
             packed(p.at(0, n + 1, 0), p.at(0, n + 1, 1)), packed(p.at(1, n + 1, 0), p.at(1, n + 1, 1))};
    Value set = arith::ShRUIOp::create(b, keys.seen[k / warpSize], word(b, add(b, twice_, constant(b, k % warpSize))));
    Values seen{spread(set, 0), spread(set, 8)};
    for (int t = 0; t < columnTiles; t += 2) {
      Values both = loadMatrices(stagedValues, add(b, row, constant(b, k)),
                                 add(b, constant(b, t * columnsOfTile), mul(b, half, constant(b, 8))), true);
      for (int n = 0; n < 2; ++n) {
        Values line{arith::AndIOp::create(b, both[2 * n], seen[0]), arith::AndIOp::create(b, both[2 * n + 1], seen[1])};
        Values so{state.out.at(0, t + n, 0), state.out.at(0, t + n, 1), state.out.at(1, t + n, 0),
                  state.out.at(1, t + n, 1)};
        so = multiply(a, line, so);
        state.out.at(0, t + n, 0) = so[0], state.out.at(0, t + n, 1) = so[1];
        state.out.at(1, t + n, 0) = so[2], state.out.at(1, t + n, 1) = so[3];
      }
    }
  }
}

}  // namespace heed::codegen::gpu
