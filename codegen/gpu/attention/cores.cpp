// S and O by tensor cores: tiles of K and V in shared memory, Q in registers.
//
// There are two stages of shared memory: while a tile is multiplied, the next one that any row sees comes to the other.
// One barrier for each tile says both that it is there and that nobody reads the one before any more.
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t maxDepth = 128;  // whose fragments of Q stay in registers
constexpr int64_t stages = 2;

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
  stagedQueries = {0, warps * rowsOfWarp, padded};  // until they are in registers
  stagedKeys = {0, tile, padded};
  stagedValues = {stagedKeys.bytes(), tile, std::min<int64_t>(llvm::alignTo(*columns, Cores::step), maxDepth)};
  setsAt = stages * stageBytes();
  return true;
}

int64_t AttentionKernel::sharedBytes() {
  if (cores) return std::max(stagedQueries.bytes(), setsAt + warps * stagedValues.rows / 8);
  return int64_t(warps) * rowsOfWarp * keyTiles * columnsOfTile * sizeof(float);
}

/// Lines of a view, where `rowAt` says, `strides` apart; its columns along `dim`, from `column` on.
void AttentionKernel::stage(const Staged& to, const View& view, int64_t dim, Value column, ArrayRef<Value> strides,
                            llvm::function_ref<View(Value)> rowAt, Value at) {
  auto line = [&](Value row) { return rowAt(row).offset; };
  tensor->stage(to, {view, line, strides, column, extent[dim]}, at);
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
    queries.push_back(tensor->left(stagedQueries, row, constant(b, k), false));
}

int64_t AttentionKernel::stageBytes() { return stagedValues.begin + stagedValues.bytes(); }

/// Where the stage of the tile from `keys` on begins: they take turns.
Value AttentionKernel::stageOf(Value keys) {
  Value nth = quotient(b, keys, constant(b, keyTiles * columnsOfTile));
  return mul(b, arith::RemUIOp::create(b, nth, constant(b, stages)), constant(b, stageBytes()));
}

/// K and V of a tile are on their way, if it is to come.
void AttentionKernel::bringKeys(Value keys, Value comes) {
  Value to = stageOf(keys);
  auto bring = [&](const Staged& staged, const View& view, int64_t dim, Value column) {
    stage(
        staged, view, dim, column, view.stride[keyDim],
        [&](Value row) { return moved(view, keyDim, clampedKey(add(b, keys, row))); }, to);
  };
  when(b, comes, [&] {
    bring(stagedKeys, similar[key], depth, constant(b, 0));
    bring(stagedValues, valueView, value[0], chunk);
  });
  Cores::commit(b);
}

/// The first tile is on its way; what is seenOf() of it.
std::pair<Value, Value> AttentionKernel::beginStaging() {
  syncBlock(b);  // all have Q in registers, or are done with the columns before
  auto [comes, all] = seenOf(keyFrom);
  bringKeys(keyFrom, comes);
  return {comes, all};
}

/// The tile from `keys` on is there when this returns, if it was seen; the next one is on its way. What is seenOf()
/// that.
std::pair<Value, Value> AttentionKernel::stageNext(Value keys, Value seen) {
  Value next = add(b, keys, constant(b, keyTiles * columnsOfTile));
  auto [comes, all] = seenOf(next);
  auto turn = [&, comes = comes] {
    Cores::wait(b, 0);
    syncBlock(b);
    bringKeys(next, comes);
  };
  if (op.getKeep().empty())
    turn();
  else
    when(b, arith::OrIOp::create(b, seen, comes), turn);
  stageAtWork = stageOf(keys);
  return {comes, all};
}

/// As overTiles does it, a tile ahead.
void AttentionKernel::columnsByCores() {
  const int64_t size = keyTiles * columnsOfTile;
  const bool hides = !op.getKeep().empty();
  Values carried = start().pack();
  const size_t count = carried.size();
  auto first = beginStaging();
  if (hides) carried.append({first.first, first.second});
  auto loop = scf::ForOp::create(b, keyFrom, keyTo, constant(b, size), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    ValueRange all = loop.getRegionIterArgs(), so = all.take_front(count);
    Tile tile{loop.getInductionVar(), smaller(b, add(b, loop.getInductionVar(), constant(b, size)), keyTo), {}};
    Value seen;
    if (hides) seen = all[count], tile.all = all[count + 1];
    auto coming = stageNext(tile.from, seen);
    auto work = [&] {
      auto [s, keys] = visible(scores(tile.from), tile);
      return absorb(State::unpack(so, columnTiles), s, keys).pack();
    };
    Values next = hides ? choose(b, seen, so.getTypes(), work, [&] { return llvm::to_vector(so); }) : work();
    if (hides) next.append({coming.first, coming.second});
    scf::YieldOp::create(b, next);
  }
  finish(State::unpack(ValueRange(loop.getResults()).take_front(count), columnTiles));
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
void AttentionKernel::accumulateByCores(State& state, const Fragments& weights, const Keys& keys) {
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
