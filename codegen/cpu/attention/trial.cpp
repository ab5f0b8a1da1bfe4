// Weights of bf16 made while scores are in registers: under the maximum that there was, on trial.
//
// They then overlap with the products of the next tile, and scores are never stored. A maximum that grows by little may
// stay (keepMaximum); if another one does not, the block's scores are computed again, and the next blocks get no trial.
// Test: tests/codegen/attention/attention_test.cpp.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

static constexpr float pause = 8;  // blocks without a trial after one that failed

bool AttentionKernel::triesWeights() {
  if (!weighsPairs() || byMatrices() || few || op.getLse()) return false;
  if (current.tile.vectors != tile.whole.vectors || current.tile.keys % 2 != 0) return false;
  if (!plain && !finishesInTiles()) return false;
  return similarities.size() == 1 && !similarities[0].tanh && !similarities[0].costly;
}

/// The first block has no maximum to go by.
void AttentionKernel::startTrials() {
  if (trial.wait) setLanes(c.splat(1), trial.wait, 0);
}

/// The weights of keys [from, to), with their sum, if that may be tried and works out: whether it did.
Value AttentionKernel::tryWeights(Value from, Value to) {
  OpBuilder& b = c.b;
  const int vectors = current.tile.vectors;
  Value slot = place(trial.wait, 0), wait = c.load(scratch, slot);
  auto number = [&](float x) { return c.constant(b.getF32FloatAttr(x)); };
  auto is = [&](Value x, Value y) -> Value { return arith::CmpIOp::create(b, c.loc, arith::CmpIPredicate::eq, x, y); };
  // Of a tile that ends past the last key a key would be summed twice.
  Value whole = is(arith::RemUIOp::create(b, c.loc, c.sub(to, from), c.index(current.tile.keys)), c.index(0));
  Value over = arith::CmpFOp::create(b, c.loc, arith::CmpFPredicate::OLE, wait, number(0));
  return c.choose(
      arith::AndIOp::create(b, c.loc, whole, over), b.getI1Type(),
      [&]() -> Values {
        for (int j = 0; j < vectors; ++j) setLanes(laneVector(sumSlot, j), trial.sum, j);
        scoreTiles(similarities[0], from, from, to, c.index(0), {.raise = true, .post = !plain, .weigh = true});
        Value all = growsLittle(0);
        for (int j = 1; j < vectors; ++j) all = arith::AndIOp::create(b, c.loc, all, growsLittle(j));
        Value good = vector::ReductionOp::create(b, c.loc, vector::CombiningKind::AND, all);
        auto take = [&]() -> Values {
          for (int j = 0; j < vectors; ++j) {
            setLanes(laneVector(oldMaxSlot, j), maxSlot, j);
            setLanes(laneVector(trial.sum, j), sumSlot, j);
            setLanes(c.splat(1), alphaSlot, j);
          }
          return {};
        };
        c.choose(good, {}, take, [&]() -> Values { return c.store(number(pause), scratch, slot), Values(); });
        return {good};
      },
      [&]() -> Values {
        c.store(arith::SubFOp::create(b, c.loc, wait, number(1)), scratch, slot);
        return {c.bit(false)};
      })[0];
}

}  // namespace heed::codegen
