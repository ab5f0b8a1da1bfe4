// S: the sums of each similarity, what `post` makes of them, what `keep` hides; and what `classify` says of a tile.
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace heed::codegen::gpu {

using namespace mlir;

RegionCloner AttentionKernel::cloner(int h, Value key, const Positions& depth) {
  return RegionCloner(b, b.getLoc(), 0, /*contract=*/true, [this, h, key, depth](int64_t dim) -> LaneIndex {
    if (auto row = llvm::find(rowDims, dim); row != rowDims.end())
      return {position[h][size_t(row - rowDims.begin())], false};
    if (dim == keyDim) return {key, false};
    if (Value position = depth.lookup(dim)) return {position, false};
    return {at.lookup(dim), false};
  });
}

Values AttentionKernel::cloned(RegionCloner cloner, Region& region, ValueRange arguments) {
  Values values = cloner.clone(region, arguments);
  if (!values.empty()) return values;
  failed = true;  // the cloner has said why
  for (Type type : region.front().getTerminator()->getOperandTypes())
    values.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
  return values;
}

/// Finished scores of the tile of keys from `keys` on; past the end those of the last key again.
Fragments AttentionKernel::scores(Value keys) {
  SmallVector<Fragments> raw;
  for (Similarity& similarity : similarities)
    raw.push_back(cores ? productsByCores() : tiled ? productsByFma() : products(similarity, keys));
  return posted(raw, keys);
}

Fragments AttentionKernel::posted(ArrayRef<Fragments> raw, Value keys) {
  Fragments finished(keyTiles);
  for (int n = 0; n < keyTiles; ++n) {
    reach(n, op.getPost(), raw.size(), keys);
    for (int c = 0; c < 2; ++c)
      for (int h = 0; h < halves; ++h) {
        Values arguments;
        for (Fragments sums : raw) arguments.push_back(sums.at(h, n, c));
        arguments.append(capturesAt(op.getPost(), raw.size(), h, n, c));
        finished.at(h, n, c) = cloned(cloner(h, clampedKey(keyAt(keys, n, c))), op.getPost(), arguments)[0];
      }
  }
  return finished;
}

/// Before tile n of those from `keys` on that `region` is cloned for: where a thread reads what it reads of each key.
/// ptxas would read of all tiles first, and LLVM keep all places for the next region; there are no registers for
/// either. So a few tiles are read at a time, and their places made of one that is found anew. (What hides keys is a
/// bit of each, and best read at once.)
void AttentionKernel::reach(int n, Region& region, unsigned first, Value keys) {
  constexpr int atOnce = 4;
  const bool hides = &region == &op.getKeep();
  if (n % (hides ? keyTiles : atOnce) != 0) return;
  bool reads = false;
  for (auto [number, capture] : llvm::enumerate(captures)) reads |= capture.byKey && uses(region, first + number);
  if (!reads) return;
  if (n != 0) syncWarp(b);
  nearKey = add(b, hides && hopper ? keys : sameInWarp(b, keys), twice_);
  nearEnd = i32(b, sub(b, sub(b, extent[keyDim], constant(b, 1)), nearKey));
}

Fragments AttentionKernel::products(Similarity& similarity, Value keys) {
  Positions depth;
  auto widened = [&](Value x) { return isa<FloatType>(x.getType()) ? toF32(x) : x; };
  auto sum = [&](Fragments sums) {
    SmallVector<Fragments> elements;  // of each operand
    for (unsigned number : similarity.operands) {
      View view = similar[number];
      for (int64_t dim : similarity.depth) view = moved(view, dim, depth.lookup(dim));
      Fragments& x = elements.emplace_back(keyTiles);
      if (hasRow(view)) {
        for (int h = 0; h < halves; ++h) {
          Value of = widened(element(atRow(view, h)));
          for (int n = 0; n < keyTiles; ++n) x.at(h, n, 0) = x.at(h, n, 1) = of;
        }
        continue;
      }
      Value all = view.has(keyDim) ? Value() : widened(element(view));
      for (int n = 0; n < keyTiles; ++n)
        for (int c = 0; c < 2; ++c)
          x.at(0, n, c) = x.at(1, n, c) =
              all ? all : widened(element(moved(view, keyDim, clampedKey(keyAt(keys, n, c)))));
    }
    sums.each([&](int h, int n, int c) {
      Values arguments;
      for (Fragments& x : elements) arguments.push_back(x.at(h, n, c));
      Value& so = sums.at(h, n, c);
      Value key = clampedKey(keyAt(keys, n, c));
      Value next = cloner(h, key, depth).accumulate(*similarity.body, arguments, so);
      next ? void(so = next) : void(failed = true);
    });
    return sums;
  };
  auto nest = [&](auto& self, ArrayRef<int64_t> dims, Fragments sums) -> Fragments {
    if (dims.empty()) return sum(sums);
    auto loop = scf::ForOp::create(b, constant(b, 0), extent[dims.front()], constant(b, 1), sums.values());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    depth[dims.front()] = loop.getInductionVar();
    scf::YieldOp::create(b, self(self, dims.drop_front(), Fragments(keyTiles, loop.getRegionIterArgs())).values());
    return Fragments(keyTiles, loop.getResults());
  };
  return nest(nest, similarity.depth, Fragments(keyTiles, real(0)));
}

/// One element of each capture that `region` uses, for its arguments from `first` on; reach() was called for tile n.
Values AttentionKernel::capturesAt(Region& region, unsigned first, int h, int n, int c) {
  auto atKey = [&](const View& view) {
    Value by = arith::ConstantOp::create(b, b.getI32IntegerAttr(n * columnsOfTile + c));
    by = arith::IndexCastOp::create(b, b.getIndexType(), arith::MinSIOp::create(b, by, nearEnd));
    return moved(moved(view, keyDim, nearKey), keyDim, by);
  };
  Values elements;
  for (auto [number, capture] : llvm::enumerate(captures)) {
    if (!uses(region, first + number))
      elements.push_back(arith::ConstantOp::create(b, b.getZeroAttr(capture.view.element)));
    else if (!capture.byKey)
      elements.push_back(capture.loaded[h]);
    else
      elements.push_back(element(atKey(atRow(capture.view, h))));
  }
  return elements;
}

/// Finished scores of a tile with -inf where a row does not see the key, and which keys are seen.
std::pair<Fragments, AttentionKernel::Keys> AttentionKernel::visible(Fragments scores, const Tile& tile) {
  const int64_t size = keyTiles * columnsOfTile, words = size / warpSize;
  Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, sub(b, tile.to, tile.from), constant(b, size));
  if (tile.all) whole = arith::AndIOp::create(b, whole, tile.all);
  const size_t count = scores.values().size();
  SmallVector<Type> types(count, b.getF32Type());
  types.append(words, b.getI32Type());
  auto asTheyAre = [&] {
    Values same(scores.values());
    same.append(words, arith::ConstantOp::create(b, b.getI32IntegerAttr(-1)));
    return same;
  };
  auto hidden = [&] {
    auto [hidden, sets] = hide(scores, tile.from);
    if (tiled && !hopper)
      clearUnseen(sets, {add(b, stageAtWork, constant(b, stagedValues.begin)), stagedValues.rows, stagedValues.pitch(),
                         stagedValues.width * stagedValues.columns});
    Values now(hidden.values());
    now.append(sets);
    return now;
  };
  Values both = choose(b, whole, types, asTheyAre, hidden);
  return {Fragments(keyTiles, ValueRange(both).take_front(count)),
          {tile.from, Values(ArrayRef(both).drop_front(count)), whole}};
}

