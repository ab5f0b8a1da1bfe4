// What warpgroups of consumers do with the tiles that hopper.cpp has brought for them: a product of one tile is under
// way while the weights of the next are made.
//
// Shah et al., FlashAttention-3, 2024 (algorithm 2). A tile's scores are asked for before the sums of the tile before
// it, and its weights made while those are added up. Test: tests/codegen/gpu/attention_test.cpp.
#include "heed/codegen/gpu/attention/kernel.h"
#include "heed/codegen/tile/async.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t consumersBarrier = 1;  // barrier 0 is the block's

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

}  // namespace

/// S of the tile at `turn`: one group of products.
Values AttentionKernel::askForScores(const Ring::Turn& turn) {
  Value mine = mul(b, quotient(b, warp, constant(b, 4)), constant(b, 4 * rowsOfWarp * boxRowBytes));
  Value q = descriptor(b, add(b, tensor->base(), mine), 16, 8 * boxRowBytes);
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

/// Carried from tile to tile: the state, P of the tile before, and how many there were.
void AttentionKernel::columnsByWarpgroup() {
  Values first = start().pack();
  const size_t numbers = first.size(), words = keyTiles * halves;
  first.append(words, arith::ConstantOp::create(b, b.getI32IntegerAttr(0)));
  SmallVector<Type> types(ValueRange(first).getTypes());
  first.push_back(constant(b, 0));
  Value zero = constant(b, 0), one = constant(b, 1);
  Values last = overTiles(keysOfStage, first, [&](const Tile& tile, ValueRange so) {
    Value count = so.back(), begins = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, count, zero);
    auto step = [&](bool pending) { return stepOfWarpgroup(so, tile, pending); };
    Values next = choose(
        b, begins, types, [&] { return step(false); }, [&] { return step(true); });
    next.push_back(add(b, count, one));
    return next;
  });
  State state = State::unpack(last, columnTiles);
  Value some = below(b, zero, last.back());
  auto sums = [&] {
    Ring::Turn turn = valueRing->turn(sub(b, last.back(), one));
    Values tied = registersOf(state.out);
    const size_t count = tied.size();
    tied.append(last.begin() + numbers, last.end() - 1);
    tied = fenced(b, tied);
    Values out = askForSums(Values(ArrayRef(tied).take_front(count)), ValueRange(tied).drop_front(count), turn);
    out = awaited(b, out, 0);
    giveBack(*valueRing, turn);
    return out;
  };
  Values out = registersOf(state.out);
  state.out = fragmentsOf(choose(b, some, ValueRange(out).getTypes(), sums, [&] { return out; }), columnTiles);
  findRows(sameInWarp(b, warp));  // found again, for the loop has no registers to keep them in
  finish(state);
}

/// One tile, the products of the one before it still `pending` unless it is the first: the state, and P.
Values AttentionKernel::stepOfWarpgroup(ValueRange so, const Tile& tile, bool pending) {
  State state = State::unpack(so, columnTiles);
  Value count = so.back();
  Ring::Turn turn = keyRing->turn(count), before = pending ? valueRing->turn(sub(b, count, constant(b, 1))) : turn;
  Values tied;
  if (pending) {
    tied = registersOf(state.out);
    llvm::append_range(tied, so.drop_back().take_back(keyTiles * halves));
  }
  keyRing->waitFull(turn);
  tied = fenced(b, tied);
  Values s = askForScores(turn), out;
  if (pending) {
    const size_t sums = tied.size() - keyTiles * halves;
    out = askForSums(Values(ArrayRef(tied).take_front(sums)), ValueRange(tied).drop_front(sums), before);
  }
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
  when(b, partial, [&, keys = keys] { clearUnseen(keys, turn); });
  return next;
}

/// Rows of V that no row of the block sees become 0 where they lie, whatever they hold.
void AttentionKernel::clearUnseen(const Keys& keys, const Ring::Turn& turn) {
  const int64_t words = keysOfStage / warpSize, threads = consumers * 4 * warpSize;
  Type word = b.getI32Type();
  auto slots = MemRefType::get({ShapedType::kDynamic}, word, AffineMap(), b.getI64IntegerAttr(3));
  Value memory =
      memref::ViewOp::create(b, slots, shared, constant(b, slotsAt), ValueRange{constant(b, 4 * consumers * words)});
  for (int64_t n = 0; n < words; ++n)
    when(b, firstLane, [&] {
      memref::StoreOp::create(b, keys.seen[n], memory, add(b, mul(b, warp, constant(b, words)), constant(b, n)));
    });
  tile::NamedBarrierOp::create(b, consumersBarrier, threads);
  Value row = add(b, mul(b, warp, constant(b, warpSize)), add(b, mul(b, group, constant(b, 4)), quad));
  when(b, below(b, row, constant(b, keysOfStage)), [&] {
    Value of = quotient(b, row, constant(b, warpSize)), any;
    for (int64_t w = 0; w < 4 * consumers; ++w) {
      Value set = memref::LoadOp::create(b, memory, add(b, of, constant(b, w * words)));
      any = any ? arith::OrIOp::create(b, any, set).getResult() : set;
    }
    Value bit = i32(b, sub(b, row, mul(b, of, constant(b, warpSize))));
    Value seen = arith::TruncIOp::create(b, b.getI1Type(), arith::ShRUIOp::create(b, any, bit));
    Value unseen = arith::XOrIOp::create(b, seen, arith::ConstantOp::create(b, b.getBoolAttr(true)));
    when(b, unseen, [&] {
      auto zeros = MemRefType::get({ShapedType::kDynamic}, b.getI64Type(), AffineMap(), b.getI64IntegerAttr(3));
      Value values = add(b, constant(b, valuesAt), mul(b, turn.slot, constant(b, bytesOfValues)));
      Value all = memref::ViewOp::create(b, zeros, shared, values, ValueRange{constant(b, bytesOfValues / 8)});
      Value none = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
      for (int64_t box = 0; box < bytesOfValues / (keysOfStage * boxRowBytes); ++box)
        for (int64_t n = 0; n < boxRowBytes / 8; ++n)
          memref::StoreOp::create(
              b, none, all,
              add(b, mul(b, row, constant(b, boxRowBytes / 8)), constant(b, box * keysOfStage * boxRowBytes / 8 + n)));
    });
  });
  tile::FenceAsyncOp::create(b);
  tile::NamedBarrierOp::create(b, consumersBarrier, threads);
}

}  // namespace heed::codegen::gpu
