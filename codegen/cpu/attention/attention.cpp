// The pass, and the frame of the kernel: checks, constants folded, scratch laid out, one task per block of rows.
#include "heed/codegen/cpu/attention/attention.h"

#include "heed/codegen/cpu/attention/kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heed::codegen {

AttentionKernel::AttentionKernel(tile::AttentionOp op, const Target& target, const AttentionTile& tile)
    : op(op),
      tile(tile),
      builder(op),
      c(builder, op.getLoc(), target),
      rows(tile.whole.vectors * target.lanes),
      pitch(rows),
      rowDim(op.dimsOf("row")[0]),
      keyDim(op.dimsOf("key")[0]),
      outer(op.dimsOf("outer")),
      value(op.dimsOf("value")) {}

LogicalResult AttentionKernel::check() {
  auto check = [&](Value memref, StringRef what, bool narrow) -> LogicalResult {
    Type element = cast<MemRefType>(memref.getType()).getElementType();
    if (element.isF32() || (narrow && (element.isF16() || element.isBF16()))) return success();
    return op.emitOpError() << what << ": element type " << element << "; the CPU kernel takes "
                            << (narrow ? "f32, bf16 and f16" : "f32") << "; cast it first";
  };
  for (Value x : op.getSimilar())
    if (mlir::failed(check(x, "similar", true))) return failure();
  for (Value x : op.getInitial())
    if (mlir::failed(check(x, "initial", true))) return failure();
  if (mlir::failed(check(op.getValue(), "value", true)) || mlir::failed(check(op.getOut(), "out", true)))
    return failure();
  return op.getLse() ? check(op.getLse(), "lse", false) : success();
}

/// A constant factor that `post` starts with moves into the row operand of a dot product, where it costs nothing.
void AttentionKernel::foldScale() {
  float factor = 1;
  Block& post = op.getPost().front();
  Value score = post.getArgument(0);
  while (op.similarities() == 1 && score.hasOneUse()) {
    Operation* user = *score.user_begin();
    Attribute known;
    if (isa<arith::MulFOp>(user)) {
      Value other = user->getOperand(user->getOperand(0) == score ? 1 : 0);
      if (!matchPattern(other, m_Constant(&known))) break;
      factor *= cast<FloatAttr>(known).getValueAsDouble();
    } else if (isa<arith::DivFOp>(user) && user->getOperand(0) == score) {
      if (!matchPattern(user->getOperand(1), m_Constant(&known))) break;
      factor /= cast<FloatAttr>(known).getValueAsDouble();
    } else {
      break;
    }
    user->getResult(0).replaceAllUsesWith(score);
    user->erase();
  }
  plain = op.similarities() == 1 && post.getTerminator()->getOperand(0) == score;
  bool dot = op.similarities() == 1 && similarities[0].dot;
  int exponent;
  bool exact = std::frexp(factor, &exponent) == 0.5f;  // rows stay bf16 then
  (dot && (exact || !takesPairs()) ? queryScale : scoreScale) = factor;
}

void AttentionKernel::views() {
  auto view = [&](OpOperand& operand) { return viewOf(c.b, c.loc, operand.get(), op.mapOf(operand)); };
  similar.clear(), initial.clear(), captures.clear();
  for (OpOperand& x : op.getSimilarMutable()) similar.push_back(view(x));
  for (OpOperand& x : op.getCapturesMutable()) {
    Capture capture{.view = view(x)};
    Type element = capture.view.element;
    capture.byRow = hasRow(capture.view), capture.byKey = capture.view.has(keyDim);
    capture.words = element.isIndex() || element.getIntOrFloatBitWidth() == 64 ? 2 : 1;
    captures.push_back(capture);
  }
  valueView = view(op.getValueMutable());
  for (OpOperand& x : op.getInitialMutable()) initial.push_back(view(x));
  out = view(op.getOutMutable());
  if (op.getLse()) lse = view(op.getLseMutable()[0]);

  SmallVector<View> all(similar);
  for (Capture& capture : captures) all.push_back(capture.view);
  all.append({valueView, out});
  extent = extentsOf(all);
  allRows = c.index(1);
  for (int64_t dim : rowDims) allRows = c.mul(allRows, extent[dim]);
}

