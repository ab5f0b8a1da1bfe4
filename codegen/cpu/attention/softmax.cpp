// P = 2^(S - m) with its running sum, and O += P V.
#include "heed/codegen/cpu/attention/base.h"
#include "heed/codegen/cpu/attention/kernel.h"
#include "heed/codegen/cpu/x86.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace heed::codegen {

/// 2^x for x <= 0: exactly 1 at 0, exactly 0 at -inf, NaN for NaN; elsewhere within 2 ULP down to 2^-126, then 0 or
/// denormal.
///
/// The polynomials are the minimax ones among those that are 1 at 0, which makes rescaling by an unchanged maximum the
/// identity; their relative error is 8.3e-8 on [0, 1] and 9.2e-8 on [-1/2, 1/2].
///
/// `coarse`: within 8.6e-5, where weights are rounded to bf16 and no lse is asked for; then rows are summed as exactly
/// as they are weighed.
Value AttentionKernel::exp2(Value x, bool coarse) {
  OpBuilder& b = c.b;
  auto sub = [&](Value l, Value r) -> Value { return arith::SubFOp::create(b, c.loc, l, r); };
  auto times = [&](Value l, Value r) -> Value { return arith::MulFOp::create(b, c.loc, l, r); };
  auto polynomial = [&](Value r, ArrayRef<float> factors) {
    Value sum = c.splat(factors.front());
    for (float factor : factors.drop_front())
      sum = c.target.fma ? vector::FMAOp::create(b, c.loc, sum, r, c.splat(factor)).getResult()
                         : arith::AddFOp::create(b, c.loc, times(sum, r), c.splat(factor)).getResult();
    return sum;
  };
  if (has512(c.target, x)) {
    const std::array<float, 6> fine{0.00186713005f, 0.00901703071f, 0.0557999127f, 0.240164444f, 0.693151295f, 1.0f};
    const std::array<float, 4> rough{0.0770671219f, 0.227644920f, 0.695116758f, 1.0f};
    Value part = fraction512(b, c.loc, x);
    Value power = scale512(b, c.loc, coarse ? polynomial(part, rough) : polynomial(part, fine), x);
    if (c.target.denormals) return power;
    // Denormal weights would cost the sums that follow a hundred times as much, and count for nothing.
    Value normal = arith::CmpFOp::create(b, c.loc, arith::CmpFPredicate::UGE, x, c.splat(-126));
    return arith::SelectOp::create(b, c.loc, normal, power, c.splat(0));
  }
  // x + 1.5 * 2^23 + 127 holds round(x) + 127 in its low bits; shifted left by 23 they are the float 2^round(x), and 0
  // where x rounds to -127.
  x = c.larger(c.splat(-127), x);
  Value magic = c.splat(12582912 + 127);
  Value shifted = arith::AddFOp::create(b, c.loc, x, magic);
  Value part = sub(x, sub(shifted, magic));
  Value mantissa = polynomial(part, {0.00132647273f, 0.00967151299f, 0.0555073358f, 0.240222424f, 0.693147004f, 1.0f});
  VectorType ints = c.vectorOf(b.getI32Type());
  Value bits = arith::BitcastOp::create(b, c.loc, ints, shifted);
  Value by = c.constant(DenseElementsAttr::get(ints, b.getI32IntegerAttr(23)));
  return times(mantissa, arith::BitcastOp::create(b, c.loc, c.floats(), arith::ShLIOp::create(b, c.loc, bits, by)));
}

/// Scores whose neighbours are 64 apart: of such a row only the largest count, in any base.
static constexpr float coarse = 1 << 29;

/// Of a row whose maximum is `max`. 0 is taken off while a row has seen no key, for -inf - -inf is NaN.
///
/// A maximum in base 2 is rounded, and 2 to the power of what that leaves is a factor of all weights of the row, and of
/// their sum. Of a large maximum it would be more than a float holds, so those rows stay in their own base.
AttentionKernel::Shift AttentionKernel::shift(Value max) {
  Value none = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, max,
                                     c.splat(-std::numeric_limits<float>::infinity()));
  Value some = arith::SelectOp::create(c.b, c.loc, none, c.splat(0), max);
  if (!c.target.fma) return {some, c.splat(log2e)};
  Value factor = baseOf(some);
  return {arith::MulFOp::create(c.b, c.loc, some, factor), factor};
}

