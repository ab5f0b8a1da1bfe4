// A sum of c tanh(a + b), where a is made from a number of the row, b from one of the key, and c belongs to neither:
//
//     c tanh(a + b) = c - 2 c / (1 + e^2a e^2b)
//
// The exponentials are taken once for each number instead of once for each pair, e^2a over c, and with it a divisor is
// d = (1 + e^2a e^2b) / c. Four terms share one division: 1/d + 1/d' = (d + d') / (d d'). So that the product of four
// is finite, a divisor is cut at 2^31, where the quotient no longer counts; most blocks are known to have none so
// large. b may be cut to [-43, 43] only if no a exceeds 34: then tanh is 1 beyond. Blocks of rows with such an a go the
// common way.
#include "heed/codegen/cpu/attention/kernel.h"
#include "heed/codegen/cpu/x86.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heed::codegen {

static constexpr int64_t together = 4;  // terms that share a division
static constexpr float most = 0x1p31f;  // of a divisor

/// The only argument that `value` is made from, by ops of the block; -1 for none, -2 for several.
static int64_t sourceOf(Value value, Block& block) {
  if (auto argument = dyn_cast<BlockArgument>(value)) return argument.getArgNumber();
  Operation* op = value.getDefiningOp();
  if (op->getBlock() != &block || op->hasTrait<OpTrait::ConstantLike>()) return -1;
  if (isa<tile::IndexOp>(op)) return -2;
  int64_t source = -1;
  for (Value operand : op->getOperands()) {
    int64_t other = sourceOf(operand, block);
    if (other == -1 || other == source) continue;
    source = source == -1 ? other : -2;
  }
  return source;
}

/// The body as such a term, if it is one.
std::optional<AttentionKernel::TanhSum> AttentionKernel::tanhSumOf(Similarity& similarity) {
  Block& block = similarity.body->front();
  auto tanh = block.getTerminator()->getOperand(0).getDefiningOp<math::TanhOp>();
  TanhSum sum;
  if (auto product = block.getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>())
    for (auto [x, y] : {std::pair{product.getLhs(), product.getRhs()}, {product.getRhs(), product.getLhs()}})
      if (!tanh && (tanh = x.getDefiningOp<math::TanhOp>())) sum.factor = y;
  Operation* inner = tanh ? tanh.getOperand().getDefiningOp() : nullptr;
  if (!inner || !isa<arith::AddFOp, arith::SubFOp>(inner) || similarity.depth.empty()) return std::nullopt;
  sum.subtracted = isa<arith::SubFOp>(inner);
  int64_t of[2] = {sourceOf(inner->getOperand(0), block), sourceOf(inner->getOperand(1), block)};
  for (int side : {0, 1}) {
    if (of[side] < 0 || of[1 - side] < 0) return std::nullopt;
    unsigned row = similarity.operands[of[side]], key = similarity.operands[of[1 - side]];
    if (!hasRow(similar[row]) || hasRow(similar[key]) || !similar[key].has(keyDim)) continue;
    sum.row = row, sum.key = key;
    sum.a = inner->getOperand(side), sum.b = inner->getOperand(1 - side), sum.swapped = side == 1;
  }
  if (!sum.a) return std::nullopt;
  if (!sum.factor) return sum;
  int64_t factor = sourceOf(sum.factor, block);
  if (factor == -2) return std::nullopt;
  if (factor < 0) return sum;
  // The rows take the factor in.
  const View &view = similar[similarity.operands[factor]], &row = similar[sum.row];
  bool taken = llvm::all_of(similarity.depth, [&](int64_t dim) { return !view.has(dim) || row.has(dim); });
  return hasRow(view) || view.has(keyDim) || !taken ? std::nullopt : std::optional(sum);
}

/// One of the body's values, where its argument from operand `number` is x.
Value AttentionKernel::partOfBody(Similarity& similarity, Value part, unsigned number, Value x) {
  Values arguments;
  for (unsigned operand : similarity.operands)
    arguments.push_back(operand == number ? x : c.constant(c.b.getF32FloatAttr(0)));
  RegionCloner region(c.b, c.loc, c.lanes, c.target.fma, [&](int64_t dim) { return LaneIndex{at.lookup(dim), false}; });
  Value made = region.evaluate(*similarity.body, part, arguments);
  if (made) return made;
  failed = true;
  return x;
}

