// Few rows (decoding): the lanes of an inner loop are depths of a key, or columns of a value, not rows.
//
// What is read of keys and values is used for all rows and read once, in the order of memory. Scores, masks and softmax
// stay as they are, lanes of rows: next to reading a key they cost little. Where a depth is no multiple of the lanes,
// the last vector overlaps the one before and counts its new lanes only.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

/// Whether the types say that keys and values are read by vectors.
bool AttentionKernel::readsByVectors() {
  auto contiguous = [&](const View& view, int64_t dim) { return view.unit == dim && c.known(extent[dim]) >= c.lanes; };
  for (Similarity& similarity : similarities) {
    if (similarity.depth.empty()) return false;
    int64_t inner = similarity.depth.back();
    for (unsigned number : similarity.operands)
      if (similar[number].has(inner) &&
          (c.known(extent[inner]) < c.lanes || (!hasRow(similar[number]) && !contiguous(similar[number], inner))))
        return false;
  }
  return !similarities.empty() && !value.empty() && valueView.has(keyDim) && contiguous(valueView, value.back());
}

/// The lanes of the vector that ends at `count` which the whole ones before it do not have; null where there are none.
Value AttentionKernel::newLanes(int64_t count) {
  if (count % c.lanes == 0) return {};
  SmallVector<bool> fresh(c.lanes);
  std::fill(fresh.end() - count % c.lanes, fresh.end(), true);
  return c.constant(DenseElementsAttr::get(c.vectorOf(c.b.getI1Type()), ArrayRef(fresh)));
}

/// body(position, lanes that are new or null) for each vector of `count` numbers; with `so` carried along.
Values AttentionKernel::eachPiece(int64_t count, Values so,
                                  llvm::function_ref<Values(Value position, Value fresh, Values so)> body) {
  so = c.loop(c.index(0), c.index(count / c.lanes * c.lanes), c.index(c.lanes), so,
              [&](Value position, Values so) { return body(position, {}, so); });
  Value fresh = newLanes(count);
  return fresh ? body(c.index(count - c.lanes), fresh, so) : so;
}

static Value chosen(Code& c, Value lanes, Value x, Value y) { return lanes ? c.select(lanes, x, y) : x; }

/// Rows of the view, as f32 and scaled, one after the other; rows past the end repeat the last.
void AttentionKernel::fillRows(const View& view, ArrayRef<LaneAxis> axes, Value memory, Value slot, Value distance,
                               float scale) {
  int64_t inner = axes.empty() ? -1 : axes.back().dim;
  auto put = [&](Value x, Value where) {
    x = c.widened(x);
    bool vector = isa<VectorType>(x.getType());
    Value factor = vector ? c.splat(scale) : c.constant(c.b.getF32FloatAttr(scale));
    if (scale != 1) x = arith::MulFOp::create(c.b, c.loc, x, factor);
    vector ? c.storeLanes(x, memory, where) : c.store(x, memory, where);
  };
  c.loop(c.index(0), c.roundUp(rowCount, fewTile.rows), 1, [&](Value r) {
    walk(axes, atRow(view, r), c.add(slot, c.mul(r, distance)), inner, [&](View from, Value to) {
      if (inner < 0) return put(c.load(from.base, from.offset), to);
      if (from.unit == inner && c.known(extent[inner]) >= c.lanes)
        return void(eachPiece(c.known(extent[inner]), {}, [&](Value i, Value, Values) -> Values {
          put(c.loadLanes(from.base, c.add(from.offset, i)), c.add(to, i));
          return {};
        }));
      c.loop(c.index(0), extent[inner], 1, [&](Value i) {
        View there = codegen::at(c.b, c.loc, from, inner, i);
        put(c.load(there.base, there.offset), c.add(to, i));
      });
    });
  });
}

