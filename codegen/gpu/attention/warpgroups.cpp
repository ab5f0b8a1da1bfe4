// What warpgroups of consumers do with the tiles that hopper.cpp has brought for them: a product of one tile is under
// way while the weights of the next are made.
//
// Shah et al., FlashAttention-3, 2024 (algorithm 2). A tile's scores are asked for before the sums of the tile before
// it, and its weights made while those are added up. The two warpgroups take turns (section 3.1, "pingpong"): one asks
// for products of two tiles only when the other has done so, and so makes its weights while the other's products run.
// With three, each would hand its turn to the next of them; there are always two, of 64 rows: three would leave each
// too few registers (160) for 128 keys and as many columns. Test: tests/codegen/gpu/attention_test.cpp.
#include "heed/codegen/gpu/attention/kernel.h"
#include "heed/codegen/tile/async.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

Values registersOf(const Fragments& x) {
  Values all(x.values().size());
  x.each([&](int h, int n, int c) { all[sumOf(h, n, c)] = Fragments(x).at(h, n, c); });
  return all;
}

Fragments fragmentsOf(ValueRange registers, int tiles) {
  Fragments x(tiles);
  x.each([&](int h, int n, int c) { x.at(h, n, c) = registers[sumOf(h, n, c)]; });
  return x;
}

/// The fence that stands between other uses of registers and wgmma's.
Values fenced(Builder& b, ValueRange values) {
  return llvm::to_vector(ValueRange(tile::WgmmaFenceOp::create(b, values.getTypes(), values).getResults()));
}

/// Until all products but those of the last `pending` groups are done. What is made of `values` comes after that.
Values awaited(Builder& b, ValueRange values, int64_t pending) {
  return llvm::to_vector(ValueRange(tile::WgmmaWaitOp::create(b, values.getTypes(), values, pending).getResults()));
}

/// What the sums of a tile that are still to be asked for are made of: O before it, and its P as packed() gives it.
struct Unsummed {
  Values out, weights;

  /// `carried` as columnsByWarpgroup() has it.
  static Unsummed of(const Fragments& out, ValueRange carried, int64_t words) {
    return {registersOf(out), Values(carried.drop_back(2).take_back(words))};
  }
  void fence(Builder& b) {
    Values both = out;
    both.append(weights);
    both = fenced(b, both);
    out.assign(both.begin(), both.begin() + out.size());
    weights.assign(both.begin() + out.size(), both.end());
  }
};

}  // namespace

/// S of the tile at `turn`: one group of products.
Values AttentionKernel::askForScores(Value group, const Ring::Turn& rows, const Ring::Turn& turn) {
  Value mine = mul(b, group, constant(b, warpgroupRows * boxRowBytes));
  Value q = descriptor(b, add(b, stageAt(0, bytesOfRows, rows), mine), 16, 8 * boxRowBytes);
  Value k = descriptor(b, stageAt(keysAt, bytesOfKeys, turn), 16, 8 * boxRowBytes);
  const int64_t perBox = boxColumns / Cores::step;
  const int64_t steps = llvm::divideCeil(*getConstantIntValue(extent[depth]), Cores::step);
  SmallVector<Type> types(keysOfStage / 2, b.getF32Type());
  Values sums;
  for (int64_t n = 0; n < steps; ++n) {
    int64_t within = n % perBox * 2 * Cores::step, box = n / perBox;
    Value left = further(b, q, box * pitchOfQueries() + within);
    Value right = further(b, k, box * keysOfStage * boxRowBytes + within);
    auto product = tile::WgmmaOp::create(b, types, left, right, sums, keysOfStage, narrow, /*upright=*/false);
    sums = llvm::to_vector(ValueRange(product.getResults()));
  }
  tile::WgmmaCommitOp::create(b);
  return sums;
}

/// O + P V of the tile at `turn`: one group of products. P as packed() gives it.
Values AttentionKernel::askForSums(Values out, ValueRange weights, const Ring::Turn& turn) {
  Value v = stageAt(valuesAt, bytesOfValues, turn);
  v = descriptor(b, v, keysOfStage * boxRowBytes, 8 * boxRowBytes);
  SmallVector<Type> types(out.size(), b.getF32Type());
  for (int64_t k = 0; k < keysOfStage / Cores::step; ++k) {
    auto product =
        tile::WgmmaOp::create(b, types, weights.slice(4 * k, 4), further(b, v, k * Cores::step * boxRowBytes), out,
                              columnTiles * columnsOfTile, narrow, /*upright=*/true);
    out = llvm::to_vector(ValueRange(product.getResults()));
  }
  tile::WgmmaCommitOp::create(b);
  return out;
}

/// Which of them the thread is of: found each time, for what is made of it would take registers from tile to tile (of
/// the places of Q alone two for each step of the depth).
Value AttentionKernel::warpgroup() { return quotient(b, sameInWarp(b, self.warp(b)), constant(b, warpsOfGroup)); }

/// The second warpgroup lets the first one begin.
void AttentionKernel::beginTurns() {
  static_assert(consumers == 2);
  Value group = warpgroup();
  when(b, below(b, constant(b, 0), group), [&] { passTurn(group); });
}

