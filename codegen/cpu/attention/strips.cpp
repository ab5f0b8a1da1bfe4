// Keys that only some rows of a block see: strip by strip, those segments that its rows see anything of.
//
// Strips hide, weigh and sum on their own, for a key that no row of a strip sees must not be summed. Their scores are
// made together: a tile of more vectors reads each key once for all of them, and what is hidden then costs nothing.
// Test: tests/codegen/attention/attention_test.cpp.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

/// body(lane) for each strip of the block's rows: these are at work.
void AttentionKernel::eachStrip(llvm::function_ref<void(Value)> body) {
  auto given = std::pair(current, seenFrom);
  c.loop(c.index(0), rowCount, int64_t(tile.strip.vectors) * c.lanes, [&](Value lane) {
    workOn(tile.strip, lane);
    body(lane);
  });
  current = given.first, seenFrom = given.second;
}

/// Whether the strips of a block get their scores together.
bool AttentionKernel::scoresTogether() {
  bool costly = llvm::any_of(similarities, [](const Similarity& similarity) { return similarity.costly; });
  return !few && !byMatrices() && !costly && tile.whole.vectors > tile.strip.vectors;
}

/// A bit for each strip that sees any key of the segment `low` is in, of the block that starts at `from`.
Value AttentionKernel::stripsThatSee(Value from, Value low) {
  Value word = c.load(scratch, c.add(seenSlot, c.div(c.sub(low, from), tile.segment)));
  return arith::BitcastOp::create(c.b, c.loc, c.b.getI32Type(), word);
}

void AttentionKernel::findStripsThatSee(Value from, Value to) {
  Type word = c.b.getI32Type();
  auto eachSegment = [&](auto bitsOf) {
    c.loop(from, to, tile.segment, [&](Value low) {
      Value bits = arith::BitcastOp::create(c.b, c.loc, c.b.getF32Type(), bitsOf(low));
      c.store(bits, scratch, c.add(seenSlot, c.div(c.sub(low, from), tile.segment)));
    });
  };
  eachSegment([&](Value) -> Value { return c.constant(c.b.getI32IntegerAttr(0)); });
  SmallVector<Bounds> whole;
  for (Capture& capture : captures) whole.push_back(capture.bounds);
  eachStrip([&](Value lane) {
    boundCaptures();
    Value nth = arith::IndexCastOp::create(c.b, c.loc, word, c.div(lane, int64_t(tile.strip.vectors) * c.lanes));
    eachSegment([&](Value low) -> Value {
      Value some = classify(low, c.sub(c.least(c.add(low, tile.segment), to), 1)).first;
      Value bit = arith::ShLIOp::create(c.b, c.loc, arith::ExtUIOp::create(c.b, c.loc, word, some), nth);
      return arith::OrIOp::create(c.b, c.loc, stripsThatSee(from, low), bit);
    });
  });
  for (auto [capture, bounds] : llvm::zip(captures, whole)) capture.bounds = bounds;
}

/// Asks for keys [from, to) at once: a tile that comes upon them waits for each of their lines.
void AttentionKernel::askForKeys(Value from, Value to) {
  for (Similarity& similarity : similarities)
    for (unsigned number : similarity.operands) {
      const View& view = similar[number];
      if (!view.has(keyDim) || hasRow(view) || view.unit < 0 || view.unit == keyDim || copies.count(number)) continue;
      const int64_t numbers = 64 * 8 / view.element.getIntOrFloatBitWidth();
      c.loop(from, to, c.index(1), {}, [&](Value key, Values) -> Values {
        View there = codegen::at(c.b, c.loc, view, keyDim, key);
        c.loop(c.index(0), extent[view.unit], numbers,
               [&](Value n) { c.prefetch(there.base, c.add(there.offset, n), Code::Cache::first); });
        return {};
      });
    }
}

/// Scores of each segment, for all rows from the first strip that sees any of it to the last one.
void AttentionKernel::scoresOfStrips(Value from, Value to) {
  auto given = std::pair(current, seenFrom);
  auto index = [&](Value x) { return arith::IndexCastUIOp::create(c.b, c.loc, c.b.getIndexType(), x).getResult(); };
  c.loop(from, to, tile.segment, [&](Value low) {
    Value high = c.least(c.add(low, tile.segment), to), strips = stripsThatSee(from, low);
    Value first =
        index(LLVM::CountTrailingZerosOp::create(c.b, c.loc, strips.getType(), strips, /*is_zero_poison=*/false));
    Value end =
        c.sub(c.index(32),
              index(LLVM::CountLeadingZerosOp::create(c.b, c.loc, strips.getType(), strips, /*is_zero_poison=*/false)));
    for (int vectors = tile.strip.vectors; vectors <= tile.whole.vectors; vectors += tile.strip.vectors) {
      Value are = arith::CmpIOp::create(c.b, c.loc, arith::CmpIPredicate::eq, c.sub(end, first),
                                        c.index(vectors / tile.strip.vectors));
      c.when(are, [&] {
        RegisterTile part = vectors == tile.strip.vectors ? tile.strip : tile.whole;
        part.vectors = vectors;
        workOn(part, c.mul(first, int64_t(tile.strip.vectors) * c.lanes));
        scores(from, low, high, c.sub(low, from), /*raise=*/false);
      });
    }
  });
  current = given.first, seenFrom = given.second;
}

/// Keys [from, to), some hidden from some rows.
void AttentionKernel::strips(Value from, Value to) {
  const bool together = scoresTogether();
  if (together) askForKeys(from, c.least(c.add(from, tile.segment), to));
  findStripsThatSee(from, to);
  if (together) scoresOfStrips(from, to);
  eachStrip([&](Value lane) {
    for (int j = 0; j < tile.strip.vectors; ++j) setLanes(laneVector(maxSlot, j), oldMaxSlot, j);
    Value nth =
        arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), c.div(lane, int64_t(tile.strip.vectors) * c.lanes));
    Value count = c.loop(from, to, c.index(tile.segment), {c.index(0)}, [&](Value low, Values so) -> Values {
      Value high = c.least(c.add(low, tile.segment), to);
      Value bit = arith::ShRUIOp::create(c.b, c.loc, stripsThatSee(from, low), nth);
      return c.choose(
          arith::TruncIOp::create(c.b, c.loc, c.b.getI1Type(), bit), c.b.getIndexType(),
          [&]() -> Values {
            Value first = together ? c.sub(low, from) : so[0];
            if (!together) scores(from, low, high, first, /*raise=*/false);
            return {hide(from, low, high, first, so[0])};
          },
          [&] { return so; });
    })[0];
    c.when(c.less(c.index(0), count), [&] {
      auto keyAt = [&](Value row) { return c.add(from, listed(row)); };
      if (byMatrices()) transposeValues(count, keyAt);
      weights(from, count, keyAt);
      byMatrices() ? accumulateMatrices(count) : accumulateRuns(from, count);
    });
  });
}

}  // namespace heed::codegen
