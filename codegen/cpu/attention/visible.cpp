// Which keys a block of rows sees: superblocks, blocks and segments of keys, each empty, full or partial.
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
  auto along = [&](const LaneAxis& axis, const View& start, Values so) {
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
  if (axes.size() == 1) {
    so = along(axes[0], view, so);
  } else if (axes.size() == 2) {
    bool swap = axes[0].dim == view.unit;
    const LaneAxis &slow = axes[swap], &fast = axes[!swap];
    so = c.loop(slow.from, slow.to, c.index(1), so,
                [&](Value i, Values so) { return along(fast, codegen::at(c.b, c.loc, view, slow.dim, i), so); });
  }
  auto bit = [&](Value x) {
    return view.element.isInteger(1) ? arith::TruncIOp::create(c.b, c.loc, c.b.getI1Type(), x).getResult() : x;
  };
  return {bit(so[0]), bit(so[1]), so.size() == 3 ? so[2] : Value()};
}

/// (some, all) for keys [keyLow, keyHigh] of this block of rows.
std::pair<Value, Value> AttentionKernel::classify(Value keyLow, Value keyHigh) {
  Region& region = op.getClassify();
  Values arguments{q0, c.sub(c.add(q0, rowCount), 1), keyLow, keyHigh};
  Value unordered;
  for (auto [n, capture] : llvm::enumerate(captures)) {
    unsigned first = 4 + 2 * n;
    Bounds bounds = capture.bounds;
    if (!uses(region, first) && !uses(region, first + 1)) {
      Value zero = c.constant(cast<TypedAttr>(c.b.getZeroAttr(capture.view.element)));
      bounds = {zero, zero, {}};
    } else if (capture.byKey) {
      SmallVector<LaneAxis> axes;
      if (capture.byRow) axes.push_back({rowDim, q0, c.add(q0, rowCount), {}});
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

void AttentionKernel::blocks() {
  constexpr int64_t super = 2048;
  Value keys = extent[keyDim];
  bool masked = !op.getKeep().empty();
  auto block = [&](Value from, Value to, Value all) {
    for (int j = 0; j < tile.vectors; ++j)
      c.storeLanes(laneVector(maxSlot, j), scratch, c.add(oldMaxSlot, j * c.lanes));
    Value count;
    if (!masked) {
      count = segment(from, from, to, c.index(0), all);
    } else {
      Value step = c.select(all, c.index(tile.block), c.index(tile.segment));
      count = c.loop(from, to, step, {c.index(0)}, [&](Value low, Values so) -> Values {
        Value high = c.least(c.add(low, step), to);
        auto [some, every] = classifyUnless(all, low, high);
        return c.choose(
            some, c.b.getIndexType(), [&]() -> Values { return {segment(from, low, high, so[0], every)}; },
            [&] { return so; });
      })[0];
    }
    c.when(c.less(c.index(0), count), [&] {
      weights(from, count);
      accumulate(from, count);
    });
  };
  auto end = [&](Value from, int64_t size, Value limit) { return c.least(c.add(from, size), limit); };
  if (!masked)
    return c.loop(c.index(0), keys, tile.block,
                  [&](Value from) { block(from, end(from, tile.block, keys), c.bit(true)); });
  int64_t blocksPerSuper = super / tile.block, size = blocksPerSuper * tile.block;
  c.loop(c.index(0), keys, size, [&](Value outerFrom) {
    Value outerTo = end(outerFrom, size, keys);
    auto [some, all] = classify(outerFrom, c.sub(outerTo, 1));
    c.when(some, [&, all = all] {
      c.loop(outerFrom, outerTo, tile.block, [&](Value from) {
        Value to = end(from, tile.block, outerTo);
        auto [some, every] = classifyUnless(all, from, to);
        c.when(some, [&, every = every] { block(from, to, every); });
      });
    });
  });
}

}  // namespace heed::codegen