/// Until the other warpgroup has passed the turn.
void AttentionKernel::takeTurn(Value group) {
  tile::NamedBarrierOp::create(b, add(b, i32(b, group), named(turnBarrier)), consumers * warpsOfGroup * warpSize);
}

void AttentionKernel::passTurn(Value group) {
  tile::NamedBarrierOp::create(b, sub(b, named(turnBarrier + 1), i32(b, group)), consumers * warpsOfGroup * warpSize,
                               /*arrive=*/true);
}

/// The first one takes the turn that nobody wants any more: both barriers are as they were.
void AttentionKernel::endTurns() {
  Value group = warpgroup();
  when(b, below(b, group, constant(b, 1)), [&] { takeTurn(group); });
}

/// Carried from tile to tile: the state, P of the tile before, whether there was one, and how many came before, those
/// of other tasks included; these are returned.
Value AttentionKernel::columnsByWarpgroup(const Ring::Turn& rows, Value count) {
  Values first = start().pack();
  first.append(keyTiles * halves, arith::ConstantOp::create(b, b.getI32IntegerAttr(0)));
  SmallVector<Type> types(ValueRange(first).getTypes());
  auto known = [&](bool x) { return arith::ConstantOp::create(b, b.getBoolAttr(x)).getResult(); };
  first.append({known(false), count});
  Value one = constant(b, 1);
  Values last = overTiles(keysOfStage, first, [&](const Tile& tile, ValueRange so) {
    auto step = [&](bool pending) { return stepOfWarpgroup(rows, so, tile, pending); };
    Values next = choose(
        b, so.drop_back().back(), types, [&] { return step(true); }, [&] { return step(false); });
    next.append({known(true), add(b, so.back(), one)});
    return next;
  });
  giveBack(*rowRing, rows);
  State state = State::unpack(last, columnTiles);
  Value some = last[last.size() - 2];
  auto sums = [&] {
    Ring::Turn turn = valueRing->turn(sub(b, last.back(), one));
    Unsummed tile = Unsummed::of(state.out, last, keyTiles * halves);
    tile.fence(b);
    Values out = awaited(b, askForSums(tile.out, tile.weights, turn), 0);
    giveBack(*valueRing, turn);
    return out;
  };
  Values out = registersOf(state.out);
  state.out = fragmentsOf(choose(b, some, ValueRange(out).getTypes(), sums, [&] { return out; }), columnTiles);
  findAgain();
  findRows(warp);
  finish(state);
  return last.back();
}

/// One tile, the products of the one before it still `pending` unless it is the first: the state, and P.
Values AttentionKernel::stepOfWarpgroup(const Ring::Turn& rows, ValueRange so, const Tile& tile, bool pending) {
  State state = State::unpack(so, columnTiles);
  Value count = so.back();
  Ring::Turn turn = keyRing->turn(count), before = pending ? valueRing->turn(sub(b, count, constant(b, 1))) : turn;
  Unsummed last;
  if (pending) last = Unsummed::of(state.out, so, keyTiles * halves);
  const Value group = warpgroup();
  keyRing->waitFull(turn);
  takeTurn(group);
  last.fence(b);
  Values s = askForScores(group, rows, turn), out;
  if (pending) out = askForSums(last.out, last.weights, before);
  passTurn(group);
  s = awaited(b, s, pending);
  giveBack(*keyRing, turn);

  auto [scores, keys] = visible(posted(fragmentsOf(s, keyTiles), tile.from), tile);
  Weights p = weights(state, scores, keys);
  // Its values will be wanted soon; and a loop that waits keeps ptxas from waiting for the sums before the weights are
  // made. These are made into words only then: the words of the tile before are still being read.
  valueRing->waitFull(turn);
  if (pending) {
    const size_t sums = out.size();
    out.append(registersOf(p.of));
    out = awaited(b, out, 0);
    giveBack(*valueRing, before);
    state.out = fragmentsOf(ValueRange(out).take_front(sums), columnTiles);
    p.of = fragmentsOf(ValueRange(out).drop_front(sums), keyTiles);
  }
  rescale(state, p.before);
  Values next = state.pack();
  // Sums of a product lie as the next product wants its left operand: for each 16 keys four registers.
  for (int n = 0; n < keyTiles; ++n)
    for (int h = 0; h < halves; ++h) next.push_back(tensor->packed(p.of.at(h, n, 0), p.of.at(h, n, 1)));
  Value partial = arith::XOrIOp::create(b, keys.whole, arith::ConstantOp::create(b, b.getBoolAttr(true)));
  when(b, partial, [&, keys = keys] {
    Value begin = add(b, constant(b, valuesAt), mul(b, turn.slot, constant(b, bytesOfValues)));
    clearUnseen(keys.seen, {begin, keysOfStage, boxRowBytes, boxRowBytes, bytesOfValues / (keysOfStage * boxRowBytes)});
  });
  return next;
}

}  // namespace heed::codegen::gpu
