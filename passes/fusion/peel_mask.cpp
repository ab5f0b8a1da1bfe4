// Peeling masks off a scalar score. Test: tests/passes/fusion/peel_mask.mlir.
#include "heed/passes/fusion/peel_mask.h"

#include <limits>

using namespace mlir;

namespace heed::fusion {
namespace {

struct Peeler {
  Absorption& absorption;
  Scalars& s = absorption.scalars;

  Value both(Location loc, Value x, Value y) { return !x ? y : !y ? x : s.make<ir::AndOp>(loc, {x, y}); }
  Value opposite(Value x) { return s.make<ir::NotOp>(x.getLoc(), {x}); }
  static bool isHidden(Value x) { return constantOf(x) == -std::numeric_limits<double>::infinity(); }
  /// A constant factor that keeps -inf as it is.
  static bool isScale(Value x) {
    auto c = constantOf(x);
    return c && *c > 0 && *c < std::numeric_limits<double>::infinity();
  }

  Peeled peel(Value score) {
    Operation* op = score.getDefiningOp();
    if (!op) return {score, {}};
    if (auto where = dyn_cast<ir::WhereOp>(op)) return peelWhere(where);
    if (isa<ir::AddOp, ir::MinOp>(op)) {
      Peeled l = peel(op->getOperand(0)), r = peel(op->getOperand(1));
      if (!l.keep && !r.keep) return {score, {}};
      return {s.apply(op, {l.score, r.score}), both(op->getLoc(), l.keep, r.keep)};
    }
    bool scaled = isa<ir::MulOp, ir::DivOp>(op) && isScale(op->getOperand(1));
    unsigned masked = isa<ir::MulOp>(op) && isScale(op->getOperand(0)) ? 1 : 0;
    if (!scaled && !masked && !isa<ir::SubOp>(op)) return {score, {}};
    Peeled x = peel(op->getOperand(masked));
    if (!x.keep) return {score, {}};
    SmallVector<Value> operands(op->getOperands());
    operands[masked] = x.score;
    return {s.apply(op, operands), x.keep};
  }

  Peeled peelWhere(ir::WhereOp where) {
    Location loc = where.getLoc();
    Value m = where.getMask(), x = where.getX(), other = where.getOther();
    if (absorption.usesScores(m)) return {where, {}};
    Peeled l = peel(x), r = peel(other);
    if (isHidden(other)) return {l.score, both(loc, m, l.keep)};
    if (isHidden(x)) return {r.score, both(loc, opposite(m), r.keep)};
    if (!l.keep && !r.keep) return {where, {}};
    Value yes = s.number(loc, m.getType(), 1);
    Value keep = s.make<ir::WhereOp>(loc, {m, l.keep ? l.keep : yes, r.keep ? r.keep : yes});
    return {s.apply(where, {m, l.score, r.score}), keep};
  }
};

}  // namespace

Peeled peelMask(Absorption& absorption, Value score) { return Peeler{absorption}.peel(score); }

}  // namespace heed::fusion
