// S: raw scores by register tiles, then what `post` makes of them, then what `keep` hides.
//
// Under a mask rows of the score tile are packed: a key that no row of the strip sees has none, so nothing of it is
// ever summed, whatever its value row holds. listSlot says which key of the block a row belongs to.
#include "heed/codegen/cpu/attention/kernel.h"
#include "heed/codegen/cpu/x86.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace heed::codegen {

bool isLong(Region& region) {
  return region
      .walk([](Operation* op) {
        bool many = isa_and_nonnull<math::MathDialect>(op->getDialect()) && !isa<math::AbsFOp, math::FmaOp>(op);
        return many ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

RegionCloner AttentionKernel::cloner(Value lane, Value key, const Positions& depth) {
  return RegionCloner(c.b, c.loc, c.lanes, c.target.fma, [=, this](int64_t dim) -> LaneIndex {
    if (dim == rowDim && positionSlots.empty()) return {c.add(q0, lane), true};
    for (auto [row, slot] : llvm::zip(rowDims, positionSlots))
      if (dim == row)
        return {{},
                true,
                arith::BitcastOp::create(c.b, c.loc, c.vectorOf(c.b.getI32Type()),
                                         c.loadLanes(scratch, c.add(slot, lane)))};
    if (dim == keyDim) return {key, false};
    if (Value position = depth.lookup(dim)) return {position, false};
    return {at.lookup(dim), false};
  });
}

/// Brings captures with a row and a key to scratch, for keys [from, to) of the block that starts at `from`.
void AttentionKernel::capture(Value from, Value to) {
  Value distance = c.index(pitch);
  for (Capture& capture : captures) {
    if (!capture.byRow || !capture.byKey || !capture.slot) continue;
    Value words = c.mul(distance, capture.words);
    Value slot = c.add(capture.slot, c.mul(c.sub(c.index(c.lanes), from), words));
    fill(capture.view, {{keyDim, from, to, words}}, slot, Words::bits);
  }
}

/// Finished scores of keys [from, to) of `block`, as rows of the score tile from `row` on. With `raise` they take part
/// in the maximum.
void AttentionKernel::scores(Value block, Value from, Value to, Value row, bool raise) {
  const bool inTiles = raise && finishesInTiles();
  for (Similarity& similarity : similarities) {
    if (few) {
      scoreFewRows(similarity, from, to, row);
      continue;
    }
    auto tiles = [&] {
      auto commonly = [&]() -> Values {
        return scoreTiles(similarity, block, from, to, row, {.raise = raise && (plain || inTiles), .post = inTiles}),
               Values();
      };
      auto quotients = [&]() -> Values {
        auto some = [&](bool calm) -> Values {
          return quotientTiles(similarity, from, to, row, plain && raise, calm), Values();
        };
        if (!raise) return some(false);  // a strip is too small for code of its own
        return c.choose(
            similarity.tanh->calm, {}, [&] { return some(true); }, [&] { return some(false); });
      };
      if (byMatrices())
        scoreMatrices(similarity, from, to, row, plain && raise);
      else if (similarity.tanh)
        c.choose(c.likely(similarity.tanh->regular), {}, quotients, commonly);
      else
        commonly();
    };
    if (!similarity.costly) {
      tiles();
      continue;
    }
    const Rows given = current;
    eachVector([&](Value lane) {
      current = {tile.costly, lane};
      tiles();
    });
    current = given;
  }
  if (inTiles) return;
  if (!plain || (few && raise)) post(block, from, to, row, raise);
}

/// Whether scores of a block that all rows see are finished while they are in registers.
bool AttentionKernel::finishesInTiles() {
  if (plain || few || byMatrices() || similarities.size() != 1 || isLong(op.getPost())) return false;
  return !similarities[0].tanh && !similarities[0].costly;
}

void AttentionKernel::scoreTiles(Similarity& similarity, Value block, Value from, Value to, Value row, Finish finish) {
  OpBuilder& b = c.b;
  const RegisterTile tile = current.tile;
  Value lastKey = c.sub(to, 1);
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

    // The next tile's keys, where they are one piece of memory: walked while this tile's depth is. So are the values of
    // a strip's keys: for the first block of a task none before it has asked.
    struct Ahead {
      Value base, step;
    };
    SmallVector<Ahead> ahead;
    const int64_t inner = similarity.depth.empty() ? -1 : similarity.depth.back();
    auto walkAlong = [&](const View& view, int64_t along, Value first, int64_t step) {
      Value dense = arith::CmpIOp::create(b, c.loc, arith::CmpIPredicate::eq, view.stride[keyDim], extent[along]);
      ahead.push_back({c.from(view.base, codegen::at(b, c.loc, view, keyDim, first).offset),
                       c.select(dense, c.index(step), c.index(0))});
    };
    operands([&](size_t, unsigned number) {
      const View& view = similar[number];
      if (inner >= 0 && view.unit == inner && bases.count(number) && !copies.count(number))
        walkAlong(view, inner, c.add(key, tile.keys), tile.keys * (readsPairs(view) ? 2 : 1));
    });
    const bool strip = !finish.raise && plain, copied = copies.count(similar.size());
    if (strip && !ahead.empty() && !copied && value.size() == 1 && valueView.unit == value[0] &&
        valueView.has(keyDim)) {
      const int64_t turns = c.known(extent[inner]), numbers = c.known(extent[value[0]]);
      if (turns > 0 && numbers > 0) walkAlong(valueView, value[0], key, (tile.keys * numbers + turns - 1) / turns);
    }

    Positions depth;
    auto products = [&](Values sums) {
      // Each key's numbers right before they are multiplied: all at once would take the registers of the sums.
      SmallVector<Values> ofRows(similarity.operands.size());  // [operand][vector]; of one element, it is for all
      SmallVector<Value> starts(similarity.operands.size());   // of operands by key: from its base
      operands([&](size_t n, unsigned number) {
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
          for (int j = 0; j < tile.vectors; ++j) ofRows[n].push_back(laneVector(start, j));
        } else if (view.has(keyDim)) {
          starts[n] = offset(c.index(0), strides);
          if (readsPairs(view)) starts[n] = c.add(starts[n], depth.lookup(view.unit));
        } else {
          ofRows[n] = {c.broadcast(c.widened(c.load(view.base, offset(view.offset, strides))))};
        }
      });
      for (auto [n, next] : llvm::enumerate(ahead)) {
        Value& offset = sums[tile.keys * tile.vectors + n];
        c.prefetch(next.base, offset, Code::Cache::first);
        offset = c.add(offset, next.step);
      }
      for (int i = 0; i < tile.keys; ++i) {
        Values ofKey(similarity.operands.size());
        operands([&](size_t n, unsigned number) {
          if (!starts[n]) return;
          Value base = bases[number][i];
          ofKey[n] = c.broadcast(readsPairs(similar[number]) ? pairAt(base, starts[n]) : c.load(base, starts[n]));
        });
        for (int j = 0; j < tile.vectors; ++j) {
          Values elements;
          for (size_t n = 0; n < ofKey.size(); ++n)
            elements.push_back(ofKey[n] ? ofKey[n] : ofRows[n][ofRows[n].size() == 1 ? 0 : j]);
          Value& sum = sums[i * tile.vectors + j];
          Value next = pairs ? sumPairs(sum, elements[0], elements[1])
                             : cloner(place(c.index(0), j), keys[i], depth).accumulate(*similarity.body, elements, sum);
          next ? void(sum = next) : void(failed = true);
        }
      }
      return sums;
    };
    auto nest = [&](auto& self, ArrayRef<int64_t> dims, Values sums) -> Values {
      if (dims.empty()) return products(sums);
      Value count = pairs && dims.size() == 1 ? c.div(extent[dims.front()], 2) : extent[dims.front()];
      auto steps = [&](Value begin, Value end, Values sums) {
        return c.loop(begin, end, c.index(1), sums, [&](Value i, Values so) {
          depth[dims.front()] = i;
          return self(self, dims.drop_front(), so);
        });
      };
      if (dims.size() == 1) sums.append(ahead.size(), c.index(0));
      // A long sum rounds most of its terms to its own last place. Weights hardly show that, lse does: for it so many
      // terms are a sum of their own. Products cancel, distances never do.
      Value part = c.index(dims.size() > 1 ? 1 : similarity.dot ? 32 : 16);
      Value first = op.getLse() && !pairs ? c.least(part, count) : count;
      sums = steps(c.index(0), first, sums);
      sums = c.loop(first, count, part, sums, [&](Value begin, Values before) {
        Values own(before);
        std::fill_n(own.begin(), tile.keys * tile.vectors, c.splat(0));
        own = steps(begin, c.least(c.add(begin, part), count), own);
        for (int n = 0; n < tile.keys * tile.vectors; ++n) own[n] = arith::AddFOp::create(b, c.loc, before[n], own[n]);
        return own;
      });
      sums.truncate(tile.keys * tile.vectors);
      return sums;
    };
    freeRegisters(b, c.loc, c.target);
    Values sums = nest(nest, similarity.depth, Values(tile.keys * tile.vectors, c.splat(0)));

    Value line = c.add(row, c.sub(key, from));
    Value where = c.add(similarity.slot, c.mul(finish.weigh ? c.div(line, 2) : line, pitch));
    for (int j = 0; j < tile.vectors; ++j) {
      Value most = finish.raise ? laneVector(maxSlot, j) : Value();
      Shift shift;
      Value total;
      if (finish.weigh) {
        shift = {laneVector(trial.by, j), laneVector(trial.factor, j)};
        total = laneVector(trial.sum, j);
      }
      for (int i = 0; i < tile.keys; ++i) {
        Value sum = sums[i * tile.vectors + j];
        if (scoreScale != 1) sum = arith::MulFOp::create(b, c.loc, sum, c.splat(scoreScale));
        if (finish.post) sum = finished({sum}, keys[i], block, place(c.index(0), j));
        if (most) most = c.larger(sum, most);
        if (finish.weigh) {
          sum = exponential(sum, shift, /*coarse=*/true);
          total = arith::AddFOp::create(b, c.loc, total, sum);
        }
        sums[i * tile.vectors + j] = sum;
      }
      const int step = finish.weigh ? 2 : 1;  // keys of a word
      for (int i = 0; i < tile.keys; i += step) {
        Value sum = sums[i * tile.vectors + j];
        if (step == 2) sum = pairedWeights(sum, sums[(i + 1) * tile.vectors + j]);
        setLanes(sum, c.add(where, i / step * pitch), j);
      }
      if (most) setLanes(most, maxSlot, j);
      if (total) setLanes(total, trial.sum, j);
    }
    freeRegisters(b, c.loc, c.target);
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
      elements.push_back(lanesAt(c.add(capture.slot, c.mul(row, int64_t(pitch) * capture.words))));
    }
  }
  return elements;
}

