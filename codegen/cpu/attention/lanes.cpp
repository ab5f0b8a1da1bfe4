// fill and drain: three ways each, by where the operand is contiguous: along an axis (transpose squares), along the
// rows (copy), or nowhere (element by element). Incomplete squares overlap the previous one.
#include "heed/codegen/cpu/attention/kernel.h"
#include "heed/codegen/cpu/transpose.h"

using namespace mlir;

namespace heed::codegen {

Value AttentionKernel::encode(Value x) {
  OpBuilder& b = c.b;
  Type element = getElementTypeOrSelf(x.getType());
  if (element.isF32()) return x;
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  if (isa<FloatType>(element)) {
    element = b.getIntegerType(bits);
    x = arith::BitcastOp::create(b, c.loc, withElement(x.getType(), element), x);
  }
  if (bits == 64) {  // scalars only
    if (element.isIndex()) x = arith::IndexCastOp::create(b, c.loc, b.getI64Type(), x);
    Value one = vector::BroadcastOp::create(b, c.loc, VectorType::get({1}, b.getI64Type()), x);
    return vector::BitCastOp::create(b, c.loc, VectorType::get({2}, b.getF32Type()), one);
  }
  if (bits < 32) x = arith::ExtUIOp::create(b, c.loc, withElement(x.getType(), b.getI32Type()), x);
  return arith::BitcastOp::create(b, c.loc, withElement(x.getType(), b.getF32Type()), x);
}

Value AttentionKernel::decode(Value words, Type element) {
  OpBuilder& b = c.b;
  if (element.isF32()) return words;
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  if (bits == 64) {
    Value wide = vector::BitCastOp::create(b, c.loc, c.vectorOf(b.getI64Type()), words);
    if (element.isIndex()) return arith::IndexCastOp::create(b, c.loc, c.vectorOf(element), wide);
    return isa<FloatType>(element) ? arith::BitcastOp::create(b, c.loc, c.vectorOf(element), wide).getResult() : wide;
  }
  Value ints = arith::BitcastOp::create(b, c.loc, c.vectorOf(b.getI32Type()), words);
  if (bits < 32) ints = arith::TruncIOp::create(b, c.loc, c.vectorOf(b.getIntegerType(bits)), ints);
  return isa<FloatType>(element) ? arith::BitcastOp::create(b, c.loc, c.vectorOf(element), ints).getResult() : ints;
}

Value AttentionKernel::element(const View& view) {
  Value x = c.load(view.base, view.offset);
  return view.element.isInteger(1) ? arith::TruncIOp::create(c.b, c.loc, c.b.getI1Type(), x).getResult() : x;
}

View AttentionKernel::atRow(const View& view, Value row) {
  if (positionSlots.empty()) return codegen::at(c.b, c.loc, view, rowDim, c.least(c.add(q0, row), c.sub(allRows, 1)));
  View there = view;
  for (auto [dim, slot] : llvm::zip(rowDims, positionSlots)) {
    if (!view.has(dim)) continue;
    Value word = arith::BitcastOp::create(c.b, c.loc, c.b.getI32Type(), c.load(scratch, c.add(slot, row)));
    there = codegen::at(c.b, c.loc, there, dim, arith::IndexCastOp::create(c.b, c.loc, c.b.getIndexType(), word));
  }
  return there;
}

/// Calls body for every position of the axes but `except`, with view and slot moved there.
void AttentionKernel::walk(ArrayRef<LaneAxis> axes, const View& view, Value slot, int64_t except,
                           llvm::function_ref<void(View, Value)> body) {
  if (axes.empty()) return body(view, slot);
  const LaneAxis& axis = axes.front();
  if (axis.dim == except) return walk(axes.drop_front(), view, slot, except, body);
  c.loop(axis.from, axis.to, 1, [&](Value i) {
    walk(axes.drop_front(), codegen::at(c.b, c.loc, view, axis.dim, i), c.add(slot, c.mul(i, axis.distance)), except,
         body);
  });
}

static const LaneAxis* unitAxis(const View& view, ArrayRef<LaneAxis> axes) {
  for (const LaneAxis& axis : axes)
    if (axis.dim == view.unit) return &axis;
  return nullptr;
}

void AttentionKernel::fill(const View& view, ArrayRef<LaneAxis> axes, Value slot, Words kind, float scale) {
  OpBuilder& b = c.b;
  auto wordsOf = [&](Value x) { return kind == Words::bits ? encode(x) : c.widened(x); };
  auto scaled = [&](Value words) -> Value {
    if (scale == 1) return words;
    Value factor = isa<VectorType>(words.getType()) ? c.splat(scale) : c.constant(b.getF32FloatAttr(scale));
    return arith::MulFOp::create(b, c.loc, words, factor);
  };
  auto put = [&](Value x, Value where) {
    Value words = scaled(wordsOf(x));
    isa<VectorType>(words.getType()) ? c.storeLanes(words, scratch, where) : c.store(words, scratch, where);
  };
  int words = view.element.isIndex() || view.element.getIntOrFloatBitWidth() == 64 ? 2 : 1;
  auto oneByOne = [&]() -> Values {
    walk(axes, view, slot, -1, [&](View from, Value to) {
      c.loop(c.index(0), c.index(rows), 1, [&](Value r) { put(element(atRow(from, r)), c.add(to, c.mul(r, words))); });
    });
    return {};
  };
  const LaneAxis* unit = unitAxis(view, axes);
  if (words == 1 && unit) {
    Value last = c.sub(view.extent[unit->dim], c.lanes);
    c.choose(
        c.atMost(c.index(0), last), {},
        [&]() -> Values {
          walk(axes, view, slot, unit->dim, [&](View from, Value to) {
            c.loop(c.index(0), c.index(rows), c.lanes, [&](Value j) {
              c.loop(unit->from, unit->to, c.lanes, [&](Value i) {
                Value first = c.least(i, last), corner = c.add(c.add(to, c.mul(first, unit->distance)), j);
                auto slotOf = [&](Value line) { return c.add(corner, c.mul(line, unit->distance)); };
                auto read = [&](Value line) {
                  return scaled(wordsOf(c.loadLanes(from.base, c.add(atRow(from, c.add(j, line)).offset, first))));
                };
                auto load = [&](Value line) { return c.loadLanes(scratch, slotOf(line)); };
                auto store = [&](Value line, Value words) { c.storeLanes(words, scratch, slotOf(line)); };
                transpose(b, c.loc, c.lanes, {read, load, store});
              });
            });
          });
          return {};
        },
        oneByOne);
  } else if (words == 1 && view.unit == rowDim && rowDims.size() == 1) {
    c.choose(
        c.atMost(c.add(q0, rows), allRows), {},
        [&]() -> Values {
          walk(axes, codegen::at(b, c.loc, view, rowDim, q0), slot, -1, [&](View from, Value to) {
            c.loop(c.index(0), c.index(rows), c.lanes,
                   [&](Value j) { put(c.loadLanes(from.base, c.add(from.offset, j)), c.add(to, j)); });
          });
          return {};
        },
        oneByOne);
  } else {
    oneByOne();
  }
}

void AttentionKernel::drain(const View& view, ArrayRef<LaneAxis> axes, Value slot) {
  OpBuilder& b = c.b;
  auto oneByOne = [&]() -> Values {
    walk(axes, view, slot, -1, [&](View to, Value from) {
      c.loop(c.index(0), rowCount, 1, [&](Value r) {
        View there = atRow(to, r);
        c.store(c.narrowed(c.load(scratch, c.add(from, r)), view.element), there.base, there.offset);
      });
    });
    return {};
  };
  const LaneAxis* unit = unitAxis(view, axes);
  if (unit) {
    Value last = c.sub(view.extent[unit->dim], c.lanes);
    c.choose(
        c.atMost(c.index(0), last), {},
        [&]() -> Values {
          walk(axes, view, slot, unit->dim, [&](View to, Value from) {
            c.loop(c.index(0), rowCount, c.lanes, [&](Value j) {
              Value count = c.least(c.index(c.lanes), c.sub(rowCount, j));
              c.loop(unit->from, unit->to, c.lanes, [&](Value i) {
                Value column = c.least(i, last);
                Value corner = c.add(c.add(from, c.mul(column, unit->distance)), j);
                auto read = [&](Value line) {
                  return c.loadLanes(scratch, c.add(corner, c.mul(line, unit->distance)));
                };
                auto slotOf = [&](Value line) { return c.add(squareSlot, c.mul(line, c.lanes)); };
                auto load = [&](Value line) { return c.loadLanes(scratch, slotOf(line)); };
                auto store = [&](Value line, Value row) { c.storeLanes(row, scratch, slotOf(line)); };
                transpose(b, c.loc, c.lanes, {read, load, store});
                c.loop(c.index(0), count, 1, [&](Value r) {
                  View there = atRow(to, c.add(j, r));
                  c.storeLanes(c.narrowed(load(r), view.element), there.base, c.add(there.offset, column));
                });
              });
            });
          });
          return {};
        },
        oneByOne);
  } else if (view.unit == rowDim && rowDims.size() == 1) {
    c.choose(
        c.atMost(c.add(q0, rows), allRows), {},
        [&]() -> Values {
          walk(axes, atRow(view, c.index(0)), slot, -1, [&](View to, Value from) {
            c.loop(c.index(0), c.index(rows), c.lanes, [&](Value j) {
              Value line = c.loadLanes(scratch, c.add(from, j));
              c.storeLanes(c.narrowed(line, view.element), to.base, c.add(to.offset, j));
            });
          });
          return {};
        },
        oneByOne);
  } else {
    oneByOne();
  }
}

/// The block's rows of the result, which are written at its end, and those that the next block reads: fetched when they
/// are wanted, they would hold it up for as long as a few keys take.
AttentionKernel::Lines AttentionKernel::linesOfRows(Value block) {
  constexpr int64_t line = 64;  // bytes
  if (rowDims.size() > 1) return {};
  struct Piece {
    View view;
    int64_t perRow, numbers;  // lines of a row, numbers in a line
    bool written;
  };
  SmallVector<Piece> pieces;
  int64_t all = 0;
  auto want = [&](const View& view, bool written) {
    if (view.unit < 0 || !view.has(rowDim) || view.unit == rowDim) return;
    int64_t count = c.known(extent[view.unit]), numbers = line * 8 / view.element.getIntOrFloatBitWidth();
    if (ShapedType::isDynamic(count)) return;
    pieces.push_back({view, (count + numbers - 1) / numbers, numbers, written});
    all = std::max(all, rows * pieces.back().perRow);
  };
  want(codegen::at(c.b, c.loc, out, rowDim, q0), true);
  // Workers take blocks in turn.
  Value away = c.mul(tile::WorkersOp::create(c.b, c.loc, c.b.getIndexType()), rows);
  Value next = c.select(fromLast, c.sub(q0, away), c.add(q0, away));
  for (auto& [number, operand] : rowOperands) want(codegen::at(c.b, c.loc, similar[number], rowDim, next), false);
  if (all == 0) return {};
  Value first = arith::RemUIOp::create(c.b, c.loc, block, c.index(all));
  return [=, this](Value key) {
    Value n = c.add(first, key);
    for (const Piece& piece : pieces) {
      Value row = c.div(n, piece.perRow), rest = c.sub(n, c.mul(row, piece.perRow));
      View there = codegen::at(c.b, c.loc, piece.view, rowDim, row);
      Value at = c.add(there.offset, c.mul(rest, piece.numbers));
      memref::PrefetchOp::create(c.b, c.loc, there.base, at, piece.written, piece.written ? 3 : 2, true);
    }
  };
}

/// Whether a block's keys of this operand are brought to scratch: what is not f32, but for pairs that are read where
/// they lie, or were made before.
bool AttentionKernel::isCopied(const View& view, unsigned number) {
  if (view.element.isF32() || !view.has(keyDim)) return false;
  return !pairs || byMatrices() || (number < similar.size() && !readsPairs(view));
}

bool AttentionKernel::copiesKeys() {
  bool any = isCopied(valueView, similar.size());
  for (auto [number, view] : llvm::enumerate(similar)) any |= isCopied(view, number);
  return any;
}

/// Keys [from, to) of the view in scratch, as f32, `of` each number, their `dims` side by side.
View AttentionKernel::widened(const View& view, ArrayRef<int64_t> dims, Value slot, Value from, Value to,
                              llvm::function_ref<Value(Value)> of) {
  return copied(view, dims, slot, from, to, 1, [&](const View& there, Value, bool vector) {
    return of(c.widened(vector ? c.loadLanes(there.base, there.offset) : c.load(there.base, there.offset)));
  });
}

/// The same as words, each made of `numbers` elements of the last of `dims` and of so many `keys`, which stand in the
/// place of one then: wordsOf(view of the first of them, key, whether a vector of words).
View AttentionKernel::copied(const View& view, ArrayRef<int64_t> dims, Value slot, Value from, Value to,
                             int64_t numbers, llvm::function_ref<Value(const View&, Value, bool)> wordsOf,
                             int64_t keys) {
  OpBuilder& b = c.b;
  SmallVector<int64_t> own = llvm::filter_to_vector(dims, [&](int64_t dim) { return view.has(dim); });
  View copy = view;
  copy.base = scratch, copy.element = b.getF32Type(), copy.unit = own.empty() ? -1 : own.back();
  Value size = c.index(1);
  for (int64_t dim : llvm::reverse(own)) {
    copy.stride[dim] = size;
    size = c.mul(size, dim == own.back() ? c.div(extent[dim], numbers) : extent[dim]);
  }
  copy.stride[keyDim] = size;
  copy.offset = c.sub(slot, c.mul(from, size));

  auto line = [&](View source, View target, Value key) {
    auto move = [&](Value i, bool vector) {
      View there = own.empty() ? source : codegen::at(b, c.loc, source, own.back(), c.mul(i, numbers));
      Value where = c.add(target.offset, i), words = wordsOf(there, key, vector);
      vector ? c.storeLanes(words, scratch, where) : c.store(words, scratch, where);
    };
    if (own.empty()) return move(c.index(0), false);
    Value count = c.div(extent[own.back()], numbers), last = c.sub(count, c.lanes);
    auto oneByOne = [&]() -> Values {
      return c.loop(c.index(0), count, 1, [&](Value i) { move(i, false); }), Values();
    };
    if (view.unit != own.back()) return void(oneByOne());
    c.choose(
        c.atMost(c.index(0), last), {},
        [&]() -> Values {
          return c.loop(c.index(0), count, c.lanes, [&](Value i) { move(c.least(i, last), true); }), Values();
        },
        oneByOne);
  };
  auto nest = [&](auto& self, ArrayRef<int64_t> outer, View source, View target, Value key) -> void {
    if (outer.empty()) return line(source, target, key);
    c.loop(c.index(0), extent[outer.front()], 1, [&](Value i) {
      self(self, outer.drop_front(), codegen::at(b, c.loc, source, outer.front(), i),
           codegen::at(b, c.loc, target, outer.front(), i), key);
    });
  };
  c.loop(from, to, keys, [&](Value key) {
    ArrayRef<int64_t> outer(own);
    Value place = keys == 1 ? key : c.add(from, c.div(c.sub(key, from), keys));
    nest(nest, own.empty() ? outer : outer.drop_back(), codegen::at(b, c.loc, view, keyDim, key),
         codegen::at(b, c.loc, copy, keyDim, place), key);
  });
  return copy;
}

}  // namespace heed::codegen
