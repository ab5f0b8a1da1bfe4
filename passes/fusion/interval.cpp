// Arithmetic on integer blocks and truth values. Floats are in interval_float.cpp.
//
// Invariant: no bound leaves +-2^62, known while compiling from the atoms, so 64-bit bounds never wrap.
// Test: tests/passes/fusion/mask_analysis_test.cpp.
#include "heed/passes/fusion/interval.h"

#include <algorithm>

#include "mlir/IR/Matchers.h"

using namespace mlir;
using arith::CmpIPredicate;

namespace heed::fusion {

Value Domain::number(std::int64_t value) { return arith::ConstantIntOp::create(b, loc, value, 64); }
Value Domain::flag(bool value) { return arith::ConstantIntOp::create(b, loc, value, 1); }

// ---- truth

Truth Domain::constant(bool value) { return {flag(value), flag(value)}; }
Truth Domain::unsure() { return {flag(true), flag(false)}; }
Truth Domain::both(Truth x, Truth y) {
  return {make<arith::AndIOp>(x.some, y.some), make<arith::AndIOp>(x.all, y.all)};
}
Truth Domain::either(Truth x, Truth y) {
  return {make<arith::OrIOp>(x.some, y.some), make<arith::OrIOp>(x.all, y.all)};
}
Truth Domain::opposite(Truth x) {
  Value yes = flag(true);
  return {make<arith::XOrIOp>(x.all, yes), make<arith::XOrIOp>(x.some, yes)};
}
Truth Domain::differ(Truth x, Truth y) { return either(both(x, opposite(y)), both(opposite(x), y)); }
Truth Domain::given(Value sure, Truth x) {
  if (!sure) return x;
  return {make<arith::OrIOp>(x.some, make<arith::XOrIOp>(sure, flag(true))), make<arith::AndIOp>(x.all, sure)};
}

// ---- integers

static constexpr __int128 roof = __int128(1) << 62;

struct Range {
  __int128 least, most;
  bool within(__int128 lo, __int128 hi) const { return lo <= least && most <= hi; }
};

static Range rangeOf(const Affine& x) {
  Range r{x.constant, x.constant};
  for (const Affine::Term& t : x.terms) {
    __int128 a = __int128(t.factor) * t.atom.least, c = __int128(t.factor) * t.atom.most;
    r.least += std::min(a, c);
    r.most += std::max(a, c);
  }
  return r;
}

static std::int64_t clamp(__int128 x) { return std::int64_t(std::clamp(x, -roof, roof)); }

static std::optional<std::int64_t> constantOf(const Affine& x) {
  return x.terms.empty() ? std::optional(x.constant) : std::nullopt;
}

Affine Domain::within(Value lo, Value hi, std::int64_t least, std::int64_t most, Value sure) {
  APInt l, h;
  if (matchPattern(lo, m_ConstantInt(&l)) && matchPattern(hi, m_ConstantInt(&h)) && l == h)
    return {l.getSExtValue(), {}, sure};
  return {0, {{{lo, hi, least, most, atoms++}, 1}}, sure};
}

Value Domain::together(Value sure, Value also) { return !sure ? also : !also ? sure : make<arith::AndIOp>(sure, also); }

Value Domain::bound(const Affine& x, bool low) {
  Value total;
  for (const Affine::Term& t : x.terms) {
    Value end = make<arith::MulIOp>((t.factor > 0) == low ? t.atom.lo : t.atom.hi, number(t.factor));
    total = total ? make<arith::AddIOp>(total, end) : end;
  }
  return total ? make<arith::AddIOp>(total, number(x.constant)) : number(x.constant);
}

std::optional<Affine> Domain::sum(const Affine& x, const Affine& y, std::int64_t factor) {
  __int128 constant = x.constant + __int128(factor) * y.constant;
  if (constant < -roof || constant > roof) return std::nullopt;
  Affine result{std::int64_t(constant), x.terms, together(x.sure, y.sure)};
  for (const Affine::Term& t : y.terms) {
    auto same = llvm::find_if(result.terms, [&](const auto& r) { return r.atom.id == t.atom.id; });
    __int128 f = __int128(factor) * t.factor + (same == result.terms.end() ? 0 : same->factor);
    if (f < -roof || f > roof) return std::nullopt;
    if (same == result.terms.end())
      result.terms.push_back({t.atom, std::int64_t(f)});
    else if (f == 0)
      result.terms.erase(same);
    else
      same->factor = std::int64_t(f);
  }
  if (!rangeOf(result).within(-roof, roof)) return std::nullopt;
  return result;
}

std::optional<Affine> Domain::product(const Affine& x, const Affine& y) {
  if (auto c = constantOf(y)) {
    Affine zero{0, {}, y.sure};
    return sum(zero, x, *c);
  }
  if (constantOf(x)) return product(y, x);
  Range rx = rangeOf(x), ry = rangeOf(y);
  __int128 corners[] = {rx.least * ry.least, rx.least * ry.most, rx.most * ry.least, rx.most * ry.most};
  auto [least, most] = std::minmax_element(std::begin(corners), std::end(corners));
  if (!Range{*least, *most}.within(-roof, roof)) return std::nullopt;
  Value lo, hi;
  for (Value a : {lower(x), upper(x)})
    for (Value c : {lower(y), upper(y)}) {
      Value p = make<arith::MulIOp>(a, c);
      lo = lo ? make<arith::MinSIOp>(lo, p) : p;
      hi = hi ? make<arith::MaxSIOp>(hi, p) : p;
    }
  return within(lo, hi, clamp(*least), clamp(*most), together(x.sure, y.sure));
}

std::optional<Affine> Domain::quotient(const Affine& x, std::int64_t divisor) {
  if (divisor == 0) return std::nullopt;
  // Rounding towards zero is monotone for a positive divisor; x / -c is -(x / c).
  std::int64_t c = divisor < 0 ? -divisor : divisor;
  Range r = rangeOf(x);
  Affine result = within(make<arith::DivSIOp>(lower(x), number(c)), make<arith::DivSIOp>(upper(x), number(c)),
                         clamp(r.least / c), clamp(r.most / c), x.sure);
  return divisor < 0 ? sum(integer(0), result, -1) : result;
}

std::optional<Affine> Domain::remainder(const Affine& x, std::int64_t divisor) {
  if (divisor == 0) return std::nullopt;
  // Within one multiple of the divisor the remainder is x less that multiple, else it may be all that its sign allows.
  std::int64_t c = divisor < 0 ? -divisor : divisor;
  Range r = rangeOf(x);
  Value lo = lower(x), hi = upper(x), by = number(c), zero = number(0);
  auto is = [&](CmpIPredicate p, Value l, Value h) { return make<arith::CmpIOp>(p, l, h); };
  Value oneSign = make<arith::OrIOp>(is(CmpIPredicate::sge, lo, zero), is(CmpIPredicate::sle, hi, zero));
  Value steady =
      make<arith::AndIOp>(oneSign, is(CmpIPredicate::eq, make<arith::DivSIOp>(lo, by), make<arith::DivSIOp>(hi, by)));
  Value least = make<arith::SelectOp>(is(CmpIPredicate::slt, lo, zero), number(1 - c), zero);
  Value most = make<arith::SelectOp>(is(CmpIPredicate::sgt, hi, zero), number(c - 1), zero);
  return within(make<arith::SelectOp>(steady, make<arith::RemSIOp>(lo, by), least),
                make<arith::SelectOp>(steady, make<arith::RemSIOp>(hi, by), most), r.least < 0 ? 1 - c : 0,
                r.most > 0 ? c - 1 : 0, x.sure);
}

Affine Domain::smaller(const Affine& x, const Affine& y) {
  Range rx = rangeOf(x), ry = rangeOf(y);
  return within(make<arith::MinSIOp>(lower(x), lower(y)), make<arith::MinSIOp>(upper(x), upper(y)),
                clamp(std::min(rx.least, ry.least)), clamp(std::min(rx.most, ry.most)), together(x.sure, y.sure));
}

Affine Domain::larger(const Affine& x, const Affine& y) {
  Range rx = rangeOf(x), ry = rangeOf(y);
  return within(make<arith::MaxSIOp>(lower(x), lower(y)), make<arith::MaxSIOp>(upper(x), upper(y)),
                clamp(std::max(rx.least, ry.least)), clamp(std::max(rx.most, ry.most)), together(x.sure, y.sure));
}

Affine Domain::held(Affine x, unsigned bits) {
  if (bits >= 63) return x;
  std::int64_t most = (std::int64_t(1) << (bits - 1)) - 1, least = -most - 1;
  if (rangeOf(x).within(least, most)) return x;
  Value fits = make<arith::AndIOp>(make<arith::CmpIOp>(CmpIPredicate::sge, lower(x), number(least)),
                                   make<arith::CmpIOp>(CmpIPredicate::sle, upper(x), number(most)));
  x.sure = together(x.sure, fits);
  return x;
}

Truth Domain::compare(CmpIPredicate predicate, const Affine& x, const Affine& y) {
  switch (predicate) {
    case CmpIPredicate::sgt:
      return compare(CmpIPredicate::slt, y, x);
    case CmpIPredicate::sge:
      return compare(CmpIPredicate::sle, y, x);
    case CmpIPredicate::ne:
      return opposite(compare(CmpIPredicate::eq, x, y));
    default:
      break;
  }
  std::optional<Affine> difference = sum(x, y, -1);
  if (!difference) return unsure();
  Value lo = lower(*difference), hi = upper(*difference), zero = number(0);
  auto is = [&](CmpIPredicate p, Value bound) { return make<arith::CmpIOp>(p, bound, zero); };
  switch (predicate) {
    case CmpIPredicate::slt:
    case CmpIPredicate::sle:
      return given(difference->sure, {is(predicate, lo), is(predicate, hi)});
    case CmpIPredicate::eq:
      return given(difference->sure, {make<arith::AndIOp>(is(CmpIPredicate::sle, lo), is(CmpIPredicate::sge, hi)),
                                      make<arith::AndIOp>(is(CmpIPredicate::eq, lo), is(CmpIPredicate::eq, hi))});
    default:
      return unsure();
  }
}

// ---- choice

Value Domain::pick(Truth condition, Value x, Value y, Value either) {
  return make<arith::SelectOp>(condition.all, x, make<arith::SelectOp>(condition.some, either, y));
}

Abstract Domain::choose(Truth condition, const Abstract& x, const Abstract& y) {
  if (matchPattern(condition.all, m_One())) return x;
  if (matchPattern(condition.some, m_Zero())) return y;
  if (x.index() != y.index()) return Unknown{};
  if (auto* t = std::get_if<Truth>(&x)) {
    Truth e = std::get<Truth>(y);
    return Truth{pick(condition, t->some, e.some, make<arith::OrIOp>(t->some, e.some)),
                 pick(condition, t->all, e.all, make<arith::AndIOp>(t->all, e.all))};
  }
  if (auto* t = std::get_if<Affine>(&x)) {
    const Affine& e = std::get<Affine>(y);
    Value lt = lower(*t), le = lower(e), ut = upper(*t), ue = upper(e);
    Range rt = rangeOf(*t), re = rangeOf(e);
    return within(pick(condition, lt, le, make<arith::MinSIOp>(lt, le)),
                  pick(condition, ut, ue, make<arith::MaxSIOp>(ut, ue)), clamp(std::min(rt.least, re.least)),
                  clamp(std::max(rt.most, re.most)), together(t->sure, e.sure));
  }
  if (auto* t = std::get_if<Interval>(&x)) {
    Interval e = std::get<Interval>(y);
    return Interval{pick(condition, t->lo, e.lo, make<arith::MinimumFOp>(t->lo, e.lo)),
                    pick(condition, t->hi, e.hi, make<arith::MaximumFOp>(t->hi, e.hi))};
  }
  return Unknown{};
}

}  // namespace heed::fusion