/// Of a vector of raw scores of each similarity, rows from `lane` on.
Value AttentionKernel::finished(Values scores, Value key, Value block, Value lane) {
  Region& post = op.getPost();
  scores.append(capturesAt(post, similarities.size(), key, block, lane));
  RegionCloner region = cloner(lane, key);
  SmallVector<Value> score = region.clone(post, scores);
  if (!score.empty()) return region.broadcast(score[0]);
  failed = true;
  return scores[0];
}

/// Raw scores to finished ones, in place: of all vectors at work together, for each waits for its last maximum, unless
/// the tables of one formula take the registers.
void AttentionKernel::post(Value block, Value from, Value to, Value row, bool raise) {
  const bool tables = c.target.avx512 && isLong(op.getPost());
  const int together = tables ? 1 : current.tile.vectors;
  auto vectors = [&](Value first) {
    auto most = [&](int j) { return c.add(c.add(maxSlot, first), int64_t(j) * c.lanes); };
    auto finish = [&](Value key, Values so) -> Values {
      for (int j = 0; j < together; ++j) {
        Value lane = c.add(first, int64_t(j) * c.lanes);
        Value where = c.add(c.mul(c.add(row, c.sub(key, from)), pitch), lane);
        Values raw;
        for (Similarity& similarity : similarities) raw.push_back(c.loadLanes(scratch, c.add(similarity.slot, where)));
        Value score = finished(raw, key, block, lane);
        c.storeLanes(score, scratch, c.add(scoreSlot, where));
        if (raise) so[j] = c.larger(score, so[j]);
      }
      return so;
    };
    Values so;
    for (int j = 0; raise && j < together; ++j) so.push_back(c.loadLanes(scratch, most(j)));
    so = c.loop(from, to, c.index(1), so, finish);
    for (int j = 0; raise && j < together; ++j) c.storeLanes(so[j], scratch, most(j));
  };
  tables ? eachVector(vectors) : vectors(current.lane);
}