/// A maximum that grows by little stays what it was, and with it what was summed: weights are at most e^calm then.
void AttentionKernel::keepMaximum(int j) {
  setLanes(arith::SelectOp::create(c.b, c.loc, growsLittle(j), laneVector(oldMaxSlot, j), laneVector(maxSlot, j)),
           maxSlot, j);
}

/// Whether each maximum of vector j grew by little, or not at all. One of no key before grows by infinity or NaN.
Value AttentionKernel::growsLittle(int j) {
  constexpr float calm = 5;
  Value growth = arith::SubFOp::create(c.b, c.loc, laneVector(maxSlot, j), laneVector(oldMaxSlot, j));
  return arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OLE, growth, c.splat(calm));
}

/// What turns the scores of such a row into exponents of 2.
Value AttentionKernel::baseOf(Value max) {
  Value size = math::AbsFOp::create(c.b, c.loc, max);
  Value fine = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OLT, size, c.splat(coarse));
  return arith::SelectOp::create(c.b, c.loc, fine, c.splat(log2e), c.splat(1));
}

/// e^(score - max): the score is never rounded to base 2, which would cost large ones a unit in the last place.
Value AttentionKernel::exponential(Value score, const Shift& shift, bool coarse) {
  if (!c.target.fma) {
    Value below = arith::SubFOp::create(c.b, c.loc, score, shift.by);
    return exp2(arith::MulFOp::create(c.b, c.loc, below, shift.factor));
  }
  Value negated = arith::NegFOp::create(c.b, c.loc, shift.by);
  return exp2(vector::FMAOp::create(c.b, c.loc, score, shift.factor, negated), coarse);
}

/// The factor of what was summed under the maximum `before`: of the rounded maxima, so that an unchanged one leaves it
/// as it is.
Value AttentionKernel::rescaled(Value before, const Shift& now) {
  if (!c.target.fma) return exponential(before, now);
  Value factor = baseOf(before), there = arith::MulFOp::create(c.b, c.loc, before, factor);
  Value same = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, factor, now.factor);
  Value nothing =
      c.splat(-std::numeric_limits<float>::infinity());  // rows change their base where it counts for nothing
  Value exponent = arith::SubFOp::create(c.b, c.loc, there, now.by);
  return exp2(arith::SelectOp::create(c.b, c.loc, same, exponent, nothing));
}

/// The logarithm of the sum of e^score, where `sum` is that of the weights.
Value AttentionKernel::logSum(Value max, Value sum) {
  Shift of = shift(max);
  Value log = math::LogOp::create(c.b, c.loc, sum), own = arith::AddFOp::create(c.b, c.loc, of.by, log);
  if (!c.target.fma) return own;
  // One rounding, and the number that the maximum was multiplied by.
  Value natural = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, of.factor, c.splat(1));
  Value scaled = vector::FMAOp::create(c.b, c.loc, of.by, c.splat(backRest), log);
  scaled = vector::FMAOp::create(c.b, c.loc, of.by, c.splat(back), scaled);
  return arith::SelectOp::create(c.b, c.loc, natural, own, scaled);
}

/// The key of a packed row, counted from the block.
Value AttentionKernel::listed(Value row) {
  Value word = arith::BitcastOp::create(c.b, c.loc, c.b.getI32Type(), c.load(scratch, c.add(listSlot, row)));
  return arith::IndexCastOp::create(c.b, c.loc, c.b.getIndexType(), word);
}

