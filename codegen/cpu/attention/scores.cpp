// S: raw scores by register tiles, then what `post` makes of them, then what `keep` hides.
//
// Rows of the score tile are packed: a key that no row of the block sees has none, so nothing of it is ever summed,
// whatever its value row holds. listSlot says which key of the block a row belongs to.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

RegionCloner AttentionKernel::cloner(Value lane, Value key, const Positions& depth) {
  return RegionCloner(c.b, c.loc, c.lanes, c.target.fma, [=, this](int64_t dim) -> LaneIndex {
    if (dim == rowDim) return {c.add(q0, lane), true};
    if (dim == keyDim) return {key, false};
    if (Value position = depth.lookup(dim)) return {position, false};
    return {at.lookup(dim), false};
  });
}

void AttentionKernel::raiseMax(Value slot, Value lane, Value score) {
  Value where = c.add(slot, lane);
  c.storeLanes(c.larger(score, c.loadLanes(scratch, where)), scratch, where);
}

/// Scores of keys [from, to) of `block`, as rows of the score tile from `count` on; the new count of rows.
Value AttentionKernel::segment(Value block, Value from, Value to, Value count, Value all) {
  bool masked = !op.getKeep().empty();
  Value distance = c.index(rows);
  for (Capture& capture : captures) {
    if (!capture.byRow || !capture.byKey || !capture.slot) continue;
    Value words = c.mul(distance, capture.words);
    Value slot = c.add(capture.slot, c.mul(c.sub(c.index(c.lanes), block), words));
    fill(capture.view, {{keyDim, from, to, words}}, slot);
  }
  // Where some keys are hidden, the largest raw score says nothing: it goes where nobody looks.
  Value raised = masked ? c.select(all, maxSlot, unusedSlot) : maxSlot;
  for (Similarity& similarity : similarities) scoreTiles(similarity, from, to, count, plain ? raised : Value());
  if (!plain) post(block, from, to, count, raised);
  if (!masked) return listAll(block, from, to, count);
  return c.choose(
      all, c.b.getIndexType(), [&]() -> Values { return {listAll(block, from, to, count)}; },
      [&]() -> Values { return {hide(block, from, to, count)}; })[0];
}

void AttentionKernel::scoreTiles(Similarity& similarity, Value from, Value to, Value row, Value raised) {
  OpBuilder& b = c.b;
  Value lastKey = c.sub(extent[keyDim], 1);
  auto operands = [&](auto body) {
    for (auto [n, number] : llvm::enumerate(similarity.operands)) body(n, number);
  };
  c.loop(from, to, tile.keys, [&](Value key) {
    Values keys;  // past the end the last key again: its rows are not listed
    for (int i = 0; i < tile.keys; ++i) keys.push_back(i ? c.least(c.add(key, i), lastKey) : key);
    DenseMap<unsigned, Values> bases;  // of a key operand, by key
    operands([&](size_t, unsigned number) {
      const View& view = similar[number];
      if (!rowOperands.count(number) && view.has(keyDim))
        for (Value k : keys) bases[number].push_back(c.from(view.base, codegen::at(b, c.loc, view, keyDim, k).offset));
    });

    Positions depth;
    auto products = [&](Values sums) {
      SmallVector<SmallVector<Values>> elements(tile.keys,
                                                SmallVector<Values>(tile.vectors));  // [key][vector][operand]
      operands([&](size_t, unsigned number) {
        const View& view = similar[number];
        auto offset = [&](Value start, auto distanceOf) {
          for (int64_t dim : similarity.depth)
            if (view.has(dim)) start = c.add(start, c.mul(depth.lookup(dim), distanceOf(dim)));
          return start;
        };
        auto strides = [&](int64_t dim) { return view.stride[dim]; };
        auto row = rowOperands.find(number);
        if (row != rowOperands.end()) {
          Value start = offset(row->second.slot, [&](int64_t dim) {
            return llvm::find_if(row->second.axes, [&](const LaneAxis& axis) { return axis.dim == dim; })->distance;
          });
          for (int j = 0; j < tile.vectors; ++j) {
            Value x = laneVector(start, j);
            for (auto& key : elements) key[j].push_back(x);
          }
        } else if (view.has(keyDim)) {
          Value start = offset(c.index(0), strides);
          for (int i = 0; i < tile.keys; ++i) {
            Value x = c.broadcast(c.load(bases[number][i], start));
            for (auto& vector : elements[i]) vector.push_back(x);
          }
        } else {
          Value x = c.broadcast(c.load(view.base, offset(view.offset, strides)));
          for (auto& key : elements)
            for (auto& vector : key) vector.push_back(x);
        }
      });
      for (int i = 0; i < tile.keys; ++i)
        for (int j = 0; j < tile.vectors; ++j) {
          Value& sum = sums[i * tile.vectors + j];
          Value next = cloner(c.index(j * c.lanes), keys[i], depth).accumulate(*similarity.body, elements[i][j], sum);
          next ? void(sum = next) : void(failed = true);
        }
      return sums;
    };
    auto nest = [&](auto& self, ArrayRef<int64_t> dims, Values sums) -> Values {
      if (dims.empty()) return products(sums);
      return c.loop(c.index(0), extent[dims.front()], c.index(1), sums, [&](Value i, Values so) {
        depth[dims.front()] = i;
        return self(self, dims.drop_front(), so);
      });
    };
    Values sums = nest(nest, similarity.depth, Values(tile.keys * tile.vectors, c.splat(0)));

    Value where = c.add(similarity.slot, c.mul(c.add(row, c.sub(key, from)), rows));
    for (int j = 0; j < tile.vectors; ++j) {
      Value most = raised ? laneVector(raised, j) : Value();
      for (int i = 0; i < tile.keys; ++i) {
        Value sum = sums[i * tile.vectors + j];
        if (plain && scoreScale != 1) sum = arith::MulFOp::create(b, c.loc, sum, c.splat(scoreScale));
        c.storeLanes(sum, scratch, c.add(where, i * rows + j * c.lanes));
        if (most) most = c.larger(sum, most);
      }
      if (most) c.storeLanes(most, scratch, c.add(raised, j * c.lanes));
    }
  });
}

