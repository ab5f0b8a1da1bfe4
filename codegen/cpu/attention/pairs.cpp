// bf16 by pairs: where the target multiplies two of them at once, a word of scratch is a pair of neighbours along the
// dim that is summed: of a depth for S = K Q, of keys for O = V P. Sums stay f32; P is rounded to bf16.
//
// A word of V is the pair of a key and the next one: for each key, since runs of keys may begin at any, but where there
// is no mask, whose runs are blocks.
#include "heed/codegen/cpu/attention/kernel.h"
#include "heed/codegen/cpu/x86.h"

using namespace mlir;

namespace heed::codegen {

bool AttentionKernel::takesPairs() {
  if (!c.target.bf16 || similarities.size() != 1 || !similarities[0].dot || similarities[0].depth.empty()) return false;
  int64_t inner = similarities[0].depth.back(), count = c.known(extent[inner]);
  if (ShapedType::isDynamic(count) || count % 2 != 0) return false;
  return valueView.element.isBF16() && valueView.has(keyDim) && !value.empty() &&
         llvm::all_of(similar, [&](const View& view) { return view.element.isBF16() && view.has(inner); }) &&
         (!c.target.amx || takesMatrices());
}

/// Whether pairs of a key's numbers are read where they lie.
bool AttentionKernel::readsPairs(const View& view) {
  if (!pairs || byMatrices() || !view.element.isBF16()) return false;
  return view.has(keyDim) && view.unit == similarities[0].depth.back();
}

/// Whether weights are made as words: those of neighbours, which are neighbours in V if no mask leaves out any.
bool AttentionKernel::weighsPairs() {
  if (!pairs || !op.getWeigh().empty()) return false;
  return byMatrices() || (op.getKeep().empty() && tile.block % 2 == 0);
}

/// How many keys a line of words of V is for.
int64_t AttentionKernel::keysOfWord() { return weighsPairs() ? 2 : 1; }

/// Two neighbours in memory as a word.
Value AttentionKernel::pairAt(Value base, Value at) {
  auto word = VectorType::get({1}, c.b.getF32Type());
  return vector::ExtractOp::create(c.b, c.loc, vector::BitCastOp::create(c.b, c.loc, word, c.loadLanes(base, at, 2)),
                                   0);
}

/// Two vectors of bf16 as one of words: x in the low halves.
Value AttentionKernel::pairOf(Value x, Value y) {
  SmallVector<int64_t> alternately;
  for (int n = 0; n < c.lanes; ++n) alternately.append({n, n + c.lanes});
  return vector::BitCastOp::create(c.b, c.loc, c.floats(), vector::ShuffleOp::create(c.b, c.loc, x, y, alternately));
}

static Value zeros(Code& c, Type like) { return c.constant(cast<TypedAttr>(c.b.getZeroAttr(like))); }

/// Numbers of f32 as words, rounded. No y: 0.
Value AttentionKernel::paired(Value x, Value y) {
  Value low = toBf16(c.b, c.loc, x);
  return pairOf(low, y ? toBf16(c.b, c.loc, y) : zeros(c, low.getType()));
}

/// The same of weights, which are no NaN but where their sum is one, too: four operations on integers take less time
/// than two conversions and a shuffle. Ties go up.
Value AttentionKernel::pairedWeights(Value x, Value y) {
  VectorType ints = c.vectorOf(c.b.getI32Type());
  auto constant = [&](int32_t n) { return c.constant(DenseElementsAttr::get(ints, n)); };
  auto rounded = [&](Value x) -> Value {
    return arith::AddIOp::create(c.b, c.loc, arith::BitcastOp::create(c.b, c.loc, ints, x), constant(0x8000));
  };
  Value low = arith::ShRUIOp::create(c.b, c.loc, rounded(x), constant(16));
  Value high = arith::AndIOp::create(c.b, c.loc, rounded(y), constant(int32_t(0xffff0000)));
  return arith::BitcastOp::create(c.b, c.loc, c.floats(), arith::OrIOp::create(c.b, c.loc, low, high));
}

/// Two scalars of bf16 as a word.
Value AttentionKernel::word(Value x, Value y) {
  auto half = [&](Value x) -> Value {
    Value bits = arith::BitcastOp::create(c.b, c.loc, c.b.getI16Type(), x);
    return arith::ExtUIOp::create(c.b, c.loc, c.b.getI32Type(), bits);
  };
  Value high = arith::ShLIOp::create(c.b, c.loc, half(y), c.constant(c.b.getI32IntegerAttr(16)));
  return arith::BitcastOp::create(c.b, c.loc, c.b.getF32Type(), arith::OrIOp::create(c.b, c.loc, half(x), high));
}

/// Rows [from, to) of what stands in the slot, rows * count words each, become half as many.
void AttentionKernel::pairUp(Value slot, Value from, Value to) {
  auto at = [&](Value row) { return c.add(slot, c.mul(row, pitch)); };
  Value count = c.sub(to, from), whole = c.div(count, 2), twice = c.mul(whole, 2);
  auto each = [&](Value pair, bool both) {
    Value first = c.add(from, c.mul(pair, 2));
    for (int j = 0; j < current.tile.vectors; ++j)
      setLanes(paired(laneVector(at(first), j), both ? laneVector(at(c.add(first, 1)), j) : Value()),
               at(c.add(from, pair)), j);
  };
  c.loop(c.index(0), whole, 1, [&](Value pair) { each(pair, true); });
  c.when(c.less(twice, count), [&] { each(whole, false); });
}

/// The block's rows, along the inner depth.
void AttentionKernel::pairRows(const RowOperand& operand) {
  const LaneAxis& inner = operand.axes.back();
  ArrayRef<LaneAxis> outer(operand.axes);
  Value count = extent[inner.dim];
  walk(outer, out, operand.slot, inner.dim, [&](View, Value slot) { pairUp(slot, c.index(0), count); });
  if (!byMatrices()) return;
  c.loop(c.div(count, 2), c.index(wordsOfKey()), 1, [&](Value word) {
    for (int j = 0; j < current.tile.vectors; ++j) setLanes(c.splat(0), c.add(operand.slot, c.mul(word, pitch)), j);
  });
}

/// Keys [from, to), along the inner depth.
View AttentionKernel::pairedDepth(const View& view, ArrayRef<int64_t> dims, Value slot, Value from, Value to) {
  const int64_t inner = similarities[0].depth.back();
  return copied(view, dims, slot, from, to, 2, [&](const View& there, Value, bool vector) -> Value {
    if (vector)
      return vector::BitCastOp::create(c.b, c.loc, c.floats(), c.loadLanes(there.base, there.offset, 2 * c.lanes));
    return word(c.load(there.base, there.offset), c.load(there.base, c.add(there.offset, there.stride[inner])));
  });
}

/// Values of keys [from, to), each with the next one's; after the last of all, 0. Of two keys once, where weights are
/// pairs.
void AttentionKernel::pairValues(const View& view, Value slot, Value from, Value to) {
  auto wordsOf = [&](const View& there, Value key, bool vector) {
    Value last = c.atMost(extent[keyDim], c.add(key, 1));
    Value next = c.add(there.offset, c.select(last, c.index(0), there.stride[keyDim]));
    auto load = [&](Value at) { return vector ? c.loadLanes(there.base, at) : c.load(there.base, at); };
    Value x = load(there.offset), y = load(next);
    y = c.select(last, zeros(c, y.getType()), y);
    return vector ? pairOf(x, y) : word(x, y);
  };
  copied(view, value, slot, from, to, 1, wordsOf, keysOfWord());
}

/// All values as words, in memory that the tasks share: made once, for all rows. How many words there are.
Value AttentionKernel::sharedValues(View& view) {
  view.base = shared, view.element = c.b.getF32Type(), view.unit = value.back(), view.offset = c.index(0);
  Value size = c.index(1);
  auto place = [&](int64_t dim, Value count) {
    if (view.has(dim)) view.stride[dim] = size, size = c.mul(size, count);
  };
  for (int64_t dim : llvm::reverse(value)) place(dim, extent[dim]);
  place(keyDim, c.div(c.add(extent[keyDim], keysOfWord() - 1), keysOfWord()));
  for (int64_t dim : llvm::reverse(outer)) place(dim, extent[dim]);
  return size;
}

void AttentionKernel::emitPairedValues() {
  constexpr int64_t keysOfTask = 256;
  View words = valueView;
  shared = tile::SharedOp::create(c.b, c.loc, MemRefType::get({ShapedType::kDynamic}, c.b.getF32Type()),
                                  c.mul(sharedValues(words), sizeof(float)));
  auto pieces = [&] { return c.div(c.add(extent[keyDim], keysOfTask - 1), keysOfTask); };
  Value tasks = pieces();
  for (int64_t dim : outer)
    if (valueView.has(dim)) tasks = c.mul(tasks, extent[dim]);
  parallel(tasks, c.index(sizeof(float)), [&](Value number) {
    views();
    View to = valueView;
    sharedValues(to);
    Value point = arith::DivUIOp::create(c.b, c.loc, number, pieces());
    Value first = c.mul(arith::RemUIOp::create(c.b, c.loc, number, pieces()), keysOfTask);
    for (int64_t dim : llvm::reverse(outer)) {
      if (!valueView.has(dim)) continue;
      Value position = arith::RemUIOp::create(c.b, c.loc, point, extent[dim]);
      point = arith::DivUIOp::create(c.b, c.loc, point, extent[dim]);
      for (View* view : {&valueView, &to}) *view = codegen::at(c.b, c.loc, *view, dim, position);
    }
    scratch = shared;
    Value slot = codegen::at(c.b, c.loc, to, keyDim, c.div(first, keysOfWord())).offset;
    pairValues(valueView, slot, first, c.least(c.add(first, keysOfTask), extent[keyDim]));
  });
}

/// Sums of products of words, those of the inner loops.
Value AttentionKernel::sumPairs(Value sum, Value x, Value y) { return dotPairs512(c.b, c.loc, sum, x, y); }

/// The pair without its second number, which no row may read.
Value AttentionKernel::firstOf(Value word) {
  Value bits = arith::BitcastOp::create(c.b, c.loc, c.b.getI32Type(), word);
  bits = arith::AndIOp::create(c.b, c.loc, bits, c.constant(c.b.getI32IntegerAttr(0xffff)));
  return arith::BitcastOp::create(c.b, c.loc, c.b.getF32Type(), bits);
}

}  // namespace heed::codegen