/// The sums of the lanes of each of `vectors`, at most as many as there are lanes and a multiple of four: of vector n
/// in lane n, in the same order of additions however many there are.
Value AttentionKernel::sumsOfLanes(ArrayRef<Value> vectors) {
  // Each of a vector's groups of `width` lanes is one sum in parts; two vectors become one, of half as wide groups.
  auto halves = [&](Value x, Value y, llvm::function_ref<int64_t(int64_t lane, bool high)> from) -> Value {
    Value parts[2];
    for (bool high : {false, true}) {
      SmallVector<int64_t> mask;
      for (int64_t lane = 0; lane < c.lanes; ++lane) mask.push_back(from(lane, high));
      parts[high] = vector::ShuffleOp::create(c.b, c.loc, x, y, mask);
    }
    return arith::AddFOp::create(c.b, c.loc, parts[0], parts[1]);
  };
  // Groups of x, then those of y: by whole 128 bits.
  auto append = [&](Value x, Value y, int64_t width) {
    return halves(x, y, [&](int64_t lane, bool high) {
      int64_t group = lane / (width / 2), within = lane % (width / 2);
      return group * width + within + (high ? width / 2 : 0);
    });
  };
  // Within each 128 bits those of x, then those of y.
  auto interleave = [&](Value x, Value y, int64_t width) {
    return halves(x, y, [&](int64_t lane, bool high) {
      int64_t corner = lane / 4 * 4, within = lane % 4, of = within / 2;
      int64_t at = width == 4 ? within % 2 + (high ? 2 : 0) : within % 2 * 2 + high;
      return corner + at + of * c.lanes;
    });
  };
  Values columns;
  for (size_t column = 0; column < 4; ++column) {
    Values parts;
    for (size_t n = column; n < vectors.size(); n += 4) parts.push_back(vectors[n]);
    for (int64_t width = c.lanes; width > 4; width /= 2) {
      Values next;
      for (size_t n = 0; n < parts.size(); n += 2)
        next.push_back(append(parts[n], parts[std::min(n + 1, parts.size() - 1)], width));
      parts = next;
    }
    columns.push_back(parts[0]);
  }
  return interleave(interleave(columns[0], columns[1], 4), interleave(columns[2], columns[3], 4), 2);
}

/// How many elements before they are needed those of some keys are asked for.
Value AttentionKernel::keysAhead(const View& view) {
  constexpr int64_t bytesAhead = 4096;
  Value stride = c.largest(view.stride[keyDim], c.index(1));
  const unsigned width = view.element.getIntOrFloatBitWidth();
  Value ahead = arith::DivUIOp::create(c.b, c.loc, c.index(bytesAhead * 8 / width), stride);
  return c.mul(c.roundUp(c.add(ahead, 1), fewTile.keys), view.stride[keyDim]);
}

/// Asks for vector n after element `at`. Keys that follow each other are asked for in the order of memory.
void AttentionKernel::askFor(Value base, Value at, int n) {
  c.prefetch(base, c.add(at, int64_t(n) * c.lanes), Code::Cache::first);
}

