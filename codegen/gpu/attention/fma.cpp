// S and O of f32 by fma: Q in shared memory, too, as P is.
//
// Per 4 of the depth a thread reads 2 rows of Q and 8 keys, 16 bytes each, for 64 fma; per 4 keys 2 rows of P, and a
// pair of V for each 4 fma. Shared memory gives 128 bytes a clock: a warp's ten reads take 36 of them at most, and its
// 64 fma 32 on processors that do 64 a clock (sm_80), or 16 where they do 128. Numbers from beyond, one by one, took
// four times as many instructions, and each was waited for.
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

static constexpr int64_t piece = pieceBytes / 4;  // numbers

/// Sums along 0 .. end, four at a time; `body` adds those from `from` on.
static Values byPieces(Builder& b, int64_t end, const Values& sums,
                       llvm::function_ref<Values(Value from, ValueRange sums)> body) {
  auto loop = scf::ForOp::create(b, constant(b, 0), constant(b, end), constant(b, piece), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(b, body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return llvm::to_vector(ValueRange(loop.getResults()));
}

static Value fma(Builder& b, Value x, Value y, Value sum) { return math::FmaOp::create(b, x, y, sum); }

Fragments AttentionKernel::productsByFma() {
  Value row = add(b, mul(b, warp, constant(b, rowsOfWarp)), group), none = constant(b, 0);
  Value q = tensor->addressOf(stagedQueries, row, none), k = tensor->addressOf(stagedKeys, twice_, none, stageAtWork);
  auto piecesOf = [&](Value depth, ValueRange so) {
    Fragments sums(keyTiles, so);
    Value bytes = mul(b, depth, constant(b, stagedKeys.width));
    Value rows = tensor->shared(add(b, q, bytes)), keys = tensor->shared(add(b, k, bytes));
    Values x[halves];
    for (int h = 0; h < halves; ++h) x[h] = tensor->numbers(rows, 8 * h * stagedQueries.pitch(), piece);
    for (int n = 0; n < keyTiles; ++n)
      for (int c = 0; c < 2; ++c) {
        Values y = tensor->numbers(keys, (columnsOfTile * n + c) * stagedKeys.pitch(), piece);
        for (int64_t i = 0; i < piece; ++i)
          for (int h = 0; h < halves; ++h) sums.at(h, n, c) = fma(b, x[h][i], y[i], sums.at(h, n, c));
      }
    return sums.values();
  };
  return Fragments(keyTiles, byPieces(b, stagedQueries.columns, Fragments(keyTiles, real(0)).values(), piecesOf));
}

/// O += P V. P goes through shared memory, for a thread has only two of every eight columns of it; values of keys that
/// nobody sees are 0 there.
void AttentionKernel::accumulateByFma(State& state, const Fragments& weights) {
  Fragments p = weights;
  Value row = add(b, mul(b, warp, constant(b, rowsOfWarp)), group), none = constant(b, 0);
  Value mine = tensor->shared(tensor->addressOf(stagedWeights, row, twice_));
  syncWarp(b);  // the others have read the weights of the tile before
  p.each([&](int h, int n, int c) {
    int64_t bytes = 8 * h * stagedWeights.pitch() + stagedWeights.width * (columnsOfTile * n + c);
    LLVM::StoreOp::create(b, p.at(h, n, c), tensor->further(mine, bytes));
  });
  syncWarp(b);
  Value all = tensor->addressOf(stagedWeights, row, none);
  Value v = tensor->addressOf(stagedValues, none, twice_, stageAtWork);
  auto piecesOf = [&](Value key, ValueRange so) {
    Fragments out(columnTiles, so);
    Value rows = tensor->shared(add(b, all, mul(b, key, constant(b, stagedWeights.width))));
    Value lines = tensor->shared(add(b, v, mul(b, key, constant(b, stagedValues.pitch()))));
    Values x[halves];
    for (int h = 0; h < halves; ++h) x[h] = tensor->numbers(rows, 8 * h * stagedWeights.pitch(), piece);
    for (int64_t i = 0; i < piece; ++i)
      for (int n = 0; n < columnTiles; ++n) {
        Values y = tensor->numbers(lines, i * stagedValues.pitch() + stagedValues.width * columnsOfTile * n, 2);
        for (int c = 0; c < 2; ++c)
          for (int h = 0; h < halves; ++h) out.at(h, n, c) = fma(b, x[h][i], y[c], out.at(h, n, c));
      }
    return out.values();
  };
  state.out = Fragments(columnTiles, byPieces(b, stagedValues.rows, state.out.values(), piecesOf));
}

}  // namespace heed::codegen::gpu