Value AttentionKernel::layOut() {
  Value next = c.index(0);
  auto take = [&](Value size) {
    Value slot = next;
    next = c.roundUp(c.add(next, size), 16);
    return slot;
  };
  auto fixed = [&](int64_t size) { return take(c.index(size)); };
  maxSlot = fixed(rows), oldMaxSlot = fixed(rows), sumSlot = fixed(rows), alphaSlot = fixed(rows);
  trial = {};
  if (weighsPairs() && !byMatrices()) trial = {fixed(rows), fixed(rows), fixed(rows), fixed(rows)};
  int64_t overshot = 0, columns = 0;  // by the last tile
  for (const RegisterTile& part : {tile.whole, tile.strip, tile.narrow, tile.pair})
    overshot = std::max<int64_t>(overshot, part.keys), columns = std::max<int64_t>(columns, part.values);
  const int64_t scoreRows = tile.block + overshot;
  listSlot = fixed(scoreRows);
  squareSlot = fixed(c.lanes * c.lanes);
  seenSlot = fixed(tile.block / tile.segment + 1);
  positionSlots.clear();
  if (rowDims.size() > 1)
    for (size_t n = 0; n < rowDims.size(); ++n) positionSlots.push_back(fixed(rows));
  for (Similarity& similarity : similarities) similarity.slot = fixed(scoreRows * pitch);
  scoreSlot = similarities.empty() ? fixed(scoreRows * pitch) : similarities[0].slot;
  for (auto [n, capture] : llvm::enumerate(captures)) {
    bool used = uses(op.getPost(), op.similarities() + n) || uses(op.getKeep(), n) || uses(op.getWeigh(), 1 + n);
    if (!capture.byRow || !used) continue;
    capture.slot = fixed(pitch * capture.words * (capture.byKey ? tile.block + 2 * c.lanes : 1));
  }

  // A row of columns is padded to whole tiles. Of few rows each is a piece of memory, elsewhere each number of them
  // all.
  const Value step = c.index(few ? 1 : pitch);
  valueAxes.clear();
  Value distance = step;
  for (int64_t dim : llvm::reverse(value)) {
    valueAxes.insert(valueAxes.begin(), LaneAxis{dim, c.index(0), extent[dim], distance});
    bool last = dim == value.back();
    Value padded = few ? c.roundUp(extent[dim], c.lanes) : c.add(extent[dim], columns - 1);
    distance = c.mul(distance, last ? padded : extent[dim]);
  }
  outRow = distance;
  if (!few) outSlot = take(value.empty() ? c.index(pitch * columns) : distance);

  rowOperands.clear();
  for (Similarity& similarity : similarities)
    for (unsigned number : similarity.operands) {
      if (!hasRow(similar[number])) continue;
      RowOperand operand;
      Value size = step;
      for (int64_t dim : llvm::reverse(similarity.depth)) {
        if (!similar[number].has(dim)) continue;
        operand.axes.insert(operand.axes.begin(), LaneAxis{dim, c.index(0), extent[dim], size});
        size = c.mul(size, extent[dim]);
      }
      operand.rowDistance = size;
      if (few && !operand.axes.empty()) {
        int64_t last = operand.axes.back().dim;
        operand.pieces = last == similarity.depth.back() ? piecesOfDepth(similarity) : Pieces{c.known(extent[last])};
      }
      if (byMatrices()) size = c.largest(size, c.index(wordsOfKey() * pitch));
      operand.slot = take(few ? c.mul(size, rows) : size);
      rowOperands[number] = operand;
    }
  for (Similarity& similarity : similarities) {
    if (few || !similarity.tanh) continue;
    TanhSum& sum = *similarity.tanh;
    Value keys = c.index(tile.block);
    for (int64_t dim : similarity.depth)
      if (similar[sum.key].has(dim)) keys = c.mul(keys, extent[dim]);
    Value size = rowOperands[sum.row].rowDistance, numbers = c.div(size, pitch);
    sum.rowSlot = take(size), sum.keySlot = take(keys), sum.totalSlot = fixed(c.lanes);
    sum.inverseSlot = take(numbers), sum.sizeSlot = take(numbers);
  }
  copies.clear();
  auto copy = [&](const View& view, unsigned number, ArrayRef<int64_t> dims) {
    if (few || !isCopied(view, number)) return;
    if (byMatrices()) {
      bool values = number == similar.size();
      copies[number] = fixed(values ? columnsOfValue() * valuePitch() : (tile.block + 2 * c.lanes) * wordsOfKey());
      return;
    }
    Value size = c.index(tile.block);
    for (int64_t dim : dims)
      if (view.has(dim)) size = c.mul(size, extent[dim]);
    copies[number] = take(size);
  };
  for (Similarity& similarity : similarities)
    for (unsigned number : similarity.operands) copy(similar[number], number, similarity.depth);
  copy(valueView, similar.size(), value);
  return c.mul(next, sizeof(float));
}

