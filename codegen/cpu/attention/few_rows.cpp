// Few rows (decoding): the lanes of an inner loop are depths of a key, or columns of a value, not rows.
//
// What is read of keys and values is used for all rows and read once, in the order of memory: by pieces, see
// pieces.cpp. Scores, masks and softmax stay as they are, lanes of rows: next to reading a key they cost little.
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

static Value chosen(Code& c, Value lanes, Value x, Value y) { return lanes ? c.select(lanes, x, y) : x; }

/// Those that keys are read by: in two vectors each if all of them come in words of two numbers.
Pieces AttentionKernel::piecesOfDepth(const Similarity& similarity) {
  const int64_t inner = similarity.depth.back();
  Pieces pieces{.count = c.known(extent[inner])};
  for (unsigned number : similarity.operands) {
    if (!similar[number].has(inner) || !similar[number].has(keyDim)) continue;
    Pieces own = piecesAlong(inner, similar[number].element);
    if (own.vectors == 1) return own;
    pieces = own;
  }
  return pieces;
}

/// Raw scores of keys [from, to) by tiles of keys and rows.
void AttentionKernel::scoreFewRows(Similarity& similarity, Value from, Value to, Value row) {
  OpBuilder& b = c.b;
  const int keysAtOnce = fewTile.keys, rowsAtOnce = fewTile.rows;
  Value lastKey = c.sub(to, 1);
  const int64_t inner = similarity.depth.back();
  const Pieces pieces = piecesOfDepth(similarity);
  auto isOfKeys = [&](unsigned number) { return !rowOperands.count(number) && similar[number].has(keyDim); };
  DenseMap<unsigned, Asking> asking;
  for (unsigned number : similarity.operands)
    if (isOfKeys(number)) asking[number] = asksAhead(similar[number], pieces, keysAtOnce);
  c.loop(from, to, keysAtOnce, [&](Value key) {
    Values keys;  // past the end the last key again: its rows are not listed
    for (int i = 0; i < keysAtOnce; ++i) keys.push_back(i ? c.least(c.add(key, i), lastKey) : key);
    DenseMap<unsigned, Values> bases;  // of a key operand, by key
    for (unsigned number : similarity.operands)
      if (isOfKeys(number))
        for (Value k : keys)
          bases[number].push_back(
              c.from(similar[number].base, codegen::at(b, c.loc, similar[number], keyDim, k).offset));
    c.loop(c.index(0), rowCount, rowsAtOnce, [&](Value first) {
      Positions depth;
      auto products = [&](int n, Value position, Value fresh, Values sums) {
        auto read = [&](Value base, Value offset, bool vector) {
          return vector ? vectorAt(pieces, n, base, c.add(offset, c.mul(position, pieces.vectors)))
                        : c.widened(c.load(base, offset));
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
            const RowOperand& of = operand->second;
            Value start = offset(c.add(of.slot, c.mul(first, of.rowDistance)), [&](int64_t dim) {
              return llvm::find_if(of.axes, [&](const LaneAxis& axis) { return axis.dim == dim; })->distance;
            });
            Value base = c.from(scratch, start);
            for (int r = 0; r < rowsAtOnce; ++r) {
              Value at = c.mul(of.rowDistance, r);
              Value x = vector ? c.loadLanes(base, c.add(position, c.add(at, n * pieces.words()))) : c.load(base, at);
              for (auto& key : elements) key[r].push_back(x);
            }
          } else if (view.has(keyDim)) {
            Value start = offset(c.index(0), strides);
            for (int i = 0; i < keysAtOnce; ++i) {
              Value x = read(bases[number][i], start, vector);
              for (auto& row : elements[i]) row.push_back(x);
            }
            if (vector && n == 0) ask(asking[number], bases[number][0], start, position, keysAtOnce);
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
              if (dim == inner) return positionsOf(pieces, n, position);
              if (Value at = depth.lookup(dim)) return {at, false};
              return {dim == keyDim ? keys[i] : positionOf(dim, c.add(first, r)), false};
            });
            Value next = region.accumulate(*similarity.body, elements[i][r], sum);
            next ? void(sum = chosen(c, fresh, next, sum)) : void(failed = true);
          }
        return sums;
      };
      auto nest = [&](auto& self, ArrayRef<int64_t> dims, Values sums) -> Values {
        if (dims.size() == 1)
          return eachPiece(pieces, sums, [&](Value position, Value fresh, Values so) {
            for (int n = 0; n < pieces.vectors; ++n) so = products(n, position, fresh, so);
            return so;
          });
        return c.loop(c.index(0), extent[dims.front()], c.index(1), sums, [&](Value i, Values so) {
          depth[dims.front()] = i;
          return self(self, dims.drop_front(), so);
        });
      };
      Value sums = sumsOfLanes(nest(nest, similarity.depth, Values(keysAtOnce * rowsAtOnce, c.splat(0))));
      if (scoreScale != 1) sums = arith::MulFOp::create(b, c.loc, sums, c.splat(scoreScale));
      Value where = c.add(similarity.slot, c.add(c.mul(c.add(row, c.sub(key, from)), pitch), first));
      for (int i = 0; i < keysAtOnce; ++i) {
        SmallVector<int64_t> lanes(rowsAtOnce);
        std::iota(lanes.begin(), lanes.end(), int64_t(i) * rowsAtOnce);
        Value own = vector::ShuffleOp::create(b, c.loc, sums, sums, lanes);
        c.storeLanes(own, scratch, c.add(where, int64_t(i) * pitch));
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
  const int64_t inner = value.back();
  const Pieces pieces = piecesAlong(inner, valueView.element);
  scaleOut(outSlot);
  View first = codegen::at(b, c.loc, valueView, keyDim, key);
  Value stride = valueView.stride[keyDim];
  auto tiles = [&](Value low, Value high, int keysAtOnce) {
    const Asking asking = asksAhead(valueView, pieces, keysAtOnce);
    c.loop(low, high, keysAtOnce, [&](Value row) {
      c.loop(c.index(0), rowCount, rowsAtOnce, [&](Value r) {
        Values weight;
        for (int i = 0; i < keysAtOnce; ++i)
          for (int m = 0; m < rowsAtOnce; ++m)
            weight.push_back(
                c.broadcast(c.load(scratch, c.add(c.add(scoreSlot, c.mul(c.add(row, i), pitch)), c.add(r, m)))));
        View start = codegen::at(b, c.loc, first, keyDim, c.sub(row, from));
        walk(valueAxes, start, c.add(outSlot, c.mul(r, outRow)), inner, [&](View view, Value slot) {
          Values bases;
          for (int i = 0; i < keysAtOnce; ++i) bases.push_back(c.from(view.base, c.add(view.offset, c.mul(stride, i))));
          Value out = c.from(shared, slot);
          eachPiece(pieces, {}, [&](Value position, Value fresh, Values) -> Values {
            ask(asking, bases[0], c.index(0), position, keysAtOnce);
            for (int n = 0; n < pieces.vectors; ++n) {
              auto place = [&](int m) { return c.add(position, c.add(c.mul(outRow, m), n * pieces.words())); };
              Values old, sums;
              for (int m = 0; m < rowsAtOnce; ++m) old.push_back(c.loadLanes(out, place(m)));
              sums = old;
              for (int i = 0; i < keysAtOnce; ++i) {
                Value x = vectorAt(pieces, n, bases[i], c.mul(position, pieces.vectors));
                for (int m = 0; m < rowsAtOnce; ++m) {
                  Value w = weight[i * rowsAtOnce + m];
                  sums[m] =
                      c.target.fma
                          ? vector::FMAOp::create(b, c.loc, x, w, sums[m]).getResult()
                          : arith::AddFOp::create(b, c.loc, arith::MulFOp::create(b, c.loc, x, w), sums[m]).getResult();
                }
              }
              for (int m = 0; m < rowsAtOnce; ++m) c.storeLanes(chosen(c, fresh, sums[m], old[m]), out, place(m));
            }
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

}  // namespace heed::codegen