/// -inf where a row does not see the key, or there is none; and the set of keys that a row of the warp sees.
std::pair<Fragments, Values> AttentionKernel::hide(Fragments scores, Value keys) {
  Region& keep = op.getKeep();
  Value none = real(-INFINITY), nothing = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
  Values sets(keyTiles * columnsOfTile / warpSize, nothing);
  auto bit = [&](Value of) { return arith::IndexCastOp::create(b, b.getI32Type(), of).getResult(); };
  auto number = [&](int64_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(x))).getResult(); };
  // How many keys there are from this thread's first one on: in 32 bits, for they are compared with many constants.
  Value left = smaller(b, sub(b, keyTo, add(b, keys, twice_)), constant(b, keyTiles * columnsOfTile));
  left = bit(left);
  for (int n = 0; n < keyTiles; ++n) {
    reach(n, keep, 0, keys);
    for (int c = 0; c < 2; ++c) {
      Value key = keyAt(keys, n, c), any;
      Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, left, number(n * columnsOfTile + c));
      for (int h = 0; h < halves; ++h) {
        Value visible = exists;
        if (!keep.empty()) {
          // Rows past the end are the last row again, and keep no other key alive.
          Value kept = cloned(cloner(h, key), keep, capturesAt(keep, 0, h, n, c))[0];
          visible = arith::AndIOp::create(b, kept, exists);
        }
        Value& score = scores.at(h, n, c);
        // Settled, or LLVM would choose after the branch, and keep for that which of them are visible.
        score = settled(b, arith::SelectOp::create(b, visible, score, none));
        any = any ? arith::OrIOp::create(b, any, visible).getResult() : visible;
      }
      // Its bit, but for what all of the thread's columns have in common.
      Value& mine = sets[n * columnsOfTile / warpSize];
      Value place = number(int64_t(1) << (n * columnsOfTile % warpSize + c));
      mine = arith::OrIOp::create(b, mine, arith::SelectOp::create(b, any, place, nothing));
    }
  }
  for (Value& set : sets) {
    set = arith::ShLIOp::create(b, set, bit(twice_));
    set = acrossLanes(b, set, warpSize, [&](Value x, Value y) { return arith::OrIOp::create(b, x, y); });
  }
  return {scores, sets};
}

/// The first and the last row of those that are classified together.
std::pair<Value, Value> AttentionKernel::rowsClassified() {
  Value first = tiled ? blockRow : warpRow;
  return {first, sub(b, smaller(b, add(b, first, constant(b, rowsTogether)), rowEnd), constant(b, 1))};
}

