// Arithmetic on blocks of floats.
//
// Invariant: rounding is monotone, so bounds computed in the program's own type bound its results exactly; a NaN at any
// point makes both bounds NaN, and a comparison against NaN proves nothing but falsehood.
// Test: tests/passes/fusion/mask_analysis_test.cpp.
#include "heed/passes/fusion/interval.h"

using namespace mlir;
using arith::CmpFPredicate;

namespace heed::fusion {

Interval Domain::finite(Interval x) {
  // x - x is 0 where x is finite and NaN elsewhere.
  Value doubt = make<arith::AddFOp>(make<arith::SubFOp>(x.lo, x.lo), make<arith::SubFOp>(x.hi, x.hi));
  return {make<arith::AddFOp>(x.lo, doubt), make<arith::AddFOp>(x.hi, doubt)};
}

Interval Domain::product(Interval x, Interval y) {
  x = finite(x);
  y = finite(y);
  Value lo, hi;
  for (Value a : {x.lo, x.hi})
    for (Value c : {y.lo, y.hi}) {
      Value p = make<arith::MulFOp>(a, c);
      lo = lo ? make<arith::MinimumFOp>(lo, p) : p;
      hi = hi ? make<arith::MaximumFOp>(hi, p) : p;
    }
  return {lo, hi};
}

Truth Domain::compare(CmpFPredicate predicate, Interval x, Interval y) {
  auto is = [&](CmpFPredicate p, Value l, Value r) { return make<arith::CmpFOp>(p, l, r); };
  auto no = [&](Value v) { return make<arith::XOrIOp>(v, flag(true)); };
  switch (predicate) {
    case CmpFPredicate::OLT:
      return {no(is(CmpFPredicate::OGE, x.lo, y.hi)), is(CmpFPredicate::OLT, x.hi, y.lo)};
    case CmpFPredicate::OLE:
      return {no(is(CmpFPredicate::OGT, x.lo, y.hi)), is(CmpFPredicate::OLE, x.hi, y.lo)};
    case CmpFPredicate::OEQ: {
      Value apart = make<arith::OrIOp>(is(CmpFPredicate::OGT, x.lo, y.hi), is(CmpFPredicate::OLT, x.hi, y.lo));
      Value one = make<arith::AndIOp>(is(CmpFPredicate::OEQ, x.lo, y.hi), is(CmpFPredicate::OEQ, x.hi, y.lo));
      return {no(apart), one};
    }
    case CmpFPredicate::OGT:
      return compare(CmpFPredicate::OLT, y, x);
    case CmpFPredicate::OGE:
      return compare(CmpFPredicate::OLE, y, x);
    case CmpFPredicate::ULT:
      return opposite(compare(CmpFPredicate::OLE, y, x));
    case CmpFPredicate::ULE:
      return opposite(compare(CmpFPredicate::OLT, y, x));
    case CmpFPredicate::UGT:
      return opposite(compare(CmpFPredicate::OLE, x, y));
    case CmpFPredicate::UGE:
      return opposite(compare(CmpFPredicate::OLT, x, y));
    case CmpFPredicate::UNE:
      return opposite(compare(CmpFPredicate::OEQ, x, y));
    case CmpFPredicate::AlwaysTrue:
      return constant(true);
    case CmpFPredicate::AlwaysFalse:
      return constant(false);
    default:
      return unsure();
  }
}

}  // namespace heed::fusion
