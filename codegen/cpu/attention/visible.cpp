// Which keys a block of rows sees: superblocks and blocks of keys, each empty, full or partial; of the partial ones,
// which segments a strip of rows sees.
//
// The kernel's `classify` region decides; what it wants to know of captures (smallest and largest element over the
// block) is read from memory, by vectors where the capture is contiguous. A NaN in it makes the block partial.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

namespace {

/// Running bounds: scalars, or vectors that are reduced at the end.
struct Running {
  Code& c;
  Type element;
  bool isFloat() const { return isa<FloatType>(element); }

  Value smaller(Value x, Value y) const {
    if (isFloat()) return arith::MinNumFOp::create(c.b, c.loc, x, y);
    if (element.isInteger(1)) return arith::MinUIOp::create(c.b, c.loc, x, y);
    return arith::MinSIOp::create(c.b, c.loc, x, y);
  }
  Value larger(Value x, Value y) const {
    if (isFloat()) return arith::MaxNumFOp::create(c.b, c.loc, x, y);
    if (element.isInteger(1)) return arith::MaxUIOp::create(c.b, c.loc, x, y);
    return arith::MaxSIOp::create(c.b, c.loc, x, y);
  }
  Value isNaN(Value x) const { return arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::UNO, x, x); }

  Values first(Value x) const { return isFloat() ? Values{x, x, isNaN(x)} : Values{x, x}; }
  Values with(Values so, Value x) const {
    Values next{smaller(so[0], x), larger(so[1], x)};
    if (isFloat()) next.push_back(arith::OrIOp::create(c.b, c.loc, so[2], isNaN(x)));
    return next;
  }
  Values reduce(Values so) const {
    if (!isa<VectorType>(so[0].getType())) return so;
    using Kind = vector::CombiningKind;
    bool bits = element.isInteger(1);
    Kind least = isFloat() ? Kind::MINNUMF : bits ? Kind::MINUI : Kind::MINSI;
    Kind most = isFloat() ? Kind::MAXNUMF : bits ? Kind::MAXUI : Kind::MAXSI;
    Values out{vector::ReductionOp::create(c.b, c.loc, least, so[0]),
               vector::ReductionOp::create(c.b, c.loc, most, so[1])};
    if (isFloat()) out.push_back(vector::ReductionOp::create(c.b, c.loc, Kind::OR, so[2]));
    return out;
  }
};

}  // namespace

/// Over positions [from, to) of the axes, none of them empty.
Bounds AttentionKernel::boundsOf(const Capture& capture, ArrayRef<LaneAxis> axes) {
  Running running{c, capture.view.element};
  const View& view = capture.view;
  // Elements [from, to) along the view's unit dim (or any last axis), folded into `so`.
  auto along = [&](const LaneAxis& axis, const View& start, Values so) -> Values {
    auto scalars = [&] {
      return c.loop(axis.from, axis.to, c.index(1), so, [&](Value i, Values so) {
        View there = codegen::at(c.b, c.loc, start, axis.dim, i);
        return running.with(so, c.load(there.base, there.offset));
      });
    };
    if (axis.dim != view.unit || view.element.isIndex()) return scalars();
    Value last = c.sub(axis.to, c.lanes);
    return c.choose(
        c.atMost(axis.from, last), ValueRange(so).getTypes(),
        [&] {
          auto block = [&](Value i) { return c.loadLanes(start.base, c.add(start.offset, i)); };
          Values wide = c.loop(axis.from, axis.to, c.index(c.lanes), running.first(block(axis.from)),
                               [&](Value i, Values so) { return running.with(so, block(c.least(i, last))); });
          Values all = running.reduce(wide);
          Values next{running.smaller(so[0], all[0]), running.larger(so[1], all[1])};
          if (so.size() == 3) next.push_back(arith::OrIOp::create(c.b, c.loc, so[2], all[2]));
          return next;
        },
        scalars);
  };

  View corner = view;
  for (const LaneAxis& axis : axes) corner = codegen::at(c.b, c.loc, corner, axis.dim, axis.from);
  Values so = running.first(c.load(corner.base, corner.offset));
  // The contiguous axis is the innermost.
  SmallVector<LaneAxis> order(axes);
  llvm::stable_sort(order, [&](auto& l, auto& r) { return l.dim != view.unit && r.dim == view.unit; });
  auto nest = [&](auto& self, ArrayRef<LaneAxis> axes, const View& start, Values so) -> Values {
    if (axes.empty()) return so;
    if (axes.size() == 1) return along(axes[0], start, so);
    return c.loop(axes[0].from, axes[0].to, c.index(1), so, [&](Value i, Values so) {
      return self(self, axes.drop_front(), codegen::at(c.b, c.loc, start, axes[0].dim, i), so);
    });
  };
  so = nest(nest, order, view, so);
  auto bit = [&](Value x) {
    return view.element.isInteger(1) ? arith::TruncIOp::create(c.b, c.loc, c.b.getI1Type(), x).getResult() : x;
  };
  return {bit(so[0]), bit(so[1]), so.size() == 3 ? so[2] : Value()};
}