/// Raw scores of keys [from, to) by tiles of keys and rows.
void AttentionKernel::scoreFewRows(Similarity& similarity, Value from, Value to, Value row) {
  OpBuilder& b = c.b;
  const int keysAtOnce = fewTile.keys, rowsAtOnce = fewTile.rows;
  Value lastKey = c.sub(to, 1);
  const int64_t inner = similarity.depth.back(), count = c.known(extent[inner]);
  c.loop(from, to, keysAtOnce, [&](Value key) {
    Values keys;  // past the end the last key again: its rows are not listed
    for (int i = 0; i < keysAtOnce; ++i) keys.push_back(i ? c.least(c.add(key, i), lastKey) : key);
    DenseMap<unsigned, Values> bases;  // of a key operand, by key
    for (unsigned number : similarity.operands) {
      const View& view = similar[number];
      if (rowOperands.count(number) || !view.has(keyDim)) continue;
      for (Value k : keys) bases[number].push_back(c.from(view.base, codegen::at(b, c.loc, view, keyDim, k).offset));
    }
    c.loop(c.index(0), rowCount, rowsAtOnce, [&](Value first) {
      Positions depth;
      auto products = [&](Value position, Value fresh, Values sums) {
        depth[inner] = position;
        auto read = [&](Value base, Value offset, bool vector) {
          return c.widened(vector ? c.loadLanes(base, c.add(offset, position)) : c.load(base, offset));
        };
        SmallVector<SmallVector<Values>> elements(keysAtOnce, SmallVector<Values>(rowsAtOnce));
        for (unsigned number : similarity.operands) {
          const View& view = similar[number];
          const bool vector = view.has(inner);
          auto offset = [&](Value start, auto distanceOf) {
            for (int64_t dim : similarity.depth)
              if (dim != inner && view.has(dim)) start = c.add(start, c.mul(depth.lookup(dim), distanceOf(dim)));
            return start;
          };
          auto strides = [&](int64_t dim) { return view.stride[dim]; };
          if (auto operand = rowOperands.find(number); operand != rowOperands.end()) {
            Value start = offset(operand->second.slot, [&](int64_t dim) {
              return llvm::find_if(operand->second.axes, [&](const LaneAxis& axis) { return axis.dim == dim; })
                  ->distance;
            });
            for (int r = 0; r < rowsAtOnce; ++r) {
              Value x = read(scratch, c.add(start, c.mul(c.add(first, r), operand->second.rowDistance)), vector);
              for (auto& key : elements) key[r].push_back(x);
            }
          } else if (view.has(keyDim)) {
            Value start = offset(c.index(0), strides);
            Value ahead = keysAhead(view);
            const bool dense = Code::known(view.stride[keyDim]) == count;
            for (int i = 0; i < keysAtOnce; ++i) {
              Value x = read(bases[number][i], start, vector);
              if (c.target.avx512)
                dense ? askFor(bases[number][0], c.add(ahead, c.mul(position, keysAtOnce)), i)
                      : askFor(bases[number][i], c.add(c.add(start, position), ahead), 0);
              for (auto& row : elements[i]) row.push_back(x);
            }
          } else {
            Value x = read(view.base, offset(view.offset, strides), vector);
            for (auto& key : elements)
              for (auto& row : key) row.push_back(x);
          }
        }
        for (int i = 0; i < keysAtOnce; ++i)
          for (int r = 0; r < rowsAtOnce; ++r) {
            Value& sum = sums[i * rowsAtOnce + r];
            RegionCloner region(b, c.loc, c.lanes, c.target.fma, [=, this](int64_t dim) -> LaneIndex {
              if (dim == inner) return {position, true};
              if (Value at = depth.lookup(dim)) return {at, false};
              return {dim == keyDim ? keys[i] : positionOf(dim, c.add(first, r)), false};
            });
            Value next = region.accumulate(*similarity.body, elements[i][r], sum);
            next ? void(sum = chosen(c, fresh, next, sum)) : void(failed = true);
          }
        return sums;
      };
      auto nest = [&](auto& self, ArrayRef<int64_t> dims, Values sums) -> Values {
        if (dims.size() == 1) return eachPiece(count, sums, products);
        return c.loop(c.index(0), extent[dims.front()], c.index(1), sums, [&](Value i, Values so) {
          depth[dims.front()] = i;
          return self(self, dims.drop_front(), so);
        });
      };
      Value sums = sumsOfLanes(nest(nest, similarity.depth, Values(keysAtOnce * rowsAtOnce, c.splat(0))));
      if (scoreScale != 1) sums = arith::MulFOp::create(b, c.loc, sums, c.splat(scoreScale));
      Value where = c.add(similarity.slot, c.add(c.mul(c.add(row, c.sub(key, from)), rows), first));
      for (int i = 0; i < keysAtOnce; ++i) {
        SmallVector<int64_t> lanes(rowsAtOnce);
        std::iota(lanes.begin(), lanes.end(), int64_t(i) * rowsAtOnce);
        Value own = vector::ShuffleOp::create(b, c.loc, sums, sums, lanes);
        c.storeLanes(own, scratch, c.add(where, int64_t(i) * rows));
      }
    });
  });
}

/// The position of a row of the block along a dim that is not a depth or the key.
Value AttentionKernel::positionOf(int64_t dim, Value row) {
  if (dim == rowDim && positionSlots.empty()) return c.add(q0, row);
  for (auto [own, slot] : llvm::zip(rowDims, positionSlots))
    if (dim == own)
      return arith::IndexCastOp::create(
          c.b, c.loc, c.b.getIndexType(),
          arith::BitcastOp::create(c.b, c.loc, c.b.getI32Type(), c.load(scratch, c.add(slot, row))));
  return at.lookup(dim);
}

/// The rows of an O, each times its factor in alphaSlot.
void AttentionKernel::scaleOut(Value slot) {
  c.loop(c.index(0), rowCount, 1, [&](Value r) {
    Value factor = c.load(scratch, c.add(alphaSlot, r));
    Value changes =
        arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::UNE, factor, c.constant(c.b.getF32FloatAttr(1)));
    c.when(changes, [&] {
      Value begin = c.add(slot, c.mul(r, outRow)), by = c.broadcast(factor);
      c.loop(begin, c.add(begin, outRow), c.lanes, [&](Value at) {
        c.storeLanes(arith::MulFOp::create(c.b, c.loc, c.loadLanes(shared, at), by), shared, at);
      });
    });
  });
}

