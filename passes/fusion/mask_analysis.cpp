// Three-valued interval analysis of `keep`: each of its values becomes bounds over a block, and so the predicate
// becomes empty, full or partial. Nothing is matched by name; an op that is not understood makes its users partial.
//
// Invariant: sound for every program, and exact for comparisons of affine forms of independent quantities (causal,
// window, prefix, padding, documents). Test: tests/passes/fusion/mask_analysis_test.cpp.
#include "heed/passes/fusion/mask_analysis.h"

#include "heed/passes/fusion/interval.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heed::fusion {
namespace {

constexpr std::int64_t mostExtent = (std::int64_t(1) << 31) - 1;  // an index is i32 to the user

unsigned bitsOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

struct Analysis {
  Analysis(tile::AttentionOp kernel, OpBuilder& b) : kernel(kernel), b(b), domain(b, kernel.getLoc()) {
    auto bounds = kernel.getClassify().getArguments();
    rows = position(bounds[0], bounds[1]);
    keys = position(bounds[2], bounds[3]);
    for (auto [i, capture] : llvm::enumerate(kernel.getKeep().getArguments()))
      known[capture] = between(bounds[4 + 2 * i], bounds[5 + 2 * i]);
  }

  Truth run() {
    Block& body = kernel.getKeep().front();
    for (Operation& op : body.without_terminator())
      if (op.getNumResults() == 1) known[op.getResult(0)] = transfer(op);
    Abstract visible = of(body.getTerminator()->getOperand(0));
    auto* truth = std::get_if<Truth>(&visible);
    return truth ? *truth : domain.unsure();
  }

 private:
  Abstract of(Value x) { return known.lookup(x); }

  Value wide(Value x) {
    Type i64 = b.getI64Type();
    return x.getType().isIndex()      ? domain.make<arith::IndexCastOp>(i64, x)
           : bitsOf(x.getType()) < 64 ? domain.make<arith::ExtSIOp>(i64, x)
                                      : x;
  }

  Affine position(Value lo, Value hi) { return domain.within(wide(lo), wide(hi), 0, mostExtent); }

  /// A capture, from its bounds over the block.
  Abstract between(Value lo, Value hi) {
    Type type = lo.getType();
    if (type.isInteger(1)) return Truth{hi, lo};
    if (type.isF32() || type.isF64()) return Interval{lo, hi};
    if (!type.isSignlessInteger() || bitsOf(type) > 32) return Unknown{};
    std::int64_t most = (std::int64_t(1) << (bitsOf(type) - 1)) - 1;
    return domain.within(wide(lo), wide(hi), -most - 1, most);
  }

  Abstract transfer(Operation& op) {
    if (Attribute constant; matchPattern(&op, m_Constant(&constant))) return literal(constant);
    if (auto index = dyn_cast<tile::IndexOp>(op)) return indexAlong(index);
    if (auto select = dyn_cast<arith::SelectOp>(op)) {
      Abstract condition = of(select.getCondition());
      auto* truth = std::get_if<Truth>(&condition);
      return truth ? domain.choose(*truth, of(select.getTrueValue()), of(select.getFalseValue())) : Unknown{};
    }
    if (op.getNumOperands() == 0 || op.getNumOperands() > 2 || op.getNumRegions()) return Unknown{};
    Abstract x = of(op.getOperand(0)), y = of(op.getOperand(op.getNumOperands() - 1));
    if (x.index() != y.index()) return Unknown{};
    if (auto* l = std::get_if<Truth>(&x)) return onTruth(op, *l, std::get<Truth>(y));
    if (auto* l = std::get_if<Affine>(&x)) return onIntegers(op, *l, std::get<Affine>(y));
    if (auto* l = std::get_if<Interval>(&x)) return onFloats(op, *l, std::get<Interval>(y));
    return Unknown{};
  }

