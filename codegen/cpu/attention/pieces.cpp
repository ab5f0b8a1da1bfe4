// Few rows: between memory and vectors of f32 along a depth or along columns.
//
// A piece is what one vector of words of memory holds. A word of bf16 is two numbers, and each is half of one in f32:
// two vectors come of a piece, of the even numbers and of the odd ones, for one instruction each, where to widen them
// in order takes two. Scratch holds the even ones first, then the odd ones; so do the sums, and their order comes back
// as they leave. The last piece overlaps the one before and counts its new lanes only.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

/// Of the numbers along `dim`, all in one type. Two vectors of a piece overlap, too: not by more than they save.
Pieces AttentionKernel::piecesAlong(int64_t dim, Type element) {
  const int64_t count = c.known(extent[dim]);
  const Pieces one{count, 1}, two{count, 2};
  auto vectors = [&](const Pieces& pieces) { return (pieces.words() + c.lanes - 1) / c.lanes * pieces.vectors; };
  bool halves = element.isBF16() && count % 2 == 0 && two.words() >= c.lanes;
  return halves && 4 * vectors(two) <= 5 * vectors(one) ? two : one;
}

/// body(position in words, lanes that are new or null) for each piece; with `so` carried along.
Values AttentionKernel::eachPiece(const Pieces& pieces, Values so,
                                  llvm::function_ref<Values(Value position, Value fresh, Values so)> body) {
  const int64_t words = pieces.words(), rest = words % c.lanes;
  so = c.loop(c.index(0), c.index(words - rest), c.index(c.lanes), so,
              [&](Value position, Values so) { return body(position, {}, so); });
  if (rest == 0) return so;
  SmallVector<bool> fresh(c.lanes);
  std::fill(fresh.end() - rest, fresh.end(), true);
  Value lanes = c.constant(DenseElementsAttr::get(c.vectorOf(c.b.getI1Type()), ArrayRef(fresh)));
  return body(c.index(words - c.lanes), lanes, so);
}

/// Every second of the lanes of x and then y, from `first` on.
static Value everySecond(Code& c, Value x, Value y, int64_t first) {
  SmallVector<int64_t> lanes;
  for (int64_t lane = 0; lane < c.lanes; ++lane) lanes.push_back(2 * lane + first);
  return vector::ShuffleOp::create(c.b, c.loc, x, y, lanes);
}

/// Vector n of the piece at element `at`, as f32.
Value AttentionKernel::vectorAt(const Pieces& pieces, int n, Value base, Value at) {
  OpBuilder& b = c.b;
  if (pieces.vectors == 1) return c.widened(c.loadLanes(base, at));
  if (!cast<MemRefType>(base.getType()).getElementType().isBF16())
    return everySecond(c, c.widened(c.loadLanes(base, at)), c.widened(c.loadLanes(base, c.add(at, c.lanes))), n);
  VectorType ints = c.vectorOf(b.getI32Type());
  auto every = [&](int32_t bits) { return c.constant(DenseElementsAttr::get(ints, b.getI32IntegerAttr(bits))); };
  Value words = vector::BitCastOp::create(b, c.loc, ints, c.loadLanes(base, at, 2 * c.lanes));
  Value high = n ? arith::AndIOp::create(b, c.loc, words, every(int32_t(0xffff0000))).getResult()
                 : arith::ShLIOp::create(b, c.loc, words, every(16)).getResult();
  return arith::BitcastOp::create(b, c.loc, c.floats(), high);
}

/// The positions of the numbers of vector n of a piece.
LaneIndex AttentionKernel::positionsOf(const Pieces& pieces, int n, Value position) {
  if (pieces.vectors == 1) return {position, true};
  SmallVector<int32_t> steps;
  for (int lane = 0; lane < c.lanes; ++lane) steps.push_back(int32_t(pieces.vectors * lane + n));
  VectorType ints = c.vectorOf(c.b.getI32Type());
  Value first = arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), c.mul(position, pieces.vectors));
  Value step = c.constant(DenseElementsAttr::get(ints, ArrayRef(steps)));
  return {{}, true, arith::AddIOp::create(c.b, c.loc, c.broadcast(first), step)};
}

/// Where number i stands in scratch, counted from the first.
static Value placeOf(Code& c, const Pieces& pieces, Value i) {
  if (pieces.vectors == 1) return i;
  Value word = c.div(i, pieces.vectors), n = c.sub(i, c.mul(word, pieces.vectors));
  return c.add(word, c.mul(n, pieces.words()));
}

/// Rows of the view, as f32 and scaled, one after the other, by pieces; rows past the end repeat the last.
void AttentionKernel::fillRows(const View& view, ArrayRef<LaneAxis> axes, const Pieces& pieces, Value memory,
                               Value slot, Value distance, float scale) {
  int64_t inner = axes.empty() ? -1 : axes.back().dim;
  auto put = [&](Value x, Value where) {
    x = c.widened(x);
    bool vector = isa<VectorType>(x.getType());
    Value factor = vector ? c.splat(scale) : c.constant(c.b.getF32FloatAttr(scale));
    if (scale != 1) x = arith::MulFOp::create(c.b, c.loc, x, factor);
    vector ? c.storeLanes(x, memory, where) : c.store(x, memory, where);
  };
  c.loop(c.index(0), c.roundUp(rowCount, fewTile.rows), 1, [&](Value r) {
    walk(axes, atRow(view, r), c.add(slot, c.mul(r, distance)), inner, [&](View from, Value to) {
      if (inner < 0) return put(c.load(from.base, from.offset), to);
      if (from.unit == inner && pieces.words() >= c.lanes)
        return void(eachPiece(pieces, {}, [&](Value position, Value, Values) -> Values {
          Value at = c.add(from.offset, c.mul(position, pieces.vectors));
          for (int n = 0; n < pieces.vectors; ++n)
            put(vectorAt(pieces, n, from.base, at), c.add(to, c.add(position, n * pieces.words())));
          return {};
        }));
      c.loop(c.index(0), extent[inner], 1, [&](Value i) {
        View there = codegen::at(c.b, c.loc, from, inner, i);
        put(c.load(there.base, there.offset), c.add(to, placeOf(c, pieces, i)));
      });
    });
  });
}