/// e^2x.
Value AttentionKernel::exponentialOfTwice(Value x, bool negative) {
  bool vector = isa<VectorType>(x.getType());
  auto number = [&](float n) { return vector ? c.splat(n) : c.constant(c.b.getF32FloatAttr(n)); };
  Value twice = arith::MulFOp::create(c.b, c.loc, x, number(negative ? -2 : 2));
  return math::ExpOp::create(c.b, c.loc, twice);
}

/// e^2a / c of the block's rows, 1 / c, the sum of the factors, and whether all are such that the sum may be taken this
/// way.
void AttentionKernel::prepareRows(Similarity& similarity) {
  TanhSum& sum = *similarity.tanh;
  const RowOperand& operand = rowOperands[sum.row];
  Value zero = c.index(0), largest = c.splat(0);
  largest = c.loop(zero, operand.rowDistance, c.index(c.lanes), {largest}, [&](Value i, Values so) -> Values {
    Value a = partOfBody(similarity, sum.a, sum.row, c.loadLanes(scratch, c.add(operand.slot, i)));
    a = c.broadcast(a);
    c.storeLanes(exponentialOfTwice(a, sum.subtracted && sum.swapped), scratch, c.add(sum.rowSlot, i));
    return {c.larger(math::AbsFOp::create(c.b, c.loc, a), so[0])};
  })[0];
  largest = vector::ReductionOp::create(c.b, c.loc, vector::CombiningKind::MAXNUMF, largest);

  Values totals{c.constant(c.b.getF32FloatAttr(0)), c.constant(c.b.getF32FloatAttr(0))};  // sum, and largest
  Positions depth;
  auto nest = [&](auto& self, ArrayRef<int64_t> dims, Values so) -> Values {
    if (!dims.empty())
      return c.loop(zero, extent[dims.front()], c.index(1), so, [&](Value i, Values so) {
        depth[dims.front()] = i;
        return self(self, dims.drop_front(), so);
      });
    Value factor = factorAt(similarity, depth);
    Value size = math::AbsFOp::create(c.b, c.loc, factor);
    return {arith::AddFOp::create(c.b, c.loc, so[0], factor), c.larger(size, so[1])};
  };
  totals = nest(nest, similarity.depth, totals);
  c.storeLanes(c.broadcast(totals[0]), scratch, sum.totalSlot);

  depth.clear();
  for (int64_t dim : similarity.depth) depth[dim] = zero;
  auto fold = [&](auto& self, ArrayRef<LaneAxis> axes, Value start) -> void {
    if (!axes.empty())
      return c.loop(zero, extent[axes.front().dim], 1, [&](Value i) {
        depth[axes.front().dim] = i;
        self(self, axes.drop_front(), c.add(start, c.mul(i, axes.front().distance)));
      });
    Value one = c.constant(c.b.getF32FloatAttr(1));
    Value inverse = arith::DivFOp::create(c.b, c.loc, one, factorAt(similarity, depth)), size;
    for (int j = 0; j < current.tile.vectors; ++j) {
      Value at = c.add(sum.rowSlot, start);
      Value divided = arith::MulFOp::create(c.b, c.loc, laneVector(at, j), c.broadcast(inverse));
      setLanes(divided, at, j);
      Value own = math::AbsFOp::create(c.b, c.loc, divided);
      size = size ? arith::AddFOp::create(c.b, c.loc, size, own).getResult() : own;
    }
    Value number = c.div(start, pitch);
    c.store(inverse, scratch, c.add(sum.inverseSlot, number));
    size = vector::ReductionOp::create(c.b, c.loc, vector::CombiningKind::ADD, size, arith::FastMathFlags::reassoc);
    c.store(size, scratch, c.add(sum.sizeSlot, number));
  };
  fold(fold, operand.axes, zero);
  auto below = [&](Value x, float limit) -> Value {
    return arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OLE, x, c.constant(c.b.getF32FloatAttr(limit)));
  };
  sum.regular = arith::AndIOp::create(c.b, c.loc, below(largest, 34), below(totals[1], 0x1p30f));
}