/// From here on code is for the rows of a tile from `lane` on.
void AttentionKernel::workOn(RegisterTile tile, Value lane) {
  current = {tile, lane};
  Value first = c.add(q0, lane), end = c.add(q0, c.least(place(c.index(0), tile.vectors), rowCount));
  if (rowDims.size() > 1) {  // rows of several groups see what any position sees
    Value extent = this->extent[rowDim], last = c.sub(end, 1);
    auto group = [&](Value row) -> Value { return arith::DivUIOp::create(c.b, c.loc, row, extent); };
    Value before = c.mul(group(first), extent);
    Value one = arith::CmpIOp::create(c.b, c.loc, arith::CmpIPredicate::eq, group(first), group(last));
    first = c.select(one, c.sub(first, before), c.index(0));
    end = c.select(one, c.sub(end, before), extent);
  }
  seenFrom = {first, end};
}

/// body() for each group of the block's rows: these are at work.
void AttentionKernel::eachGroup(llvm::function_ref<void()> body) {
  if (tile.groups == 1) return body();
  auto given = std::pair(current, seenFrom);
  c.loop(c.index(0), rowCount, int64_t(tile.whole.vectors) * c.lanes, [&](Value lane) {
    workOn(tile.whole, lane);
    body();
  });
  current = given.first, seenFrom = given.second;
}

/// What the rows at work are of the view's dims; never empty.
SmallVector<LaneAxis> AttentionKernel::rowAxes(const View& view) {
  SmallVector<LaneAxis> axes;
  for (int64_t dim : rowDims) {
    if (!view.has(dim)) continue;
    axes.push_back(dim == rowDim ? LaneAxis{dim, seenFrom.first, seenFrom.second, {}}
                                 : LaneAxis{dim, c.index(0), extent[dim], {}});
  }
  return axes;
}

/// Bounds of the captures without a key, over the rows at work.
void AttentionKernel::boundCaptures() {
  for (auto [n, capture] : llvm::enumerate(captures)) {
    if (capture.byKey || !classified(n)) continue;
    capture.bounds = boundsOf(capture, rowAxes(capture.view));
  }
}