/// Over the rows that are classified together (where it has them) and keys [from, to], none of them empty; each lane
/// looks at its share.
Bounds AttentionKernel::boundsOf(const Capture& capture, Value from, Value to) {
  Type type = capture.view.element;
  const bool isFloat = isa<FloatType>(type), isBit = type.isInteger(1);
  auto least = [&](Value x, Value y) -> Value {
    if (isFloat) return arith::MinNumFOp::create(b, x, y);
    if (isBit) return arith::AndIOp::create(b, x, y);
    return arith::MinSIOp::create(b, x, y);
  };
  auto most = [&](Value x, Value y) -> Value {
    if (isFloat) return arith::MaxNumFOp::create(b, x, y);
    if (isBit) return arith::OrIOp::create(b, x, y);
    return arith::MaxSIOp::create(b, x, y);
  };
  Value lane = add(b, mul(b, group, constant(b, 4)), quad), one = constant(b, 1);
  auto [firstRow, lastRow] = rowsClassified();
  Value rows = capture.byRow ? add(b, sub(b, lastRow, firstRow), one) : one;
  Value keys = capture.byKey ? add(b, sub(b, to, from), one) : one, count = mul(b, rows, keys);
  auto read = [&, firstRow = firstRow](Value position) {
    Value r = position, k = position;
    if (capture.byRow && capture.byKey) r = quotient(b, position, keys), k = sub(b, position, mul(b, r, keys));
    View there = capture.view;
    if (capture.byRow) there = atRow(there, add(b, firstRow, r));
    if (capture.byKey) there = moved(there, keyDim, add(b, from, k));
    return element(there);
  };
  auto unordered = [&](Value x) { return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x).getResult(); };
  Value first = read(smaller(b, lane, sub(b, count, one)));
  Values so{first, first};
  if (isFloat) so.push_back(unordered(first));
  auto loop = scf::ForOp::create(b, add(b, lane, constant(b, warpSize)), count, constant(b, warpSize), so);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value x = read(loop.getInductionVar());
    ValueRange before = loop.getRegionIterArgs();
    Values next{least(before[0], x), most(before[1], x)};
    if (isFloat) next.push_back(arith::OrIOp::create(b, before[2], unordered(x)));
    scf::YieldOp::create(b, next);
  }
  return {acrossLanes(b, loop.getResult(0), warpSize, least), acrossLanes(b, loop.getResult(1), warpSize, most),
          isFloat ? anyLane(b, loop.getResult(2)) : Value()};
}

void AttentionKernel::boundCaptures() {
  for (auto [n, capture] : llvm::enumerate(captures))
    if (!capture.byKey && classified(n)) capture.bounds = boundsOf(capture, {}, {});
}

/// (some, all) for keys [from, to] and the rows of the warp, or of the block where its warps go together.
std::pair<Value, Value> AttentionKernel::classify(Value from, Value to) {
  auto [first, last] = rowsClassified();
  Values arguments{quotient(b, first, rowsOfPosition), quotient(b, last, rowsOfPosition), from, to};
  Value unordered;
  for (auto [n, capture] : llvm::enumerate(captures)) {
    Bounds bounds = capture.bounds;
    if (!classified(n)) {
      Value any = arith::ConstantOp::create(b, b.getZeroAttr(capture.view.element));
      bounds = {any, any, {}};
    } else if (capture.byKey) {
      bounds = boundsOf(capture, from, to);
    }
    arguments.append({bounds.least, bounds.most});
    if (bounds.unordered)
      unordered = unordered ? arith::OrIOp::create(b, unordered, bounds.unordered).getResult() : bounds.unordered;
  }
  RegionCloner scalar(b, b.getLoc(), 0, false, [&](int64_t dim) { return LaneIndex{at.lookup(dim), false}; });
  Values results = cloned(scalar, op.getClassify(), arguments);
  if (!unordered) return {results[0], results[1]};
  Value ordered = arith::XOrIOp::create(b, unordered, arith::ConstantOp::create(b, b.getBoolAttr(true)));
  return {arith::OrIOp::create(b, results[0], unordered), arith::AndIOp::create(b, results[1], ordered)};
}

/// The same for the tile from `from` on; there may be none, of which nothing is seen. All is null where nothing hides
/// keys.
std::pair<Value, Value> AttentionKernel::seenOf(Value from) {
  Value exists = below(b, from, keyTo);
  if (op.getKeep().empty()) return {exists, {}};
  Value end = smaller(b, add(b, from, constant(b, keyTiles * columnsOfTile)), keyTo);
  Values both = choose(
      b, exists, {b.getI1Type(), b.getI1Type()},
      [&] {
        auto [some, all] = classify(from, sub(b, end, constant(b, 1)));
        return Values{some, all};
      },
      [&] { return Values(2, arith::ConstantOp::create(b, b.getBoolAttr(false))); });
  return {both[0], both[1]};
}

}  // namespace heed::codegen::gpu
