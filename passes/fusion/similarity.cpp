// Absorbing a contraction of queries with keys, and normalising it: what does not vary along the contracted axes moves
// out of the sum, so that every way to scale a dot product is `q * k` in the body and one factor after it.
// Test: tests/passes/fusion/sdpa_phrasings.mlir.
#include "heed/passes/fusion/absorb.h"

using namespace mlir;

namespace heed::fusion {

std::optional<Product> productOf(const Renamed& x, ArrayRef<ir::Axis> taken) {
  Product p;
  auto summed = [&](ArrayAttr axes, ValueRange factors) {
    for (Value factor : factors) p.factors.push_back(x.operand(factor, ir::namesOf(axes)));
    for (StringRef axis : ir::namesOf(axes)) {
      std::string fresh = axis.str();
      while (ir::has(taken, fresh)) fresh += "_";
      p.axes.push_back(StringAttr::get(axes.getContext(), fresh).getValue());
      if (fresh == axis) continue;
      for (Renamed& factor : p.factors) factor.names.emplace_back(axis, p.axes.back());
    }
    for (Renamed& factor : p.factors) llvm::sort(factor.names);
  };
  if (auto contract = x.value.getDefiningOp<ir::ContractOp>()) {
    summed(contract.getAxes(), contract->getOperands());
  } else if (auto sum = x.value.getDefiningOp<ir::SumOp>()) {
    summed(sum.getAxes(), sum->getOperands());
    Renamed of = throughLayout(p.factors[0]);
    if (auto mul = of.value.getDefiningOp<ir::MulOp>())
      p.factors = {of.operand(mul.getLhs()), of.operand(mul.getRhs())};
  } else {
    return std::nullopt;
  }
  return p;
}

struct Absorption::Factors {
  double above = 1, below = 1;                            // constants
  SmallVector<std::pair<Renamed, bool>> inside, outside;  // of the sum; true: divided by
};

void Absorption::flatten(const Renamed& seen, bool inverse, ArrayRef<StringRef> summed, Factors& factors) const {
  Renamed x = throughLayout(seen);
  if (auto number = constantOf(x.value)) {
    (inverse ? factors.below : factors.above) *= *number;
    return;
  }
  if (isa_and_nonnull<ir::MulOp, ir::DivOp>(x.op())) {
    Renamed l = x.operand(x.op()->getOperand(0)), r = x.operand(x.op()->getOperand(1));
    auto plain = [](const Renamed& v) { return throughLayout(v).axes().empty(); };
    if (mixes(x) || plain(l) || plain(r)) {
      flatten(l, inverse, summed, factors);
      flatten(r, inverse != isa<ir::DivOp>(x.op()), summed, factors);
      return;
    }
  }
  if (isa_and_nonnull<ir::NegOp>(x.op())) {
    factors.above = -factors.above;
    return flatten(x.operand(x.op()->getOperand(0)), inverse, summed, factors);
  }
  bool varies = llvm::any_of(summed, [&](StringRef axis) { return x.has(axis); });
  (varies ? factors.inside : factors.outside).emplace_back(x, inverse);
}

/// One element of x in the body; null if x is neither of the row nor of the key alone and cannot be absorbed.
Value Absorption::element(const Renamed& seen, Similarity& similarity, Scalars& body) {
  Renamed x = throughLayout(seen);
  Location loc = x.value.getLoc();
  if (auto number = constantOf(x.value)) return body.number(loc, ir::elementOf(x.value.getType()), *number);
  if (isa_and_nonnull<ir::Elementwise>(x.op()) && mixes(x)) {
    SmallVector<Value> operands;
    for (Value operand : x.op()->getOperands()) {
      operands.push_back(element(x.operand(operand), similarity, body));
      if (!operands.back()) return {};
    }
    return body.apply(x.op(), operands);
  }
  if (x.has(key) && ofRow(x)) return {};
  x = throughWidening(x);
  Block& block = similarity.body->front();
  auto known = llvm::find(similarity.operands, x);
  if (known != similarity.operands.end())
    return body.computed(loc, block.getArgument(known - similarity.operands.begin()));
  similarity.operands.push_back(x);
  return body.computed(loc, block.addArgument(ir::elementOf(x.value.getType()), loc));
}

Value Absorption::similarityOf(const Renamed& x) {
  std::optional<Product> product = productOf(x, space);
  if (!product || !x.has(key) || !isa<FloatType>(ir::elementOf(x.value.getType()))) return {};
  bool combines = row.empty()
                      ? llvm::any_of(product->factors, [&](const Renamed& f) { return !f.has(key) || ofRow(f); })
                      : x.has(row);
  if (!combines) return {};
  Location loc = x.value.getLoc();
  auto refuse = [&](const Twine& why) {
    refusals.push_back({loc, why.str()});
    return Value();
  };
  Factors factors;
  for (const Renamed& factor : product->factors) flatten(factor, false, product->axes, factors);
  // The query comes first, however the product was written.
  llvm::stable_sort(factors.inside, [&](auto& l, auto& r) {
    auto rank = [&](const Renamed& f) { return ofRow(f) ? 0 : f.has(key) ? 1 : 2; };
    return std::pair(l.second, rank(l.first)) < std::pair(r.second, rank(r.first));
  });

  Similarity similarity{{}, product->axes, std::make_unique<Region>()};
  Scalars body(loc.getContext(), similarity.body->emplaceBlock());
  Value summand;
  for (auto& [factor, inverse] : factors.inside) {
    Value e = element(factor, similarity, body);
    if (!e)
      return refuse("one operand of the contraction varies along both `" + row + "` and `" + key +
                    "` and is no pointwise function of smaller ones");
    if (!summand && inverse) summand = body.number(loc, e.getType(), 1);
    summand = !summand  ? e
              : inverse ? body.make<ir::DivOp>(loc, {summand, e})
                        : body.make<ir::MulOp>(loc, {summand, e});
  }
  for (StringRef axis : product->axes)
    if (llvm::none_of(similarity.operands, [&](const Renamed& operand) { return operand.has(axis); }))
      return refuse("the summand does not vary along `" + axis + "`");
  OpBuilder b(loc.getContext());
  b.setInsertionPointToEnd(&similarity.body->front());
  ir::YieldOp::create(b, loc, summand);

  similarities.push_back(std::move(similarity));
  Value s = argument(b.getF32Type(), {Source::similarity, unsigned(similarities.size() - 1)}, loc);
  auto number = [&](double value) { return scalars.number(loc, s.getType(), value); };
  if (factors.above == 1 && factors.below != 1)
    s = scalars.make<ir::DivOp>(loc, {s, number(factors.below)});
  else
    s = scalars.make<ir::MulOp>(loc, {s, number(factors.above / factors.below)});
  for (auto& [factor, inverse] : factors.outside)
    s = inverse ? scalars.make<ir::DivOp>(loc, {s, scalar(factor)}) : scalars.make<ir::MulOp>(loc, {s, scalar(factor)});
  return s;
}

}  // namespace heed::fusion
