// S and O by tensor cores: tiles of K and V in shared memory, Q in registers.
#include "heed/codegen/gpu/attention/kernel.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t maxDepth = 128;  // whose fragments of Q stay in registers

Value number(Builder& b, int64_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(x))); }
Value word(Builder& b, Value index) { return arith::IndexCastOp::create(b, b.getI32Type(), index); }

}  // namespace

/// One similarity that is a dot product of narrow numbers over one dim, and values of that type, all of them contiguous
/// where fragments are.
bool AttentionKernel::takesCores() {
  if (similarities.size() != 1 || similarities[0].operands.size() != 2 || similarities[0].depth.size() != 1)
    return false;
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
  if (!q.has(rowDim) || q.has(keyDim) || !k.has(keyDim) || hasRow(k) || !fits(q, depth) || !fits(k, depth))
    return false;
  if (value.size() != 1 || !valueView.has(keyDim) || !fits(valueView, value[0])) return false;
  std::optional<int64_t> products = getConstantIntValue(extent[depth]), columns = getConstantIntValue(extent[value[0]]);
  if (!products || !columns || *products < 1 || *products > maxDepth || *columns < 1) return false;

  const int64_t padded = llvm::alignTo(*products, Cores::step), tile = 2 * warpSize;
  stagedQueries = {0, warps * rowsOfWarp, padded};
  stagedKeys = {stagedQueries.bytes(), tile, padded};
  stagedValues = {stagedKeys.begin + stagedKeys.bytes(), tile,
                  std::min<int64_t>(llvm::alignTo(*columns, Cores::step), maxDepth)};
  return true;
}

int64_t AttentionKernel::sharedBytes() {
  if (cores) return stagedValues.begin + stagedValues.bytes();
  return int64_t(warps) * rowsOfWarp * keyTiles * columnsOfTile * sizeof(float);
}

/// Lines of a view, where `rowAt` says, `strides` apart; its columns along `dim`, from `column` on.
void AttentionKernel::stage(const Staged& to, const View& view, int64_t dim, Value column, ArrayRef<Value> strides,
                            llvm::function_ref<View(Value)> rowAt) {
  auto line = [&](Value row) { return rowAt(row).offset; };
  tensor->stage(to, {view, line, strides, column, extent[dim]});
}

/// Q of the block to shared memory, and from there each warp's to its registers.
void AttentionKernel::stageQueries(const Thread& thread) {
  tensor.emplace(b, thread, warps * warpSize, narrow);
  const View& q = similar[query];
  Value last = sub(b, rowEnd, constant(b, 1));
  Values strides;
  for (int64_t dim : rowDims)
    if (q.has(dim)) strides.push_back(q.stride[dim]);
  stage(stagedQueries, q, depth, constant(b, 0), strides,
        [&](Value row) { return atRow(q, smaller(b, add(b, blockRow, row), last)); });
  Cores::commit(b);
  Cores::wait(b, 0);
  syncBlock(b);
  Value row = mul(b, warp, constant(b, rowsOfWarp));
  for (int64_t k = 0; k < stagedQueries.columns; k += Cores::step)
    queries.push_back(tensor->left(stagedQueries, row, constant(b, k)));
}

/// K and V of a tile; K is there when this returns, V when accumulateByCores has waited.
void AttentionKernel::stageKeys(Value keys) {
  syncBlock(b);  // all warps are done with the tile before
  auto stageLines = [&](const Staged& to, const View& view, int64_t dim, Value column) {
    stage(to, view, dim, column, view.stride[keyDim],
          [&](Value row) { return moved(view, keyDim, clampedKey(add(b, keys, row))); });
  };
  stageLines(stagedKeys, similar[key], depth, constant(b, 0));
  Cores::commit(b);
  stageLines(stagedValues, valueView, value[0], chunk);
  Cores::commit(b);
  Cores::wait(b, 1);
  syncBlock(b);
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
      Values both = tensor->right(stagedKeys, constant(b, n * columnsOfTile), constant(b, k), false);
      for (int t = 0; t < 2; ++t) multiplyInto(sums, n + t, queries[k / Cores::step], ValueRange(both).slice(2 * t, 2));
    }
  return sums;
}

/// O += P V. The sums of a product lie as the next product wants its left operand. Values of keys that no row of the
/// warp sees are made 0, whatever they hold.
void AttentionKernel::accumulateByCores(State& state, const Fragments& weights, const Keys& keys) {
  Cores::wait(b, 0);
  syncBlock(b);
  Fragments p = weights;
  auto spread = [&](Value bits, int from) {  // two bits from `from` on, as masks of two halves of a register
    Value low = arith::ShLIOp::create(b, bits, number(b, 31 - from));
    Value high = arith::ShLIOp::create(b, bits, number(b, 30 - from));
    low = arith::ShRUIOp::create(b, arith::ShRSIOp::create(b, low, number(b, 31)), number(b, 16));
    high = arith::ShLIOp::create(b, arith::ShRSIOp::create(b, high, number(b, 31)), number(b, 16));
    return arith::OrIOp::create(b, low, high).getResult();
  };
  for (int64_t k = 0; k < stagedValues.rows; k += Cores::step) {
    int n = int(k / columnsOfTile);
    Values a;
    for (int t = 0; t < 2; ++t)
      for (int h = 0; h < halves; ++h) a.push_back(tensor->packed(p.at(h, n + t, 0), p.at(h, n + t, 1)));
    Value set = arith::ShRUIOp::create(b, keys.seen[k / warpSize], word(b, add(b, twice_, constant(b, k % warpSize))));
    Values seen{spread(set, 0), spread(set, 8)};
    for (int t = 0; t < columnTiles; t += 2) {
      Values both = tensor->right(stagedValues, constant(b, t * columnsOfTile), constant(b, k), true);
      for (auto [i, x] : llvm::enumerate(both)) x = arith::AndIOp::create(b, x, seen[i % 2]);
      for (int i = 0; i < 2; ++i) multiplyInto(state.out, t + i, a, ValueRange(both).slice(2 * i, 2));
    }
  }
}

}  // namespace heed::codegen::gpu