/// The rows of O as the results: O / l, 0 where a row saw no key.
void AttentionKernel::drainRows(Value slot) {
  Value zero = c.constant(c.b.getF32FloatAttr(0)), one = c.constant(c.b.getF32FloatAttr(1));
  int64_t inner = value.back();
  const Pieces pieces = piecesAlong(inner, valueView.element);
  c.loop(c.index(0), rowCount, 1, [&](Value r) {
    Value sum = c.load(scratch, c.add(sumSlot, r));
    Value none = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, sum, zero);
    Value inverse = arith::DivFOp::create(c.b, c.loc, one, sum);
    auto mean = [&](Value x) -> Value {
      bool vector = isa<VectorType>(x.getType());
      Value product = arith::MulFOp::create(c.b, c.loc, x, vector ? c.broadcast(inverse) : inverse);
      return c.narrowed(c.select(none, vector ? c.splat(0) : zero, product), out.element);
    };
    walk(valueAxes, atRow(out, r), c.add(slot, c.mul(r, outRow)), inner, [&](View to, Value from) {
      if (out.unit == inner)
        return void(eachPiece(pieces, {}, [&](Value position, Value, Values) -> Values {
          Value at = c.add(to.offset, c.mul(position, pieces.vectors)), first = c.add(from, position);
          Value x = c.loadLanes(shared, first);
          if (pieces.vectors == 1) return c.storeLanes(mean(x), to.base, at), Values();
          Value y = c.loadLanes(shared, c.add(first, pieces.words()));
          for (int64_t half : {0, 1}) {
            SmallVector<int64_t> alternately;
            for (int64_t lane = half * c.lanes / 2; lane < (half + 1) * c.lanes / 2; ++lane)
              alternately.append({lane, lane + c.lanes});
            Value ordered = vector::ShuffleOp::create(c.b, c.loc, x, y, alternately);
            c.storeLanes(mean(ordered), to.base, c.add(at, half * c.lanes));
          }
          return {};
        }));
      c.loop(c.index(0), extent[inner], 1, [&](Value i) {
        View there = codegen::at(c.b, c.loc, to, inner, i);
        c.store(mean(c.load(shared, c.add(from, placeOf(c, pieces, i)))), there.base, there.offset);
      });
    });
  });
}

/// Lines of keys are asked for twice: for the second-level cache, which has more of them under way than the first, and,
/// once they are there, for the first.
static constexpr int64_t bytesToSecond = 4096, bytesToFirst = 2048;

/// So many bytes as elements of whole keys.
Value AttentionKernel::keysAhead(const View& view, int64_t bytes) {
  Value stride = c.largest(view.stride[keyDim], c.index(1));
  const unsigned width = view.element.getIntOrFloatBitWidth();
  Value ahead = arith::DivUIOp::create(c.b, c.loc, c.index(bytes * 8 / width), stride);
  return c.mul(c.roundUp(c.add(ahead, 1), fewTile.keys), view.stride[keyDim]);
}

/// For the numbers of `keys` keys at once, which are read by pieces: a line of each key with each piece. Keys that
/// follow each other are asked for in the order of memory.
AttentionKernel::Asking AttentionKernel::asksAhead(const View& view, const Pieces& pieces, int keys) {
  Value stride = view.stride[keyDim], dense = c.atMost(stride, c.index(pieces.count));
  return {.ahead = {{keysAhead(view, bytesToFirst), Code::Cache::first},
                    {keysAhead(view, bytesToSecond), Code::Cache::second}},
          .byPosition = c.select(dense, c.index(keys * pieces.vectors), c.index(pieces.vectors)),
          .byKey = c.select(dense, c.index(c.lanes * pieces.vectors), stride)};
}

/// Of keys of which the first stands at element `at`, with the piece at `position`.
void AttentionKernel::ask(const Asking& asking, Value base, Value at, Value position, int keys) {
  if (!c.target.avx512) return;
  at = c.add(at, c.mul(position, asking.byPosition));
  for (auto [ahead, cache] : asking.ahead) {
    Value line = c.add(at, ahead);
    for (int i = 0; i < keys; ++i, line = c.add(line, asking.byKey)) c.prefetch(base, line, cache);
  }
}

/// Of the values of a block, behind those that were asked for before: while its weights are made nothing is read.
AttentionKernel::Lines AttentionKernel::linesOfValues(Value block) {
  if (!c.target.avx512) return {};
  const Pieces pieces = piecesAlong(value.back(), valueView.element);
  const int64_t numbers = c.lanes * pieces.vectors, ofKey = (pieces.count + numbers - 1) / numbers;
  View first = codegen::at(c.b, c.loc, valueView, keyDim, block);
  Value start = c.add(first.offset, keysAhead(valueView, bytesToSecond));
  return [=, this](Value n) {
    Value key = c.div(n, ofKey), line = c.sub(n, c.mul(key, ofKey));
    Value at = c.add(c.mul(key, valueView.stride[keyDim]), c.mul(line, numbers));
    c.prefetch(valueView.base, c.add(start, at), Code::Cache::second);
  };
}

}  // namespace heed::codegen