/// (some, all) for keys [keyLow, keyHigh] and the rows at work.
std::pair<Value, Value> AttentionKernel::classify(Value keyLow, Value keyHigh) {
  Region& region = op.getClassify();
  Values arguments{seenFrom.first, c.sub(seenFrom.second, 1), keyLow, keyHigh};
  Value unordered;
  for (auto [n, capture] : llvm::enumerate(captures)) {
    Bounds bounds = capture.bounds;
    if (!classified(n)) {
      Value zero = c.constant(cast<TypedAttr>(c.b.getZeroAttr(capture.view.element)));
      bounds = {zero, zero, {}};
    } else if (capture.byKey && !capture.byRow && keyLow == keyHigh) {
      Value x = element(codegen::at(c.b, c.loc, capture.view, keyDim, keyLow));
      bounds = {x, x, {}};
      if (isa<FloatType>(x.getType()))
        bounds.unordered = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::UNO, x, x);
    } else if (capture.byKey) {
      SmallVector<LaneAxis> axes = rowAxes(capture.view);
      axes.push_back({keyDim, keyLow, c.add(keyHigh, 1), {}});
      bounds = boundsOf(capture, axes);
    }
    arguments.append({bounds.least, bounds.most});
    if (bounds.unordered)
      unordered = unordered ? arith::OrIOp::create(c.b, c.loc, unordered, bounds.unordered) : bounds.unordered;
  }
  RegionCloner scalar(c.b, c.loc, 0, false, [&](int64_t dim) { return LaneIndex{at.lookup(dim), false}; });
  SmallVector<Value> results = scalar.clone(region, arguments);
  if (results.empty()) {
    failed = true;
    return {c.bit(true), c.bit(false)};
  }
  if (!unordered) return {results[0], results[1]};
  Value ordered = arith::XOrIOp::create(c.b, c.loc, unordered, c.bit(true));
  return {arith::OrIOp::create(c.b, c.loc, results[0], unordered),
          arith::AndIOp::create(c.b, c.loc, results[1], ordered)};
}

/// The same for keys [from, to), known to be (true, true) where `all` is.
std::pair<Value, Value> AttentionKernel::classifyUnless(Value all, Value from, Value to) {
  Type bit = c.b.getI1Type();
  Values both = c.choose(
      all, {bit, bit},
      [&]() -> Values {
        return {c.bit(true), c.bit(true)};
      },
      [&]() -> Values {
        auto [some, every] = classify(from, c.sub(to, 1));
        return {some, every};
      });
  return {both[0], both[1]};
}

/// What is left of keys [from, to) without those at either end that no row at work sees, and whether all rows see all
/// the rest. Rows that share what they see, as those of a document do, then need no mask: their edges are upright.
/// Those of a mask of indices alone slope, and to look is in vain; where a capture has rows and keys, to look takes too
/// long.
Values AttentionKernel::trimmed(Value every, Value from, Value to) {
  bool shared = false, costly = false;
  for (auto [n, capture] : llvm::enumerate(captures)) {
    shared |= classified(n);
    costly |= classified(n) && capture.byRow && capture.byKey;
  }
  if (few || !shared || costly) return {from, to, every};  // few rows are a strip in any case
  auto asIs = [&]() -> Values { return {from, to, c.bit(true)}; };
  return c.choose(every, {from.getType(), from.getType(), c.b.getI1Type()}, asIs, [&]() -> Values {
    Values so = c.loop(from, to, c.index(1), {to, from, c.index(0)}, [&](Value key, Values so) -> Values {
      auto [some, all] = classify(key, key);
      return {c.select(some, c.least(so[0], key), so[0]), c.select(some, c.add(key, 1), so[1]),
              c.add(so[2], c.select(all, c.index(1), c.index(0)))};
    });
    // Seen by all are then as many keys as are left, if any.
    Value left = c.largest(c.sub(so[1], so[0]), c.index(1));
    return {so[0], so[1], c.atMost(left, so[2])};
  });
}

static void each(Code& c, Value from, Value to, int64_t size, llvm::function_ref<void(Value, Value)> body) {
  c.loop(from, to, size, [&](Value low) { body(low, c.least(c.add(low, size), to)); });
}

/// Keys [from, to), which all rows at work see.
void AttentionKernel::wholeBlock(Value from, Value to) {
  for (int j = 0; j < current.tile.vectors; ++j) setLanes(laneVector(maxSlot, j), oldMaxSlot, j);
  Value count = c.sub(to, from);
  auto commonly = [&] {
    scores(from, from, to, c.index(0), /*raise=*/true);
    weights(from, count, [&](Value row) { return c.add(from, row); });
  };
  if (triesWeights())
    c.when(arith::XOrIOp::create(c.b, c.loc, tryWeights(from, to), c.bit(true)), commonly);
  else
    commonly();
  byMatrices() ? accumulateMatrices(count) : accumulate(from, c.index(0), count);
}