/// The factor c at a depth, a scalar.
Value AttentionKernel::factorAt(Similarity& similarity, const Positions& depth) {
  TanhSum& sum = *similarity.tanh;
  if (!sum.factor) return c.constant(c.b.getF32FloatAttr(1));
  int64_t source = sourceOf(sum.factor, similarity.body->front());
  if (source < 0) return partOfBody(similarity, sum.factor, 0, {});
  unsigned number = similarity.operands[source];
  View there = similar[number];
  for (int64_t dim : similarity.depth) there = codegen::at(c.b, c.loc, there, dim, depth.lookup(dim));
  return partOfBody(similarity, sum.factor, number, c.widened(c.load(there.base, there.offset)));
}

/// e^2b of keys [from, to), side by side.
View AttentionKernel::preparedKeys(Similarity& similarity, Value from, Value to) {
  TanhSum& sum = *similarity.tanh;
  return widened(similar[sum.key], similarity.depth, sum.keySlot, from, to, [&](Value x) {
    Value b = partOfBody(similarity, sum.b, sum.key, x);
    bool vector = isa<VectorType>(x.getType());
    auto number = [&](float n) { return vector ? c.splat(n) : c.constant(c.b.getF32FloatAttr(n)); };
    if (vector) b = c.broadcast(b);
    Value low = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OLT, b, number(-43));
    Value high = arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OGT, b, number(43));
    b = c.select(low, number(-43), c.select(high, number(43), b));
    return exponentialOfTwice(b, sum.subtracted && !sum.swapped);
  });
}

/// Whether no divisor of keys [from, to) and a regular block of rows is cut, by the sums of the exponentials at each
/// depth: a bound of the largest that a NaN passes through.
Value AttentionKernel::isCalm(Similarity& similarity, Value from, Value to) {
  TanhSum& sum = *similarity.tanh;
  const View& view = sum.prepared;
  for (int64_t dim : similarity.depth)
    if (!similar[sum.row].has(dim) || !view.has(dim)) return c.bit(false);
  Value size = view.stride[keyDim], last = c.sub(size, c.lanes), zero = c.index(0);
  auto look = [&]() -> Values {
    Value largest = c.loop(zero, size, c.index(c.lanes), {c.splat(0)}, [&](Value i, Values so) -> Values {
      Value at = c.least(i, last);
      Value keys = c.loop(from, to, c.index(1), {c.splat(0)}, [&](Value key, Values so) -> Values {
        View there = codegen::at(c.b, c.loc, view, keyDim, key);
        return {arith::AddFOp::create(c.b, c.loc, so[0], c.loadLanes(scratch, c.add(there.offset, at)))};
      })[0];
      Value product =
          arith::MulFOp::create(c.b, c.loc, keys, c.loadLanes(scratch, c.add(sum.sizeSlot, at))).getResult();
      Value inverse = math::AbsFOp::create(c.b, c.loc, c.loadLanes(scratch, c.add(sum.inverseSlot, at)));
      return {arith::MaximumFOp::create(c.b, c.loc, so[0], arith::AddFOp::create(c.b, c.loc, product, inverse))};
    })[0];
    largest = vector::ReductionOp::create(c.b, c.loc, vector::CombiningKind::MAXIMUMF, largest);
    Value limit = c.constant(c.b.getF32FloatAttr(most));
    return {arith::CmpFOp::create(c.b, c.loc, arith::CmpFPredicate::OLE, largest, limit)};
  };
  return c.choose(c.atMost(zero, last), c.b.getI1Type(), look, [&]() -> Values { return {c.bit(false)}; })[0];
}