/// One element of each capture that `region` uses, for its arguments from `first` on: scalars where all rows share it.
Values AttentionKernel::capturesAt(Region& region, unsigned first, Value key, Value block, Value lane) {
  Values elements;
  for (auto [n, capture] : llvm::enumerate(captures)) {
    Type type = capture.view.element;
    auto lanesAt = [&](Value start) {
      Value where = c.add(start, c.mul(lane, capture.words));
      return decode(c.loadLanes(scratch, where, capture.words * c.lanes), type);
    };
    if (!uses(region, first + n)) {
      elements.push_back(c.constant(cast<TypedAttr>(c.b.getZeroAttr(type))));
    } else if (!capture.byRow) {
      elements.push_back(element(codegen::at(c.b, c.loc, capture.view, keyDim, key)));
    } else if (!capture.byKey) {
      elements.push_back(lanesAt(capture.slot));
    } else {
      Value row = c.add(c.sub(key, block), c.lanes);
      elements.push_back(lanesAt(c.add(capture.slot, c.mul(row, int64_t(rows) * capture.words))));
    }
  }
  return elements;
}

/// Raw scores to finished ones, in place.
void AttentionKernel::post(Value block, Value from, Value to, Value row, Value raised) {
  c.loop(from, to, 1, [&](Value key) {
    Value first = c.mul(c.add(row, c.sub(key, from)), rows);
    c.loop(c.index(0), c.index(rows), c.lanes, [&](Value lane) {
      Value where = c.add(first, lane);
      Values arguments;
      for (Similarity& similarity : similarities)
        arguments.push_back(c.loadLanes(scratch, c.add(similarity.slot, where)));
      arguments.append(capturesAt(op.getPost(), similarities.size(), key, block, lane));
      RegionCloner region = cloner(lane, key);
      SmallVector<Value> score = region.clone(op.getPost(), arguments);
      if (score.empty()) return void(failed = true);
      Value scaled = arith::MulFOp::create(c.b, c.loc, region.broadcast(score[0]), c.splat(scoreScale));
      c.storeLanes(scaled, scratch, c.add(scoreSlot, where));
      raiseMax(raised, lane, scaled);
    });
  });
}

static Value asWord(Code& c, Value index) {
  Value number = arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), index);
  return arith::BitcastOp::create(c.b, c.loc, c.b.getF32Type(), number);
}

Value AttentionKernel::listAll(Value block, Value from, Value to, Value row) {
  c.loop(from, to, 1, [&](Value key) {
    c.store(asWord(c, c.sub(key, block)), scratch, c.add(listSlot, c.add(row, c.sub(key, from))));
  });
  return c.add(row, c.sub(to, from));
}

/// -inf where a row does not see the key; keys that none sees give up their row. The new count of rows.
Value AttentionKernel::hide(Value block, Value from, Value to, Value row) {
  OpBuilder& b = c.b;
  Region& keep = op.getKeep();
  Value scores = scoreSlot;
  Value infinity = c.splat(-std::numeric_limits<float>::infinity());
  SmallVector<int32_t> numbers(c.lanes);
  std::iota(numbers.begin(), numbers.end(), 0);
  Value lanes = c.constant(DenseElementsAttr::get(c.vectorOf(b.getI32Type()), ArrayRef(numbers)));
  Value rowsHere = arith::IndexCastOp::create(b, c.loc, b.getI32Type(), rowCount);
  return c.loop(from, to, c.index(1), {row}, [&](Value key, Values so) -> Values {
    Value raw = c.mul(c.add(row, c.sub(key, from)), rows), packed = c.mul(so[0], rows);
    Values seen =
        c.loop(c.index(0), c.index(rows), c.index(c.lanes), {c.bit(false)}, [&](Value lane, Values any) -> Values {
          Values arguments = capturesAt(keep, 0, key, block, lane);
          SmallVector<Value> results = cloner(lane, key).clone(keep, arguments);
          if (results.empty()) return failed = true, any;
          Value visible = results[0], some = visible;
          if (isa<VectorType>(visible.getType())) {
            // Repeated rows past the end must not keep a key alive.
            Value first =
                arith::SubIOp::create(b, c.loc, rowsHere, arith::IndexCastOp::create(b, c.loc, b.getI32Type(), lane));
            Value real = arith::CmpIOp::create(b, c.loc, arith::CmpIPredicate::slt, lanes, c.broadcast(first));
            visible = arith::AndIOp::create(b, c.loc, visible, real);
            some = vector::ReductionOp::create(b, c.loc, vector::CombiningKind::OR, visible);
          }
          Value score = c.loadLanes(scratch, c.add(scores, c.add(raw, lane)));
          score = arith::SelectOp::create(b, c.loc, visible, score, infinity);
          c.storeLanes(score, scratch, c.add(scores, c.add(packed, lane)));
          raiseMax(maxSlot, lane, score);
          return {arith::OrIOp::create(b, c.loc, any[0], some)};
        });
    c.store(asWord(c, c.sub(key, block)), scratch, c.add(listSlot, so[0]));
    return {c.add(so[0], c.select(seen[0], c.index(1), c.index(0)))};
  })[0];
}

}  // namespace heed::codegen