/// The first `count` rows of scores, of keys keyAt(row), become weights; m, l and the factor alpha for what was summed
/// before.
void AttentionKernel::weights(Value block, Value count, llvm::function_ref<Value(Value)> keyAt) {
  OpBuilder& b = c.b;
  const int vectors = current.tile.vectors;
  SmallVector<Shift> max;
  Values sums(vectors, c.splat(0));
  for (int j = 0; j < vectors; ++j) {
    if (byMatrices()) keepMaximum(j);
    max.push_back(shift(laneVector(maxSlot, j)));
    if (trial.by) setLanes(max[j].by, trial.by, j), setLanes(max[j].factor, trial.factor, j);
    setLanes(rescaled(laneVector(oldMaxSlot, j), max[j]), alphaSlot, j);
  }
  Lines ask = few ? linesOfValues(block) : linesOfRows(block);
  auto rowAt = [&](Value row) { return c.add(scoreSlot, c.mul(row, pitch)); };
  const bool inPairs = weighsPairs(), coarse = pairs && !op.getLse();
  auto weightOf = [&](Value row, int j, Value& sum) {
    Value weight = exponential(laneVector(rowAt(row), j), max[j], coarse);
    sum = arith::AddFOp::create(b, c.loc, sum, weight);
    return weight;
  };
  // Of an odd number of keys the last one gets a partner that weighs nothing.
  for (int j = 0; inPairs && j < vectors; ++j)
    setLanes(c.splat(-std::numeric_limits<float>::infinity()), rowAt(count), j);
  Value words = inPairs ? c.div(c.add(count, 1), 2) : count;
  sums = c.loop(c.index(0), words, c.index(1), sums, [&](Value row, Values so) {
    if (ask) ask(row);
    Value first = inPairs ? c.mul(row, 2) : row;
    for (int j = 0; j < vectors; ++j) {
      Value weight = weightOf(first, j, so[j]);
      if (inPairs) weight = pairedWeights(weight, weightOf(c.add(first, 1), j, so[j]));
      setLanes(weight, rowAt(row), j);
    }
    return so;
  });
  for (int j = 0; j < vectors; ++j) {
    Value before = arith::MulFOp::create(b, c.loc, laneVector(sumSlot, j), laneVector(alphaSlot, j));
    setLanes(arith::AddFOp::create(b, c.loc, before, sums[j]), sumSlot, j);
  }
  Region& weigh = op.getWeigh();
  if (weigh.empty()) return;
  c.loop(c.index(0), count, 1, [&](Value row) {
    Value key = keyAt(row);
    eachVector([&](Value lane) {
      Value where = c.add(scoreSlot, c.add(c.mul(row, pitch), lane));
      Values arguments{c.loadLanes(scratch, where)};
      arguments.append(capturesAt(weigh, 1, key, block, lane));
      RegionCloner region = cloner(lane, key);
      SmallVector<Value> weight = region.clone(weigh, arguments);
      if (weight.empty()) return void(failed = true);
      c.storeLanes(region.broadcast(weight[0]), scratch, where);
    });
  });
}

/// O = O * alpha + P V, by runs of listed keys that follow each other: nearly always there is one.
void AttentionKernel::accumulateRuns(Value block, Value count) {
  Value last = c.sub(count, 1), one = c.index(1);
  Value whole = c.atMost(c.sub(listed(last), listed(c.index(0))), last);
  c.loop(c.index(0), count, c.select(whole, count, one), {c.index(0)}, [&](Value row, Values start) -> Values {
    Value end = c.select(whole, last, row), next = c.add(end, 1);
    Value follows = c.less(c.add(listed(end), 1), listed(c.least(next, last)));
    Value ends = arith::OrIOp::create(c.b, c.loc, follows, c.atMost(last, end));
    return c.choose(
        ends, c.b.getIndexType(),
        [&]() -> Values {
          accumulate(c.add(block, listed(start[0])), start[0], next);
          // What was summed before is scaled once.
          for (int j = 0; j < current.tile.vectors; ++j) setLanes(c.splat(1), alphaSlot, j);
          return {next};
        },
        [&] { return start; });
  });
}