/// What the block's rows bring to all keys.
void AttentionKernel::fillRowOperands() {
  bool first = true;
  for (Similarity& similarity : similarities)
    for (unsigned number : similarity.operands) {
      auto found = rowOperands.find(number);
      if (found == rowOperands.end()) continue;
      const RowOperand& operand = found->second;
      float scale = std::exchange(first, false) ? queryScale : 1;
      few ? fillRows(similar[number], operand.axes, operand.pieces, scratch, operand.slot, operand.rowDistance, scale)
          : fill(similar[number], operand.axes, operand.slot, Words::numbers, scale);
    }
  if (pairs)
    eachGroup([&] {
      for (auto& [number, operand] : rowOperands) pairRows(operand);
    });
  for (Similarity& similarity : similarities)
    if (similarity.tanh && !few) prepareRows(similarity);
  for (Capture& capture : captures)
    if (!capture.byKey && capture.slot) fill(capture.view, {}, capture.slot, Words::bits);
}

/// m, l and O of the block's rows.
void AttentionKernel::start() {
  eachGroup([&] { startTrials(); });
  if (!initial.empty()) {
    fill(initial[0], {}, maxSlot, Words::numbers);
    fill(initial[1], {}, sumSlot, Words::numbers);
    fill(initial[2], valueAxes, outSlot, Words::numbers);
    return;
  }
  eachGroup([&] {
    for (int j = 0; j < tile.whole.vectors; ++j) {
      setLanes(c.splat(-std::numeric_limits<float>::infinity()), maxSlot, j);
      setLanes(c.splat(0), sumSlot, j);
    }
    walk(valueAxes, out, outSlot, -1, [&](View, Value column) {
      for (int j = 0; j < tile.whole.vectors; ++j) setLanes(c.splat(0), column, j);
    });
  });
}

void AttentionKernel::finish() {
  Value zero = c.splat(0);
  eachGroup([&] {
    Values none, inverse;
    for (int j = 0; j < tile.whole.vectors; ++j) {
      Value sum = laneVector(sumSlot, j);
      none.push_back(arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, sum, zero));
      inverse.push_back(arith::DivFOp::create(c.b, c.loc, c.splat(1), sum));
    }
    walk(valueAxes, out, outSlot, -1, [&](View, Value column) {
      for (int j = 0; j < tile.whole.vectors; ++j) {
        Value mean = arith::MulFOp::create(c.b, c.loc, laneVector(column, j), inverse[j]);
        setLanes(arith::SelectOp::create(c.b, c.loc, none[j], zero, mean), column, j);
      }
    });
  });
  drain(out, valueAxes, outSlot);
  drainLse();
}