/// Raw scores as scoreTiles, of a regular block of rows.
void AttentionKernel::quotientTiles(Similarity& similarity, Value from, Value to, Value row, bool raise, bool calm) {
  OpBuilder& b = c.b;
  TanhSum& sum = *similarity.tanh;
  const RegisterTile tile = current.tile;
  const RowOperand& operand = rowOperands[sum.row];
  const View& view = sum.prepared;
  const int64_t inner = similarity.depth.back();
  Value lastKey = c.sub(to, 1), one = c.splat(1);
  auto fma = [&](Value x, Value y, Value z) -> Value {
    if (c.target.fma) return vector::FMAOp::create(b, c.loc, x, y, z);
    return arith::AddFOp::create(b, c.loc, arith::MulFOp::create(b, c.loc, x, y), z);
  };
  auto times = [&](Value x, Value y) -> Value { return arith::MulFOp::create(b, c.loc, x, y); };
  auto cut = [&](Value x) -> Value {  // a NaN stays one
    Value limit = c.splat(most), above = c.larger(c.splat(-most), x);
    Value over = arith::CmpFOp::create(b, c.loc, arith::CmpFPredicate::OLT, limit, above);
    return arith::SelectOp::create(b, c.loc, over, limit, above);
  };
  c.loop(from, to, tile.keys, [&](Value key) {
    Values bases;
    for (int i = 0; i < tile.keys; ++i) {
      View there = codegen::at(b, c.loc, view, keyDim, i ? c.least(c.add(key, i), lastKey) : key);
      bases.push_back(c.from(there.base, there.offset));
    }
    Positions depth;
    // Terms at some positions along `inner`, two at a time until one quotient is left.
    auto terms = [&](ArrayRef<Value> positions, Values sums) {
      Values rowAt, keyAt, inverse;
      for (Value position : positions) {
        depth[inner] = position;
        rowAt.push_back(sum.rowSlot), keyAt.push_back(c.index(0));
        Value number = sum.inverseSlot;
        for (const LaneAxis& axis : operand.axes) {
          rowAt.back() = c.add(rowAt.back(), c.mul(depth.lookup(axis.dim), axis.distance));
          number = c.add(number, c.mul(depth.lookup(axis.dim), c.div(axis.distance, pitch)));
        }
        for (int64_t dim : similarity.depth)
          if (view.has(dim)) keyAt.back() = c.add(keyAt.back(), c.mul(depth.lookup(dim), view.stride[dim]));
        inverse.push_back(c.broadcast(c.load(scratch, number)));
      }
      for (int j = 0; j < tile.vectors; ++j) {
        Values row = llvm::map_to_vector(rowAt, [&](Value at) { return laneVector(at, j); });
        for (int i = 0; i < tile.keys; ++i) {
          SmallVector<std::pair<Value, Value>> quotients;  // no dividend: 1
          for (auto [r, at, one] : llvm::zip(row, keyAt, inverse)) {
            Value d = fma(r, c.broadcast(c.load(bases[i], at)), one);
            quotients.push_back({{}, calm ? d : cut(d)});
          }
          for (; quotients.size() > 1; quotients.truncate(quotients.size() / 2))
            for (size_t n = 0; n < quotients.size() / 2; ++n) {
              auto [x, d] = quotients[2 * n];
              auto [y, e] = quotients[2 * n + 1];
              Value dividend = x ? fma(y, d, times(x, e)) : arith::AddFOp::create(b, c.loc, d, e).getResult();
              quotients[n] = {dividend, times(d, e)};
            }
          Value& so = sums[i * tile.vectors + j];
          so = addQuotient(c.target, b, c.loc, so, quotients[0].first ? quotients[0].first : one, quotients[0].second);
        }
      }
      return sums;
    };
    auto nest = [&](auto& self, ArrayRef<int64_t> dims, Values sums) -> Values {
      if (dims.size() > 1)
        return c.loop(c.index(0), extent[dims.front()], c.index(1), sums, [&](Value i, Values so) {
          depth[dims.front()] = i;
          return self(self, dims.drop_front(), so);
        });
      Value last = extent[inner], whole = c.mul(c.div(last, together), together);
      sums = c.loop(c.index(0), whole, c.index(together), sums, [&](Value i, Values so) {
        return terms({i, c.add(i, 1), c.add(i, 2), c.add(i, 3)}, so);
      });
      int64_t known = c.known(last);
      if (!ShapedType::isDynamic(known) && known % together == 0) return sums;
      return c.loop(whole, last, c.index(1), sums, [&](Value i, Values so) { return terms({i}, so); });
    };
    Values sums = nest(nest, similarity.depth, Values(tile.keys * tile.vectors, c.splat(0)));

    Value total = c.loadLanes(scratch, sum.totalSlot);
    Value where = c.add(similarity.slot, c.mul(c.add(row, c.sub(key, from)), pitch));
    for (int j = 0; j < tile.vectors; ++j) {
      Value highest = raise ? laneVector(maxSlot, j) : Value();
      for (int i = 0; i < tile.keys; ++i) {
        Value score = fma(sums[i * tile.vectors + j], c.splat(-2), total);
        if (scoreScale != 1) score = times(score, c.splat(scoreScale));
        setLanes(score, c.add(where, i * pitch), j);
        if (highest) highest = c.larger(score, highest);
      }
      if (highest) setLanes(highest, maxSlot, j);
    }
  });
}

}  // namespace heed::codegen
