// Tiles of K and V in shared memory, which all warps of a block multiply.
//
// There are two stages of shared memory: while a tile is multiplied, the next one that any row sees comes to the other.
// One barrier for each tile says both that it is there and that nobody reads the one before any more.
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t maxShared = 99 * 1024;  // of a block, on every device
constexpr int64_t stages = 2;
constexpr int64_t heldRegisters = 176;  // of a thread, for fragments of Q, O and scores

}  // namespace

/// Why there are no tiles. Empty: there are, for one similarity that is a dot product over one dim, and values of the
/// same type, all of them contiguous where fragments are.
std::string AttentionKernel::refuseTiles() {
  const std::string noProduct = "scores are no dot product over one dim";
  if (similarities.size() != 1 || similarities[0].operands.size() != 2 || similarities[0].depth.size() != 1)
    return noProduct;
  auto product = similarities[0].body->front().getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  if (!product || !isa<BlockArgument>(product.getLhs()) || !isa<BlockArgument>(product.getRhs()) ||
      product.getLhs() == product.getRhs())
    return noProduct;
  query = similarities[0].operands[0], key = similarities[0].operands[1];
  if (similar[query].has(keyDim)) std::swap(query, key);
  depth = similarities[0].depth[0];
  const View &q = similar[query], &k = similar[key];
  narrow = q.element;
  if (!narrow.isBF16() && !narrow.isF16() && !narrow.isF32()) return "queries are of another type than f32, bf16, f16";
  auto fits = [&](const View& view, int64_t dim) { return view.element == narrow && view.unit == dim; };
  if (!q.has(rowDim) || q.has(keyDim) || !k.has(keyDim) || hasRow(k)) return noProduct;
  if (value.size() != 1 || !valueView.has(keyDim)) return "values have not one dim beside that of keys";
  if (!fits(q, depth) || !fits(k, depth) || !fits(valueView, value[0]))
    return "queries, keys and values are not of one type, each contiguous along the last dim of a head";
  std::optional<int64_t> products = getConstantIntValue(extent[depth]), columns = getConstantIntValue(extent[value[0]]);
  if (!products || !columns) return "the depth of a head, or that of values, is not known";
  const bool half = !narrow.isF32(), byCores = half || tf32;
  const int64_t deepest = byCores ? 256 : 128;
  if (*products < 1 || *products > deepest || *columns < 1)
    return "the depth of a head is " + std::to_string(*products) + ", above " + std::to_string(deepest);

  // As many keys as lanes, of which a set is one register; twice as many of halves, whose products are cheap, where
  // fragments of Q and O leave registers for so many scores.
  const int64_t width = half ? 2 : 4, step = byCores ? Cores::stepOf(narrow) : pieceBytes / width;
  const int64_t padded = llvm::alignTo(*products, step);
  if (byCores) maxColumns = half ? 256 : padded > 192 ? 64 : 128;
  // As few chunks as possible, of one size, nearly.
  const int64_t chunk = llvm::alignTo(llvm::divideCeil(*columns, llvm::divideCeil(*columns, maxColumns)), Cores::step);
  maxColumns = chunk;
  const int64_t tile = (half && padded <= 128 && chunk <= 128 ? 2 : 1) * warpSize;
  rereads = half && padded / 4 + chunk / 2 + tile / 2 > heldRegisters;
  stagedQueries = {0, warps * rowsOfWarp, padded, width};
  // Q is in registers before the first tile comes, or stays where it is.
  stagedKeys = {byCores && !rereads ? 0 : stagedQueries.bytes(), tile, padded, width};
  stagedValues = {stagedKeys.begin + stagedKeys.bytes(), tile, chunk, width};
  setsAt = stagedKeys.begin + stages * stageBytes();
  if (!byCores) stagedWeights = {setsAt + warps * tile / 8, warps * rowsOfWarp, tile, width};
  return bytesOfTiles() <= maxShared ? ""
                                     : "they need more than " + std::to_string(maxShared >> 10) + " KiB of a block";
}

int64_t AttentionKernel::bytesOfTiles() {
  if (stagedWeights.rows) return stagedWeights.begin + stagedWeights.bytes();
  return std::max(stagedQueries.bytes(), setsAt + warps * stagedValues.rows / 8);
}

int64_t AttentionKernel::sharedBytes() {
  if (tiled) return bytesOfTiles();
  return int64_t(warps) * rowsOfWarp * keyTiles * columnsOfTile * sizeof(float);
}

/// Lines of a view, where `rowAt` says, `strides` apart; its columns along `dim`, from `column` on.
void AttentionKernel::stage(const Staged& to, const View& view, int64_t dim, Value column, ArrayRef<Value> strides,
                            llvm::function_ref<View(Value)> rowAt, Value at) {
  auto line = [&](Value row) { return rowAt(row).offset; };
  tensor->stage(to, {view, line, strides, column, extent[dim]}, at);
}

/// Q of the block to shared memory; for tensor cores each warp's from there to its registers.
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
  if (cores && !rereads) readQueries();
}

int64_t AttentionKernel::stageBytes() { return stagedKeys.bytes() + stagedValues.bytes(); }

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
    const Cores before = *tensor;
    if (cores && narrow.isF32()) {  // fragments leave no registers for what a thread brings each time
      const Thread same{self.block, shuffle(b, self.number, 0), self.shared};
      tensor.emplace(b, same, warps * warpSize, narrow);
    }
    bring(stagedKeys, similar[key], depth, constant(b, 0));
    bring(stagedValues, valueView, value[0], chunk);
    tensor.emplace(before);
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
void AttentionKernel::columnsByTiles() {
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
  findAgain();
  findRows(warp);
  finish(State::unpack(ValueRange(loop.getResults()).take_front(count), columnTiles));
}

}  // namespace heed::codegen::gpu