/// The same for the rows [from, to) of P, which belong to `key` and those after it; some columns at a time. Past the
/// last column it is repeated into rows of O nobody reads.
void AttentionKernel::accumulate(Value key, Value from, Value to) {
  if (few) return accumulateFewRows(key, from, to);
  OpBuilder& b = c.b;
  const RegisterTile tile = current.tile;
  View first = codegen::at(b, c.loc, valueView, keyDim, pairs ? c.div(key, keysOfWord()) : key);
  Value stride = valueView.has(keyDim) ? valueView.stride[keyDim] : c.index(0);
  // Words of P and V: made before, each of two keys, or made of this run, where a line of V is a key's and the next
  // one's.
  const bool ready = weighsPairs(), ofRun = pairs && !ready;
  const int64_t keysOfRow = ofRun ? 2 : 1;
  Value keys = c.sub(to, from), lines = ready ? c.div(c.add(keys, 1), 2) : keys;  // of V
  Value end = pairs ? c.add(from, ofRun ? c.div(keys, 2) : lines) : to;  // of P, without a key that has no partner
  if (ofRun) pairUp(scoreSlot, from, to);
  Value nextRows = c.mul(stride, 4), nextBlock = c.mul(stride, this->tile.block / (ready ? 2 : 1));
  Value rowStride = c.mul(stride, keysOfRow);
  int64_t inner = value.empty() ? -1 : value.back();
  Value dense = inner < 0
                    ? c.bit(false)
                    : arith::CmpIOp::create(b, c.loc, arith::CmpIPredicate::eq, stride, extent[inner]).getResult();
  // Where no tile has columns past the last one, they are neighbours of the first: one register is the base of all.
  bool neighbours = inner >= 0 && inner == valueView.unit && !ShapedType::isDynamic(c.known(extent[inner])) &&
                    c.known(extent[inner]) % tile.values == 0;
  auto columns = [&](View view, Value slot, Value column) {
    auto columnAt = [&](int i) {  // past the last one that again
      if (inner < 0) return view;
      return codegen::at(b, c.loc, view, inner, i ? c.least(c.add(column, i), c.sub(extent[inner], 1)) : column);
    };
    Values bases, sums;
    freeRegisters(b, c.loc, c.target);
    for (int i = 0; i < tile.values; ++i) {
      View there = columnAt(neighbours ? 0 : i);
      if (!neighbours || i == 0) bases.push_back(c.from(there.base, there.offset));
      for (int j = 0; j < tile.vectors; ++j)
        sums.push_back(
            arith::MulFOp::create(b, c.loc, laneVector(c.add(slot, i * pitch), j), laneVector(alphaSlot, j)));
    }
    // Asked for: the rows that follow, for those that lie a power of two apart evict each other before the next columns
    // are read; and from further away the next block. That is walked through once while all columns are, where it is
    // one piece of memory: asked for column by column its lines would come in bursts, and others wait for them.
    View top = columnAt(0);
    Value follows = c.from(top.base, c.add(top.offset, nextRows));
    Value start = c.select(dense, c.mul(column, lines), column);
    Value next = c.from(view.base, c.add(c.add(view.offset, nextBlock), start));
    Value step = c.select(dense, c.index(tile.values * keysOfRow), rowStride);
    const size_t count = sums.size();
    sums.append({c.add(scoreSlot, c.mul(from, pitch)), c.index(0), c.index(0)});
    auto products = [&](Values so, bool single) {
      Value where = so[count], offset = so[count + 1];
      Values weight;
      for (int j = 0; j < tile.vectors; ++j) weight.push_back(laneVector(where, j));
      c.prefetch(follows, offset, Code::Cache::first);
      c.prefetch(next, so[count + 2], Code::Cache::second);
      so[count + 2] = c.add(so[count + 2], step);
      for (int i = 0; i < tile.values; ++i) {
        Value element = neighbours ? c.load(bases[0], c.add(offset, i)) : c.load(bases[i], offset);
        Value x = c.broadcast(single ? firstOf(element) : element);
        for (int j = 0; j < tile.vectors; ++j) {
          Value& sum = so[i * tile.vectors + j];
          sum = pairs ? sumPairs(sum, x, weight[j])
                : c.target.fma
                    ? vector::FMAOp::create(b, c.loc, x, weight[j], sum).getResult()
                    : arith::AddFOp::create(b, c.loc, arith::MulFOp::create(b, c.loc, x, weight[j]), sum).getResult();
        }
      }
      so[count] = c.add(where, pitch), so[count + 1] = c.add(offset, rowStride);
      return so;
    };
    sums = c.loop(from, end, c.index(1), sums, [&](Value, Values so) { return products(so, false); });
    if (ofRun)
      sums = c.choose(
          c.less(c.mul(c.sub(end, from), 2), keys), ValueRange(sums).getTypes(), [&] { return products(sums, true); },
          [&] { return sums; });
    for (int i = 0; i < tile.values; ++i)
      for (int j = 0; j < tile.vectors; ++j) setLanes(sums[i * tile.vectors + j], c.add(slot, i * pitch), j);
    freeRegisters(b, c.loc, c.target);
  };
  walk(valueAxes, first, outSlot, inner, [&](View view, Value slot) {
    if (inner < 0) return columns(view, slot, c.index(0));
    c.loop(c.index(0), extent[inner], tile.values,
           [&](Value column) { columns(view, c.add(slot, c.mul(column, pitch)), column); });
  });
}

}  // namespace heed::codegen
