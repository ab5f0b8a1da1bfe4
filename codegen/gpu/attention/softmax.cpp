// P = 2^(S - m) with its running sum, and O += P V.
#include "heed/codegen/cpu/attention/base.h"
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace heed::codegen::gpu {

using namespace mlir;

/// 2^x, within 2 ULP; what would be denormal is 0. One instruction (PTX: ex2.approx.ftz).
Value AttentionKernel::exp2(Value x) {
  return LLVM::CallIntrinsicOp::create(b, b.getF32Type(), b.getStringAttr("llvm.nvvm.ex2.approx.ftz"), ValueRange{x})
      .getResult(0);
}

/// What is subtracted from scores in base 2: the maximum, but 0 while a row has seen no key, for -inf - -inf is NaN.
Value AttentionKernel::shift(Value max) {
  Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, max, real(-INFINITY));
  return arith::MulFOp::create(b, arith::SelectOp::create(b, none, real(0), max), real(log2e));
}

/// The factor of what was summed under a maximum, under a shift.
Value AttentionKernel::rescaled(Value max, Value shift) {
  // Of the rounded maxima: an unchanged one leaves what was summed as it is.
  return exp2(arith::SubFOp::create(b, arith::MulFOp::create(b, max, real(log2e)), shift));
}

/// The logarithm of the sum of e^score, where `sum` is that of the weights, as it is stored; -inf where a row has seen
/// no key.
Value AttentionKernel::logSum(Value max, Value sum) {
  Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, real(0));
  // One rounding, and the number that the maximum was multiplied by.
  Value by = shift(max), log = math::LogOp::create(b, sum);
  log = math::FmaOp::create(b, by, real(back), math::FmaOp::create(b, by, real(backRest), log));
  return fromF32(arith::SelectOp::create(b, none, real(-INFINITY), log), lse.element);
}

/// The state after one more tile of finished scores.
AttentionKernel::State AttentionKernel::absorb(State state, Fragments scores, const Keys& keys) {
  Weights p = weights(state, scores, keys);
  rescale(state, p.before);
  if (cores)
    accumulateByCores(state, p.of);
  else if (tiled)
    accumulateByFma(state, p.of);
  else
    accumulate(state, p.of, keys);
  return state;
}

/// m and l of the state become those after the tile.
AttentionKernel::Weights AttentionKernel::weights(State& state, Fragments scores, const Keys& keys) {
  auto larger = [&](Value x, Value y) -> Value { return arith::MaxNumFOp::create(b, x, y); };
  Weights weights{Fragments(keyTiles), {}};
  for (int h = 0; h < halves; ++h) {
    Value most = state.max[h];
    for (int n = 0; n < keyTiles; ++n)
      for (int c = 0; c < 2; ++c) most = larger(most, scores.at(h, n, c));
    most = acrossQuad(most, larger);
    Value by = shift(most), negated = arith::NegFOp::create(b, by), sum;
    Value alpha = rescaled(state.max[h], by);
    state.max[h] = most;
    for (int n = 0; n < keyTiles; ++n)
      for (int c = 0; c < 2; ++c) {
        // The score is never rounded to base 2, which would cost large ones a unit in the last place.
        Value weight = exp2(math::FmaOp::create(b, scores.at(h, n, c), real(log2e), negated));
        weights.of.at(h, n, c) = weight;
        sum = sum ? arith::AddFOp::create(b, sum, weight).getResult() : weight;
      }
    state.sum[h] = math::FmaOp::create(b, state.sum[h], alpha, sum);
    weights.before.push_back(alpha);
  }
  if (Region& weigh = op.getWeigh(); !weigh.empty())
    for (int n = 0; n < keyTiles; ++n) {
      reach(n, weigh, 1, keys.first);
      for (int c = 0; c < 2; ++c)
        for (int h = 0; h < halves; ++h) {
          Values arguments{weights.of.at(h, n, c)};
          arguments.append(capturesAt(weigh, 1, h, n, c));
          Value key = clampedKey(keyAt(keys.first, n, c));
          weights.of.at(h, n, c) = cloned(cloner(h, key), weigh, arguments)[0];
        }
    }
  return weights;
}

void AttentionKernel::rescale(State& state, const Values& before) {
  state.out.each(
      [&](int h, int n, int c) { state.out.at(h, n, c) = arith::MulFOp::create(b, state.out.at(h, n, c), before[h]); });
}

/// O += P V, key by key: P goes through shared memory, for a thread has only two of every eight columns of it. A key
/// that no row of the warp sees is left out, whatever its value row holds.
void AttentionKernel::accumulate(State& state, const Fragments& weights, const Keys& keys) {
  const int64_t tile = keyTiles * columnsOfTile;
  Fragments p = weights;
  auto rowAt = [&](int h) {
    return add(b, weightsOf.offset, mul(b, add(b, group, constant(b, 8 * h)), constant(b, tile)));
  };
  syncWarp(b);  // the others have read the weights of the tile before
  p.each([&](int h, int n, int c) { store(b, weightsOf, p.at(h, n, c), add(b, rowAt(h), column(n, c))); });
  syncWarp(b);
  auto loop = scf::ForOp::create(b, constant(b, 0), constant(b, tile), constant(b, 1), state.out.values());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value k = loop.getInductionVar();
    Value bit = arith::ShRUIOp::create(b, keys.seen[0], arith::IndexCastOp::create(b, b.getI32Type(), k));
    Value seen = arith::TruncIOp::create(b, b.getI1Type(), bit);
    ValueRange so = loop.getRegionIterArgs();
    scf::YieldOp::create(b, choose(
                                b, seen, so.getTypes(),
                                [&] {
                                  Fragments out(columnTiles, so);
                                  View line = moved(valueView, keyDim, add(b, keys.first, k));
                                  Values weight;
                                  for (int h = 0; h < halves; ++h)
                                    weight.push_back(load(b, weightsOf, add(b, rowAt(h), k)));
                                  for (int n = 0; n < columnTiles; ++n)
                                    for (int c = 0; c < 2; ++c) {
                                      Value x = toF32(element(columnOf(line, n, c).view));
                                      for (int h = 0; h < halves; ++h)
                                        out.at(h, n, c) = math::FmaOp::create(b, weight[h], x, out.at(h, n, c));
                                    }
                                  return out.values();
                                },
                                [&] { return llvm::to_vector(so); }));
  }
  state.out = Fragments(columnTiles, loop.getResults());
}

}  // namespace heed::codegen::gpu
