// S and O by tensor cores: Q in registers.
#include "heed/codegen/gpu/attention/kernel.h"

namespace heed::codegen::gpu {

using namespace mlir;

/// Each warp's, from shared memory.
void AttentionKernel::readQueries() {
  Value row = mul(b, warp, constant(b, rowsOfWarp));
  for (int64_t k = 0; k < stagedQueries.columns; k += Cores::step)
    queries.push_back(tensor->left(stagedQueries, row, constant(b, k), false));
}

/// sums[tile n] += a b
void AttentionKernel::multiplyInto(Fragments& sums, int n, ValueRange a, ValueRange right) {
  Values so{sums.at(0, n, 0), sums.at(0, n, 1), sums.at(1, n, 0), sums.at(1, n, 1)};
  so = tensor->multiply(a, right, so);
  sums.at(0, n, 0) = so[0], sums.at(0, n, 1) = so[1], sums.at(1, n, 0) = so[2], sums.at(1, n, 1) = so[3];
}

Fragments AttentionKernel::productsByCores() {
  Fragments sums(keyTiles, real(0));
  for (int64_t k = 0; k < stagedKeys.columns; k += Cores::step)
    for (int n = 0; n < keyTiles; n += 2) {
      Values both = tensor->right(stagedKeys, constant(b, n * columnsOfTile), constant(b, k), false, stageAtWork);
      for (int t = 0; t < 2; ++t) multiplyInto(sums, n + t, queries[k / Cores::step], ValueRange(both).slice(2 * t, 2));
    }
  return sums;
}

/// O += P V. The sums of a product lie as the next product wants its left operand.
void AttentionKernel::accumulateByCores(State& state, const Fragments& weights) {
  Fragments p = weights;
  for (int64_t k = 0; k < stagedValues.rows; k += Cores::step) {
    int n = int(k / columnsOfTile);
    Values a;
    for (int t = 0; t < 2; ++t)
      for (int h = 0; h < halves; ++h) a.push_back(tensor->packed(p.at(h, n + t, 0), p.at(h, n + t, 1)));
    for (int t = 0; t < columnTiles; t += 2) {
      Values both = tensor->right(stagedValues, constant(b, t * columnsOfTile), constant(b, k), true, stageAtWork);
      for (int i = 0; i < 2; ++i) multiplyInto(state.out, t + i, a, ValueRange(both).slice(2 * i, 2));
    }
  }
}

}  // namespace heed::codegen::gpu