  Abstract literal(Attribute constant) {
    if (auto number = dyn_cast<IntegerAttr>(constant)) {
      if (number.getType().isInteger(1)) return domain.constant(number.getValue().isOne());
      return bitsOf(number.getType()) <= 64 ? domain.integer(number.getValue().getSExtValue()) : Abstract(Unknown{});
    }
    auto number = dyn_cast<FloatAttr>(constant);
    if (!number || !(number.getType().isF32() || number.getType().isF64())) return Unknown{};
    Value v = arith::ConstantOp::create(b, kernel.getLoc(), number);
    return Interval{v, v};
  }

  Abstract indexAlong(tile::IndexOp index) {
    auto is = [&](StringRef role) { return llvm::is_contained(kernel.dimsOf(role), index.getDim()); };
    if (is("row")) return rows;
    if (is("key")) return keys;
    if (!is("outer")) return Unknown{};
    auto [point, isNew] = points.try_emplace(index.getDim());
    if (isNew) {
      Value here = tile::IndexOp::create(b, kernel.getLoc(), b.getIndexType(), index.getDim());
      point->second = position(here, here);
    }
    return point->second;
  }

  Abstract onTruth(Operation& op, Truth x, Truth y) {
    using P = arith::CmpIPredicate;
    return llvm::TypeSwitch<Operation*, Abstract>(&op)
        .Case([&](arith::AndIOp) { return domain.both(x, y); })
        .Case([&](arith::OrIOp) { return domain.either(x, y); })
        .Case([&](arith::XOrIOp) { return domain.differ(x, y); })
        .Case([&](arith::CmpIOp c) -> Abstract {
          if (c.getPredicate() == P::ne) return domain.differ(x, y);
          if (c.getPredicate() == P::eq) return domain.opposite(domain.differ(x, y));
          return Unknown{};
        })
        .Case<arith::ExtUIOp, arith::UIToFPOp>([&](auto cast) -> Abstract {
          Builder& types = b;
          TypedAttr one = types.getOneAttr(cast.getType()), zero = types.getZeroAttr(cast.getType());
          Type type = cast.getType();
          if (!isa<IntegerType, FloatType>(type) || bitsOf(type) > 64) return Unknown{};
          Value yes = arith::ConstantOp::create(b, op.getLoc(), one),
                no = arith::ConstantOp::create(b, op.getLoc(), zero);
          Value lo = domain.make<arith::SelectOp>(x.all, yes, no), hi = domain.make<arith::SelectOp>(x.some, yes, no);
          if (isa<FloatType>(type)) return Interval{lo, hi};
          return domain.within(wide(lo), wide(hi), 0, 1);
        })
        .Default(Abstract(Unknown{}));
  }

  Abstract onIntegers(Operation& op, const Affine& x, const Affine& y) {
    auto held = [&](std::optional<Affine> r) -> Abstract {
      return r ? Abstract(domain.held(*r, bitsOf(op.getResult(0).getType()))) : Abstract(Unknown{});
    };
    auto divisor = [&](auto apply) -> Abstract { return y.terms.empty() ? held(apply(y.constant)) : Unknown{}; };
    return llvm::TypeSwitch<Operation*, Abstract>(&op)
        .Case([&](arith::AddIOp) { return held(domain.sum(x, y)); })
        .Case([&](arith::SubIOp) { return held(domain.sum(x, y, -1)); })
        .Case([&](arith::MulIOp) { return held(domain.product(x, y)); })
        .Case([&](arith::DivSIOp) { return divisor([&](auto c) { return domain.quotient(x, c); }); })
        .Case([&](arith::RemSIOp) { return divisor([&](auto c) { return domain.remainder(x, c); }); })
        .Case([&](arith::MinSIOp) { return Abstract(domain.smaller(x, y)); })
        .Case([&](arith::MaxSIOp) { return Abstract(domain.larger(x, y)); })
        .Case([&](math::AbsIOp) {
          auto negative = domain.sum(domain.integer(0), x, -1);
          return negative ? held(domain.larger(x, *negative)) : Abstract(Unknown{});
        })
        .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>([&](auto) { return held(x); })
        .Case([&](arith::CmpIOp c) { return Abstract(domain.compare(c.getPredicate(), x, y)); })
        .Case([&](arith::SIToFPOp cast) -> Abstract {
          if (!cast.getType().isF32() && !cast.getType().isF64()) return Unknown{};
          return unlessWrapped(x, Interval{domain.make<arith::SIToFPOp>(cast.getType(), domain.lower(x)),
                                           domain.make<arith::SIToFPOp>(cast.getType(), domain.upper(x))});
        })
        .Default(Abstract(Unknown{}));
  }