/// O = O * alpha + P V for the rows [from, to) of P, which belong to `key` and those after it.
void AttentionKernel::accumulateFewRows(Value key, Value from, Value to) {
  OpBuilder& b = c.b;
  const int rowsAtOnce = fewTile.rows;
  const int64_t inner = value.back(), count = c.known(extent[inner]);
  scaleOut(outSlot);
  View first = codegen::at(b, c.loc, valueView, keyDim, key);
  Value stride = valueView.stride[keyDim], ahead = keysAhead(valueView);
  const bool dense = Code::known(stride) == count;
  auto tiles = [&](Value low, Value high, int keysAtOnce) {
    c.loop(low, high, keysAtOnce, [&](Value row) {
      c.loop(c.index(0), rowCount, rowsAtOnce, [&](Value r) {
        Values weight;
        for (int i = 0; i < keysAtOnce; ++i)
          for (int n = 0; n < rowsAtOnce; ++n)
            weight.push_back(
                c.broadcast(c.load(scratch, c.add(c.add(scoreSlot, c.mul(c.add(row, i), rows)), c.add(r, n)))));
        View start = codegen::at(b, c.loc, first, keyDim, c.sub(row, from));
        walk(valueAxes, start, c.add(outSlot, c.mul(r, outRow)), inner, [&](View view, Value slot) {
          Values bases;
          for (int i = 0; i < keysAtOnce; ++i) bases.push_back(c.from(view.base, c.add(view.offset, c.mul(stride, i))));
          eachPiece(count, {}, [&](Value column, Value fresh, Values) -> Values {
            Values old, sums;
            for (int n = 0; n < rowsAtOnce; ++n)
              old.push_back(c.loadLanes(shared, c.add(c.add(slot, c.mul(outRow, n)), column)));
            sums = old;
            for (int i = 0; i < keysAtOnce; ++i) {
              Value x = c.widened(c.loadLanes(bases[i], column));
              if (c.target.avx512)
                dense ? askFor(bases[0], c.add(ahead, c.mul(column, keysAtOnce)), i)
                      : askFor(bases[i], c.add(column, ahead), 0);
              for (int n = 0; n < rowsAtOnce; ++n) {
                Value w = weight[i * rowsAtOnce + n];
                sums[n] =
                    c.target.fma
                        ? vector::FMAOp::create(b, c.loc, x, w, sums[n]).getResult()
                        : arith::AddFOp::create(b, c.loc, arith::MulFOp::create(b, c.loc, x, w), sums[n]).getResult();
              }
            }
            for (int n = 0; n < rowsAtOnce; ++n)
              c.storeLanes(chosen(c, fresh, sums[n], old[n]), shared, c.add(c.add(slot, c.mul(outRow, n)), column));
            return {};
          });
        });
      });
    });
  };
  Value whole = c.add(from, c.mul(c.div(c.sub(to, from), fewTile.keys), fewTile.keys));
  tiles(from, whole, fewTile.keys);
  if (fewTile.keys > 1) tiles(whole, to, 1);
}

/// The rows of O as the results: O / l, 0 where a row saw no key.
void AttentionKernel::drainRows(Value slot) {
  Value zero = c.constant(c.b.getF32FloatAttr(0)), one = c.constant(c.b.getF32FloatAttr(1));
  int64_t inner = value.back();
  c.loop(c.index(0), rowCount, 1, [&](Value r) {
    Value sum = c.load(scratch, c.add(sumSlot, r));
    Value none = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OEQ, sum, zero);
    Value inverse = arith::DivFOp::create(c.b, c.loc, one, sum);
    auto mean = [&](Value x) -> Value {
      bool vector = isa<VectorType>(x.getType());
      Value product = arith::MulFOp::create(c.b, c.loc, x, vector ? c.broadcast(inverse) : inverse);
      return c.narrowed(c.select(none, vector ? c.splat(0) : zero, product), out.element);
    };
    walk(valueAxes, atRow(out, r), c.add(slot, c.mul(r, outRow)), inner, [&](View to, Value from) {
      if (out.unit == inner)
        return void(eachPiece(c.known(extent[inner]), {}, [&](Value i, Value, Values) -> Values {
          c.storeLanes(mean(c.loadLanes(shared, c.add(from, i))), to.base, c.add(to.offset, i));
          return {};
        }));
      c.loop(c.index(0), extent[inner], 1, [&](Value i) {
        View there = codegen::at(c.b, c.loc, to, inner, i);
        c.store(mean(c.load(shared, c.add(from, i))), there.base, there.offset);
      });
    });
  });
}

}  // namespace heed::codegen