void AttentionKernel::drainLse() {
  if (!op.getLse()) return;
  Value zero = c.splat(0), infinity = c.splat(-std::numeric_limits<float>::infinity());
  eachGroup([&] {
    for (int j = 0; j < tile.whole.vectors; ++j) {
      Value sum = laneVector(sumSlot, j);
      Value none = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, sum, zero);
      Value lse = logSum(laneVector(maxSlot, j), sum);
      setLanes(arith::SelectOp::create(c.b, c.loc, none, infinity, lse), alphaSlot, j);
    }
  });
  drain(lse, {}, alphaSlot);
}

/// Outer dims that no key has become rows.
void AttentionKernel::foldRows() {
  SmallVector<AffineMap> keys{op.mapOf(op.getValueMutable())};
  for (OpOperand& x : llvm::concat<OpOperand>(op.getSimilarMutable(), op.getCapturesMutable()))
    if (op.mapOf(x).isFunctionOfDim(keyDim)) keys.push_back(op.mapOf(x));
  rowDims.clear();
  llvm::erase_if(outer, [&](int64_t dim) {
    bool ofKeys = llvm::any_of(keys, [&](AffineMap map) { return map.isFunctionOfDim(dim); });
    op.getClassify().walk([&](tile::IndexOp index) { ofKeys |= int64_t(index.getDim()) == dim; });
    if (!ofKeys) rowDims.push_back(dim);
    return !ofKeys;
  });
  rowDims.push_back(rowDim);
}

/// Writes the positions of the block's rows along each of rowDims.
void AttentionKernel::findPositions() {
  if (positionSlots.empty()) return;
  Values now(rowDims.size());
  Value left = q0;
  for (size_t n = rowDims.size(); n-- > 0;) {
    now[n] = arith::RemUIOp::create(c.b, c.loc, left, extent[rowDims[n]]);
    left = arith::DivUIOp::create(c.b, c.loc, left, extent[rowDims[n]]);
  }
  c.loop(c.index(0), c.index(rows), c.index(1), now, [&](Value r, Values now) {
    for (auto [slot, position] : llvm::zip(positionSlots, now)) {
      Value word = arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), position);
      c.store(arith::BitcastOp::create(c.b, c.loc, c.b.getF32Type(), word), scratch, c.add(slot, r));
    }
    Value more = c.less(c.add(r, 1), rowCount), step = c.select(more, c.index(1), c.index(0));
    for (size_t n = rowDims.size(); n-- > 0;) {
      Value next = c.add(now[n], step), wraps = c.atMost(extent[rowDims[n]], next);
      now[n] = c.select(wraps, c.index(0), next);
      step = c.select(wraps, c.index(1), c.index(0));
    }
    return now;
  });
}

/// Of all outer points.
Value AttentionKernel::blocksOfRows() {
  Value blocks = c.div(c.add(allRows, rows - 1), rows);
  for (int64_t dim : outer) blocks = c.mul(blocks, extent[dim]);
  return blocks;
}

/// Blocks of one outer point stand together, the first rows first: if a mask is causal each sees few keys that none has
/// read, and the block that has fewer rows, and little to do for each key, finds the keys in the cache. Under a mask
/// the last point's come the other way round: of a causal one those are long, for which others would have to wait.
void AttentionKernel::goTo(Value number) {
  Value blocks = c.div(c.add(allRows, rows - 1), rows);
  Value point = arith::DivUIOp::create(c.b, c.loc, number, blocks);
  Value nth = arith::RemUIOp::create(c.b, c.loc, number, blocks);
  fromLast = op.getKeep().empty() ? c.bit(false) : c.atMost(c.sub(blocksOfRows(), blocks), number);
  q0 = c.mul(c.select(fromLast, c.sub(c.sub(blocks, 1), nth), nth), rows);
  rowCount = c.least(c.index(rows), c.sub(allRows, q0));
  for (int64_t dim : llvm::reverse(outer)) {
    bool last = dim == outer.front();
    at[dim] = last ? point : arith::RemUIOp::create(c.b, c.loc, point, extent[dim]).getResult();
    if (!last) point = arith::DivUIOp::create(c.b, c.loc, point, extent[dim]);
  }
  auto move = [&](View& view) {
    for (int64_t dim : outer) view = codegen::at(c.b, c.loc, view, dim, at[dim]);
  };
  for (View& view : similar) move(view);
  for (Capture& capture : captures) move(capture.view);
  for (View& view : initial) move(view);
  move(valueView), move(out);
  if (op.getLse()) move(lse);
  layOut();
  findPositions();
  RegisterTile all = tile.whole;
  all.vectors *= tile.groups;
  workOn(all, c.index(0));
}