  /// Floats have no `sure`: NaN bounds say the same.
  Interval unlessWrapped(const Affine& x, Interval r) {
    if (!x.sure) return r;
    auto type = cast<FloatType>(r.lo.getType());
    Value nan = arith::ConstantOp::create(b, kernel.getLoc(),
                                          FloatAttr::get(type, llvm::APFloat::getNaN(type.getFloatSemantics())));
    return {domain.make<arith::SelectOp>(x.sure, r.lo, nan), domain.make<arith::SelectOp>(x.sure, r.hi, nan)};
  }

  Abstract onFloats(Operation& op, Interval x, Interval y) {
    auto each = [&]<class Op>(Value l, Value h) { return Interval{domain.make<Op>(l), domain.make<Op>(h)}; };
    auto pair = [&]<class Op>(Interval l, Value rlo, Value rhi) {
      return Interval{domain.make<Op>(l.lo, rlo), domain.make<Op>(l.hi, rhi)};
    };
    return llvm::TypeSwitch<Operation*, Abstract>(&op)
        .Case([&](arith::NegFOp) { return each.operator()<arith::NegFOp>(x.hi, x.lo); })
        .Case([&](math::FloorOp) { return each.operator()<math::FloorOp>(x.lo, x.hi); })
        .Case([&](math::AbsFOp) {
          Interval n = each.operator()<arith::NegFOp>(x.hi, x.lo);
          Value zero = arith::ConstantOp::create(b, op.getLoc(), b.getZeroAttr(x.lo.getType()));
          return Interval{domain.make<arith::MaximumFOp>(domain.make<arith::MaximumFOp>(x.lo, n.lo), zero),
                          domain.make<arith::MaximumFOp>(x.hi, n.hi)};
        })
        .Case([&](arith::AddFOp) { return pair.operator()<arith::AddFOp>(domain.finite(x), y.lo, y.hi); })
        .Case([&](arith::SubFOp) { return pair.operator()<arith::SubFOp>(domain.finite(x), y.hi, y.lo); })
        .Case([&](arith::MulFOp) { return domain.product(x, y); })
        .Case([&](arith::MinimumFOp) { return pair.operator()<arith::MinimumFOp>(x, y.lo, y.hi); })
        .Case([&](arith::MaximumFOp) { return pair.operator()<arith::MaximumFOp>(x, y.lo, y.hi); })
        .Case([&](arith::CmpFOp c) { return Abstract(domain.compare(c.getPredicate(), x, y)); })
        .Default(Abstract(Unknown{}));
  }

  tile::AttentionOp kernel;
  OpBuilder& b;
  Domain domain;
  Affine rows, keys;
  llvm::DenseMap<Value, Abstract> known;
  llvm::DenseMap<std::int64_t, Affine> points;
};

}  // namespace

void buildClassify(tile::AttentionOp op) {
  if (op.getKeep().empty()) return;
  OpBuilder b(op.getContext());
  Region& classify = op.getClassify();
  classify.dropAllReferences();
  classify.getBlocks().clear();

  SmallVector<Type> bounds(4, b.getIndexType());
  for (Type element : op.getKeep().getArgumentTypes()) bounds.append(2, element);
  SmallVector<Location> places(bounds.size(), op.getLoc());
  Block* block = b.createBlock(&classify, classify.end(), bounds, places);
  Truth visible = Analysis(op, b).run();
  tile::YieldOp::create(b, op.getLoc(), ValueRange{visible.some, visible.all});
  for (Operation& dead : llvm::make_early_inc_range(llvm::reverse(*block)))
    if (isOpTriviallyDead(&dead)) dead.erase();
}

}  // namespace heed::fusion
