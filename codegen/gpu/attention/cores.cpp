// S and O by tensor cores: Q in registers, or read again for each tile.
#include "heed/codegen/gpu/attention/kernel.h"

namespace heed::codegen::gpu {

using namespace mlir;

/// Of the warp's rows, from shared memory: a step of the depth.
Values AttentionKernel::queryAt(int64_t depth) {
  return tensor->left(stagedQueries, mul(b, warp, constant(b, rowsOfWarp)), constant(b, depth), false);
}

void AttentionKernel::readQueries() {
  for (int64_t k = 0; k < stagedQueries.columns; k += Cores::stepOf(narrow)) queries.push_back(queryAt(k));
}

/// sums[tile n] += a b
void AttentionKernel::multiplyInto(Fragments& sums, int n, ValueRange a, ValueRange right) {
  Values so{sums.at(0, n, 0), sums.at(0, n, 1), sums.at(1, n, 0), sums.at(1, n, 1)};
  so = tensor->multiply(a, right, so);
  sums.at(0, n, 0) = so[0], sums.at(0, n, 1) = so[1], sums.at(1, n, 0) = so[2], sums.at(1, n, 1) = so[3];
}

Fragments AttentionKernel::productsByCores() {
  Fragments sums(keyTiles, real(0));
  const int64_t step = Cores::stepOf(narrow);
  for (int64_t k = 0; k < stagedKeys.columns; k += step) {
    Values query = rereads ? queryAt(k) : queries[k / step];
    for (int n = 0; n < keyTiles; n += 2) {
      Values both = tensor->right(stagedKeys, constant(b, n * columnsOfTile), constant(b, k), false, stageAtWork);
      for (int t = 0; t < 2; ++t) multiplyInto(sums, n + t, query, ValueRange(both).slice(2 * t, 2));
    }
  }
  return sums;
}

/// O += P V.
void AttentionKernel::accumulateByCores(State& state, const Fragments& weights) {
  Fragments p = weights;
  const int64_t step = Cores::stepOf(narrow);
  for (int64_t k = 0; k < stagedValues.rows; k += step) {
    Values sums;
    for (int64_t n = k / columnsOfTile; n < (k + step) / columnsOfTile; ++n)
      for (int h = 0; h < halves; ++h)
        for (int c = 0; c < 2; ++c) sums.push_back(p.at(h, int(n), c));
    Values a = tensor->leftOfSums(sums);
    for (int t = 0; t < columnTiles; t += 2) {
      Values both = tensor->rightOfSums(stagedValues, constant(b, t * columnsOfTile), constant(b, k), stageAtWork);
      for (int i = 0; i < 2; ++i) multiplyInto(state.out, t + i, a, ValueRange(both).slice(2 * i, 2));
    }
  }
}

}  // namespace heed::codegen::gpu