void AttentionKernel::task(Value number) {
  views();
  if (pairs && !byMatrices()) sharedValues(valueView);
  goTo(number);
  keyFrom = c.index(0), keyTo = extent[keyDim];
  fillRowOperands();
  start();
  blocks();
  finish();
}

void AttentionKernel::parallel(Value tasks, Value bytes, llvm::function_ref<void(Value)> body) {
  OpBuilder::InsertionGuard guard(c.b);
  auto parallel = tile::ParallelOp::create(c.b, c.loc, tasks, bytes);
  Block* block =
      c.b.createBlock(&parallel.getBody(), {},
                      {c.b.getIndexType(), MemRefType::get({ShapedType::kDynamic}, c.b.getF32Type())}, {c.loc, c.loc});
  tile::YieldOp::create(c.b, c.loc, ValueRange{});
  c.b.setInsertionPointToStart(block);
  // Constants stand before the loops, and the loops before the yield.
  auto begin = arith::ConstantIndexOp::create(c.b, c.loc, 0);
  c.b.setInsertionPointAfter(begin);
  c.constantsIn(block);
  scratch = block->getArgument(1);
  body(block->getArgument(0));
  c.constantsIn(nullptr);
}

void AttentionKernel::emitRows() {
  views();
  if (pairs && !byMatrices()) emitPairedValues(), views();
  Value tasks = blocksOfRows(), bytes = layOut();
  parallel(tasks, bytes, [&](Value number) { task(number); });
}

LogicalResult AttentionKernel::emit() {
  if (mlir::failed(check())) return failure();
  foldRows();
  views();
  for (auto [n, body] : llvm::enumerate(op.getBodies())) {
    Similarity similarity{.body = &body};
    for (auto [number, owner] : llvm::enumerate(op.getSimilarity()))
      if (owner == int64_t(n)) similarity.operands.push_back(number);
    SmallVector<int64_t> contiguous;
    for (int64_t dim : op.dimsOf("depth")) {
      bool used = false, unit = false;
      for (unsigned number : similarity.operands) {
        used |= similar[number].has(dim);
        unit |= similar[number].has(keyDim) && similar[number].unit == dim;
      }
      if (used) (unit ? contiguous : similarity.depth).push_back(dim);
    }
    similarity.depth.append(contiguous);
    auto product = body.front().getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
    similarity.dot = product && similarity.operands.size() == 2 && isa<BlockArgument>(product.getLhs()) &&
                     isa<BlockArgument>(product.getRhs()) && product.getLhs() != product.getRhs() &&
                     hasRow(similar[similarity.operands[0]]) != hasRow(similar[similarity.operands[1]]);
    // Weights hardly show by how many units a quotient is off, but where scores are large beside values, lse does.
    if (!op.getLse()) similarity.tanh = tanhSumOf(similarity);
    similarity.costly = isLong(body);
    similarities.push_back(similarity);
  }
  foldScale();

  // The contiguous value dim is tiled.
  auto unit = llvm::find(value, valueView.unit);
  if (unit != value.end()) std::rotate(unit, unit + 1, value.end());

  // How many rows share their keys decides, not how many there are: that a batch is large changes no row of it.
  Value together = c.index(1);
  int64_t heads = 1;  // of a group, and more rows that the types know: what a tile is made for
  for (int64_t dim : rowDims) {
    int64_t known = Code::known(extent[dim]);
    if (!ShapedType::isDynamic(known)) heads *= known;
    if (dim == rowDim || !ShapedType::isDynamic(known)) together = c.mul(together, extent[dim]);
  }
  Value are = readsByVectors() ? c.atMost(together, c.index(c.lanes / 2)) : c.bit(false);
  c.choose(
      are, {},
      [&]() -> Values {
        auto given = std::tuple(tile, rows, pitch);
        fewTile = c.target.attentionFewRows(heads);
        tile.whole = tile.strip = tile.narrow = tile.pair = {1, fewTile.keys, 1};
        tile.block = tile.segment = fewTile.block, rows = pitch = c.lanes, few = true;
        emitFewRows();
        std::tie(tile, rows, pitch) = given, few = false;
        return {};
      },
      [&]() -> Values {
        pairs = takesPairs();
        if (byMatrices()) {
          tile = c.target.attentionByMatrices(tile.whole.vectors == 1, !op.getKeep().empty());
          rows = tile.groups * tile.whole.vectors * c.lanes;
          pitch = rows + c.lanes;  // lines do not lie a power of two apart
        } else if (copiesKeys() && tile.whole.vectors > 1 && op.getKeep().empty()) {
          tile.groups = groupsOfCopies;
          rows = pitch = tile.groups * tile.whole.vectors * c.lanes;
        }
        return emitRows(), Values();
      });
  op.erase();
  return success(!failed);
}