/// -inf where a row does not see the key; keys that none sees give up their row. The scores lie from row `first` on and
/// go to those from `row` on. The new count of rows.
Value AttentionKernel::hide(Value block, Value from, Value to, Value first, Value row) {
  OpBuilder& b = c.b;
  Region& keep = op.getKeep();
  const int vectors = current.tile.vectors;
  Value infinity = c.splat(-std::numeric_limits<float>::infinity());
  SmallVector<int32_t> numbers(c.lanes);
  std::iota(numbers.begin(), numbers.end(), 0);
  Value lanes = c.constant(DenseElementsAttr::get(c.vectorOf(b.getI32Type()), ArrayRef(numbers)));
  auto asI32 = [&](Value index) -> Value { return arith::IndexCastOp::create(b, c.loc, b.getI32Type(), index); };
  Values so{row};
  for (int j = 0; j < vectors; ++j) so.push_back(laneVector(maxSlot, j));
  so = c.loop(from, to, c.index(1), so, [&](Value key, Values so) -> Values {
    Value raw = c.add(scoreSlot, c.mul(c.add(first, c.sub(key, from)), pitch));
    Value packed = c.add(scoreSlot, c.mul(so[0], pitch)), any;
    for (int j = 0; j < vectors; ++j) {
      Value lane = place(c.index(0), j);
      SmallVector<Value> results = cloner(lane, key).clone(keep, capturesAt(keep, 0, key, block, lane));
      if (results.empty()) return failed = true, so;
      Value visible = results[0], some = visible;
      if (isa<VectorType>(visible.getType())) {
        // Repeated rows past the end must not keep a key alive.
        Value real = arith::CmpIOp::create(b, c.loc, arith::CmpIPredicate::slt, lanes,
                                           c.broadcast(asI32(c.sub(rowCount, lane))));
        visible = arith::AndIOp::create(b, c.loc, visible, real);
        some = vector::ReductionOp::create(b, c.loc, vector::CombiningKind::OR, visible);
      }
      Value score = arith::SelectOp::create(b, c.loc, visible, laneVector(raw, j), infinity);
      setLanes(score, packed, j);
      so[1 + j] = c.larger(score, so[1 + j]);
      any = any ? arith::OrIOp::create(b, c.loc, any, some).getResult() : some;
    }
    c.store(arith::BitcastOp::create(b, c.loc, b.getF32Type(), asI32(c.sub(key, block))), scratch,
            c.add(listSlot, so[0]));
    so[0] = c.add(so[0], c.select(any, c.index(1), c.index(0)));
    return so;
  });
  for (int j = 0; j < vectors; ++j) setLanes(so[1 + j], maxSlot, j);
  return so[0];
}

}  // namespace heed::codegen