/// The same for rows of one vector or two, the last ones: the third would be in vain.
void AttentionKernel::narrowBlock(Value from, Value to) {
  auto given = std::pair(current, seenFrom);
  Value first = current.lane;
  auto eachOf = [&](RegisterTile part) -> Values {
    c.loop(first, rowCount, int64_t(part.vectors) * c.lanes, [&](Value lane) {
      workOn(part, lane);
      wholeBlock(from, to);
    });
    return {};
  };
  auto one = [&] { return eachOf(tile.narrow); };
  auto two = [&] { return eachOf(tile.pair); };
  tile.pair.vectors == 1 ? one() : c.choose(c.atMost(rowCount, c.add(first, c.lanes)), {}, one, two);
  current = given.first, seenFrom = given.second;
}

/// Keys [from, to), of which the rows see all or some. What is not f32 is read from a copy of words.
void AttentionKernel::block(Value from, Value to, Value every) {
  capture(from, to);
  SmallVector<View> given = similar;
  View givenValue = valueView;
  auto copy = [&](View& view, unsigned number, ArrayRef<int64_t> dims) {
    Value slot = copies.lookup(number);
    if (!slot) return;
    if (byMatrices()) {  // values wait until it is known which keys have weights
      if (number != similar.size()) view = copiedKeys(view, slot, from, to);
      return;
    }
    view = pairs ? pairedDepth(view, dims, slot, from, to) : widened(view, dims, slot, from, to);
  };
  for (Similarity& similarity : similarities)
    for (unsigned number : similarity.operands) copy(similar[number], number, similarity.depth);
  for (Similarity& similarity : similarities)
    if (similarity.tanh && !few) {
      similarity.tanh->prepared = preparedKeys(similarity, from, to);
      similarity.tanh->calm = isCalm(similarity, from, to);
    }
  copy(valueView, similar.size(), value);
  // Costly scores take as many vectors as there are in any case; the rest of a block then hardly shows.
  bool costly = llvm::any_of(similarities, [](const Similarity& similarity) { return similarity.costly; });
  const bool narrows = tile.whole.vectors > 2 && !costly;
  auto values = [&] {
    if (byMatrices()) transposeValues(c.sub(to, from), [&](Value row) { return c.add(from, row); });
  };
  auto whole = [&]() -> Values { return values(), eachGroup([&] { wholeBlock(from, to); }), Values(); };
  // Under a mask few rows are a strip, whatever they see: hiding nothing costs little, code of their own to compile.
  if (op.getKeep().empty()) {
    values();
    eachGroup([&] {
      Value narrow = narrows ? c.atMost(rowCount, c.add(current.lane, 2 * c.lanes)) : c.bit(false);
      c.choose(
          narrow, {}, [&]() -> Values { return narrowBlock(from, to), Values(); },
          [&]() -> Values { return wholeBlock(from, to), Values(); });
    });
  } else {
    Value tall = narrows ? c.less(c.index(2 * c.lanes), rowCount) : c.bit(true);
    Value alone = few ? c.bit(false) : arith::AndIOp::create(c.b, c.loc, every, tall).getResult();
    c.choose(alone, {}, whole, [&]() -> Values { return strips(from, to), Values(); });
  }
  similar = given, valueView = givenValue;
}

void AttentionKernel::blocks() {
  if (op.getKeep().empty())
    return each(c, keyFrom, keyTo, tile.block, [&](Value from, Value to) { block(from, to, c.bit(true)); });
  boundCaptures();
  // One look at many blocks: most of a long sequence lies far from the mask's edge.
  int64_t super = 2048 / tile.block * tile.block;
  each(c, keyFrom, keyTo, super, [&](Value outerFrom, Value outerTo) {
    auto [some, all] = classify(outerFrom, c.sub(outerTo, 1));
    c.when(some, [&, all = all] {
      each(c, outerFrom, outerTo, tile.block, [&](Value from, Value to) {
        auto [some, every] = classifyUnless(all, from, to);
        c.when(some, [&, every = every] {
          Values seen = trimmed(every, from, to);
          block(seen[0], seen[1], seen[2]);
        });
      });
    });
  });
}

}  // namespace heed::codegen