LogicalResult lowerAttention(tile::AttentionOp op, const Target& target, const AttentionTile& tile) {
  return AttentionKernel(op, target, tile).emit();
}

#define GEN_PASS_DEF_TILELOWERATTENTION
#include "heed/codegen/cpu/attention/attention.h.inc"

namespace {

struct LowerAttention : impl::TileLowerAttentionBase<LowerAttention> {
  using Base::Base;
  void runOnOperation() override {
    std::optional<Target> target = targetFor(features);
    if (!target) {
      emitError(getOperation().getLoc())
          << "tile-lower-attention: features is \"" << features
          << "\"; it must be amx, avx512bf16, avx512, avx2, baseline or empty, then what "
             "may follow these: +int8, +tiles=0000";
      return signalPassFailure();
    }
    SmallVector<tile::AttentionOp> kernels;
    getOperation().walk([&](tile::AttentionOp op) { kernels.push_back(op); });
    for (tile::AttentionOp op : kernels) {
      AttentionTile tile = oneVector(op, target->lanes) ? target->attentionOneVector()
                                                        : target->attention(depthOf(op), !op.getKeep().empty());
      for (auto [option, field] : {std::pair{&vectors, &tile.whole.vectors}, std::pair{&keys, &tile.whole.keys},
                                   std::pair{&values, &tile.whole.values}, std::pair{&block, &tile.block}})
        if (*option > 0) *field = *option;
      if (tile.whole.vectors % tile.strip.vectors != 0) tile.strip.vectors = 1;
      if (mlir::failed(lowerAttention(op, *target, tile))) return signalPassFailure();
    }
  }
  /// The most products of a score, as far as the types say.
  static int64_t depthOf(tile::AttentionOp op) {
    int64_t most = 0;
    SmallVector<int64_t> depth = op.dimsOf("depth");
    for (OpOperand& operand : op.getSimilarMutable()) {
      int64_t products = 1;
      for (auto [n, extent] : llvm::enumerate(cast<MemRefType>(operand.get().getType()).getShape()))
        if (llvm::is_contained(depth, op.mapOf(operand).getDimPosition(n)) && !ShapedType::isDynamic(extent))
          products *= extent;
      most = std::max(most, products);
    }
    return most;
  }
  /// One vector of rows is enough, as far as the types say.
  static bool oneVector(tile::AttentionOp op, int lanes) {
    int64_t rowDim = op.dimsOf("row")[0];
    for (auto [n, extent] : llvm::enumerate(cast<MemRefType>(op.getOut().getType()).getShape()))
      if (op.mapOf(op.getOutMutable()).getDimPosition(n) == rowDim)
        return !ShapedType::isDynamic(extent) && extent <= lanes;
    return false;
  }
};

}  // namespace
}  // namespace heed::codegen
