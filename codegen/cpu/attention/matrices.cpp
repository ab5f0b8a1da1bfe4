// bf16 by matrix registers: S^T = K Q^T and O^T += V^T P^T, sixteen keys or columns by sixteen rows at a time.
//
// Words are pairs as in pairs.cpp. Keys are copied key by key, so that the registers read no farther than the scratch;
// values are transposed in bf16. A depth or a list of keys that does not fill a register is filled up with zeros on
// both sides.
#include "heed/codegen/cpu/attention/kernel.h"
#include "heed/codegen/cpu/transpose.h"
#include "heed/codegen/cpu/x86.h"

using namespace mlir;

namespace heed::codegen {

static constexpr int64_t side = 16;  // rows of a matrix register, and words of a row

/// How many of them are summed at once, of `count` that there are.
static int together(int64_t count) { return count % 2 == 0 ? 2 : 1; }

bool AttentionKernel::takesMatrices() {
  if (!c.target.amx || similarities[0].depth.size() != 1 || value.size() != 1 || valueView.unit != value[0])
    return false;
  if (ShapedType::isDynamic(c.known(extent[value[0]]))) return false;
  return llvm::all_of(similar, [&](const View& view) { return hasRow(view) || view.unit == similarities[0].depth[0]; });
}

/// Words of a key, a multiple of what a register holds.
int64_t AttentionKernel::wordsOfKey() { return llvm::alignTo(c.known(extent[similarities[0].depth[0]]) / 2, side); }

int64_t AttentionKernel::columnsOfValue() { return llvm::alignTo(c.known(extent[value[0]]), side); }

/// The first `count` numbers of a line of bf16, as a vector of words; beyond them 0.
Value AttentionKernel::wordsAt(Value base, Value at, int64_t count) {
  return vector::BitCastOp::create(c.b, c.loc, c.floats(), someLanes(base, at, 2 * c.lanes, count));
}

/// `lanes` numbers from `at` on, of which only the first `count` are read; the others are 0.
Value AttentionKernel::someLanes(Value base, Value at, int lanes, int64_t count) {
  auto type = VectorType::get({lanes}, cast<MemRefType>(base.getType()).getElementType());
  if (count >= lanes) return c.loadLanes(base, at, lanes);
  SmallVector<bool> some(lanes, false);
  std::fill_n(some.begin(), count, true);
  Value mask = c.constant(DenseElementsAttr::get(VectorType::get({lanes}, c.b.getI1Type()), some));
  Value none = c.constant(cast<TypedAttr>(c.b.getZeroAttr(type)));
  return vector::MaskedLoadOp::create(c.b, c.loc, type, base, at, mask, none);
}

/// Keys [from, to) in scratch, each a multiple of what a register holds.
View AttentionKernel::copiedKeys(const View& view, Value slot, Value from, Value to) {
  const int64_t pitch = wordsOfKey(), numbers = c.known(extent[similarities[0].depth[0]]);
  View copy = view;
  copy.base = scratch, copy.element = c.b.getF32Type();
  copy.stride[keyDim] = c.index(pitch), copy.offset = c.sub(slot, c.mul(from, pitch));
  c.loop(from, to, 1, [&](Value key) {
    Value source = codegen::at(c.b, c.loc, view, keyDim, key).offset;
    Value target = codegen::at(c.b, c.loc, copy, keyDim, key).offset;
    for (int64_t word = 0; word < pitch; word += side)
      c.storeLanes(wordsAt(view.base, c.add(source, 2 * word), numbers - 2 * word), scratch, c.add(target, word));
  });
  return copy;
}

/// sums += left * right over `turns` turns, from the sums' place back to it: of `down` x `across` registers.
void AttentionKernel::sumMatrices(Matrices left, Matrices right, Matrices out, Value turns, int down, int across,
                                  bool fromZero) {
  auto at = [&](const Matrices& m, Value start, int64_t n, int64_t lines) {
    return c.add(start, c.mul(m.pitch, n * lines));
  };
  auto sumAt = [&](int n) { return c.add(at(out, out.start, n / across, side), n % across * side); };
  Values sums;
  for (int n = 0; n < down * across; ++n)
    sums.push_back(fromZero ? zeroMatrix(c.b, c.loc) : loadMatrix(c.b, c.loc, scratch, sumAt(n), out.pitch));
  sums = c.loop(c.index(0), turns, c.index(1), sums, [&](Value turn, Values so) {
    Value x = c.add(left.start, c.mul(turn, side)), y = c.add(right.start, c.mul(c.mul(turn, side), right.pitch));
    Values columns;
    for (int j = 0; j < across; ++j)
      columns.push_back(loadMatrix(c.b, c.loc, scratch, c.add(y, j * side), right.pitch));
    for (int i = 0; i < down; ++i) {
      Value rows = loadMatrix(c.b, c.loc, scratch, at(left, x, i, side), left.pitch);
      for (int j = 0; j < across; ++j) {
        Value& sum = so[i * across + j];
        sum = dotMatrices(c.b, c.loc, sum, rows, columns[j]);
      }
    }
    return so;
  });
  for (auto [n, sum] : llvm::enumerate(sums)) storeMatrix(c.b, c.loc, sum, scratch, sumAt(n), out.pitch);
}

/// Like scoreTiles. Beyond the last key are rows that nobody lists.
void AttentionKernel::scoreMatrices(Similarity& similarity, Value from, Value to, Value row, bool raise) {
  const RegisterTile tile = current.tile;
  const int down = tile.keys / side, across = together(tile.vectors);
  const View* keys = nullptr;
  Value rowSlot;
  for (unsigned number : similarity.operands)
    if (auto found = rowOperands.find(number); found != rowOperands.end())
      rowSlot = found->second.slot;
    else
      keys = &similar[number];
  Value pitch = c.index(this->pitch), end = c.add(current.lane, int64_t(tile.vectors) * side);
  auto slotOf = [&](Value key) { return c.add(similarity.slot, c.mul(c.add(row, c.sub(key, from)), this->pitch)); };
  // Maxima, and scores that a factor is due, tile by tile: while the next one is summed.
  auto finish = [&](Value first, Value last, Value lane) {
    auto vectorOf = [&](Value slot, int j) { return c.add(c.add(slot, lane), j * side); };
    Values most;
    for (int j = 0; raise && j < across; ++j) most.push_back(c.loadLanes(scratch, vectorOf(maxSlot, j)));
    most = c.loop(first, last, c.index(1), most, [&](Value key, Values so) {
      for (int j = 0; j < across; ++j) {
        Value at = vectorOf(slotOf(key), j), score = c.loadLanes(scratch, at);
        if (scoreScale != 1) {
          score = arith::MulFOp::create(c.b, c.loc, score, c.splat(scoreScale));
          c.storeLanes(score, scratch, at);
        }
        if (raise) so[j] = c.larger(score, so[j]);
      }
      return so;
    });
    for (int j = 0; raise && j < across; ++j) c.storeLanes(most[j], scratch, vectorOf(maxSlot, j));
  };
  c.loop(from, to, tile.keys, [&](Value key) {
    Matrices left{codegen::at(c.b, c.loc, *keys, keyDim, key).offset, keys->stride[keyDim]};
    c.loop(current.lane, end, across * side, [&](Value lane) {
      sumMatrices(left, {c.add(rowSlot, lane), pitch}, {c.add(slotOf(key), lane), pitch}, c.index(wordsOfKey() / side),
                  down, across, /*fromZero=*/true);
      if (raise || scoreScale != 1) finish(key, c.least(c.add(key, tile.keys), to), lane);
    });
  });
}

/// The values of the first `count` keys keyAt(row), transposed: a line for each column, of keys in bf16. It is some
/// time before they are read: a register that loads what was just stored waits for it to reach the cache.
void AttentionKernel::transposeValues(Value count, llvm::function_ref<Value(Value)> keyAt) {
  const int64_t all = c.known(extent[value[0]]), whole = all / side * side;
  Value last = c.sub(count, 1), slot = copies.lookup(similar.size()), pitch = c.index(valuePitch());
  auto columns = [&](Value column, int64_t columns) {
    c.loop(c.index(0), c.div(c.add(count, 1), 2), side, [&](Value first) {
      auto slotOf = [&](Value line) { return c.add(c.add(slot, first), c.mul(c.add(line, column), pitch)); };
      auto half = [&](Value row) {  // past the last key that again: its weights are 0
        View there = codegen::at(c.b, c.loc, valueView, keyDim, keyAt(c.least(row, last)));
        return someLanes(there.base, c.add(there.offset, column), c.lanes, columns);
      };
      auto read = [&](Value line) {
        Value row = c.mul(c.add(first, line), 2);
        return pairOf(half(row), half(c.add(row, 1)));
      };
      auto load = [&](Value line) { return c.loadLanes(scratch, slotOf(line)); };
      auto store = [&](Value line, Value words) { c.storeLanes(words, scratch, slotOf(line)); };
      transpose(c.b, c.loc, c.lanes, {read, load, store});
    });
  };
  c.loop(c.index(0), c.index(whole), side, [&](Value column) { columns(column, side); });
  if (whole < all) columns(c.index(whole), all - whole);
}

/// O^T = O^T * alpha + V^T P^T for the first `count` rows of P, whose values have been transposed.
void AttentionKernel::accumulateMatrices(Value count) {
  const int across = together(current.tile.vectors), down = together(columnsOfValue() / side);
  Value pitch = c.index(this->pitch), end = c.add(current.lane, int64_t(current.tile.vectors) * side);
  Value words = c.div(c.add(count, 1), 2), filled = c.roundUp(words, side);
  if (!op.getWeigh().empty()) pairUp(scoreSlot, c.index(0), count);
  c.loop(words, filled, 1, [&](Value n) {
    for (int j = 0; j < current.tile.vectors; ++j) setLanes(c.splat(0), c.add(scoreSlot, c.mul(n, this->pitch)), j);
  });
  // Few maxima grow: what was summed is rarely scaled.
  for (int j = 0; j < current.tile.vectors; ++j) {
    Value alpha = laneVector(alphaSlot, j);
    Value changed = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::UNE, alpha, c.splat(1));
    c.when(vector::ReductionOp::create(c.b, c.loc, vector::CombiningKind::OR, changed), [&] {
      c.loop(c.index(0), extent[value[0]], 1, [&](Value column) {
        Value slot = c.add(outSlot, c.mul(column, this->pitch));
        setLanes(arith::MulFOp::create(c.b, c.loc, laneVector(slot, j), alpha), slot, j);
      });
    });
  }
  c.loop(c.index(0), c.index(columnsOfValue()), down * side, [&](Value column) {
    Value values = c.add(copies.lookup(similar.size()), c.mul(column, valuePitch()));
    c.loop(current.lane, end, across * side, [&](Value lane) {
      sumMatrices({values, c.index(valuePitch())}, {c.add(scoreSlot, lane), pitch},
                  {c.add(c.add(outSlot, c.mul(column, this->pitch)), lane), pitch}, c.div(filled, side), down, across,
                  /*fromZero=*/false);
    });
  });
}

}  // namespace heed::codegen
