// Runs a region of scalar arith ops, for tests that compare what two regions say.
//
// Invariant: integers wrap at their own width and f32 rounds to f32, as compiled code does. Test: every user of it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "heed/codegen/tile/tile.h"

namespace heed::test {

struct Scalar {
  std::int64_t i = 0;
  double f = 0;
};

inline Scalar rounded(mlir::Type type, Scalar x) {
  if (type.isF32()) x.f = float(x.f);
  if (type.isInteger(1)) x.i &= 1;
  if (type.isInteger(32)) x.i = std::int32_t(std::uint32_t(x.i));
  return x;
}

inline double extreme(double x, double y, bool larger) {
  if (std::isnan(x) || std::isnan(y)) return std::nan("");
  return larger ? std::max(x, y) : std::min(x, y);
}

inline bool holds(mlir::arith::CmpFPredicate predicate, double x, double y) {
  using P = mlir::arith::CmpFPredicate;
  bool unordered = std::isnan(x) || std::isnan(y);
  switch (predicate) {
    case P::OEQ:
      return x == y;
    case P::OLT:
      return x < y;
    case P::OLE:
      return x <= y;
    case P::OGT:
      return x > y;
    case P::OGE:
      return x >= y;
    case P::UNE:
      return !(x == y);
    case P::ULT:
      return unordered || x < y;
    case P::UGE:
      return unordered || x >= y;
    default:
      throw std::runtime_error("test: cmpf predicate not in the tests' dialect");
  }
}

/// The operands of the yield. `position(dim)` answers tile.index.
inline std::vector<Scalar> run(mlir::Region& region, const std::vector<Scalar>& arguments,
                               const std::function<std::int64_t(std::int64_t)>& position) {
  using namespace mlir;
  llvm::DenseMap<Value, Scalar> at;
  for (auto [argument, x] : llvm::zip_equal(region.getArguments(), arguments)) at[argument] = x;
  for (Operation& op : region.front().without_terminator()) {
    auto x = [&](unsigned n) { return at.at(op.getOperand(n)); };
    auto is = [&](StringRef name) { return op.getName().getStringRef() == name; };
    Scalar r;
    if (auto index = dyn_cast<tile::IndexOp>(op))
      r.i = position(index.getDim());
    else if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (auto n = dyn_cast<IntegerAttr>(constant.getValue()))
        r.i = n.getValue().getSExtValue();
      else
        r.f = cast<FloatAttr>(constant.getValue()).getValueAsDouble();
    } else if (auto c = dyn_cast<arith::CmpIOp>(op))
      r.i = arith::applyCmpPredicate(c.getPredicate(), APInt(64, x(0).i, true), APInt(64, x(1).i, true));
    else if (auto f = dyn_cast<arith::CmpFOp>(op))
      r.i = holds(f.getPredicate(), x(0).f, x(1).f);
    else if (is("arith.select"))
      r = x(0).i & 1 ? x(1) : x(2);
    else if (is("arith.andi"))
      r.i = x(0).i & x(1).i;
    else if (is("arith.ori"))
      r.i = x(0).i | x(1).i;
    else if (is("arith.xori"))
      r.i = x(0).i ^ x(1).i;
    else if (is("arith.addi"))
      r.i = std::int64_t(std::uint64_t(x(0).i) + std::uint64_t(x(1).i));
    else if (is("arith.subi"))
      r.i = std::int64_t(std::uint64_t(x(0).i) - std::uint64_t(x(1).i));
    else if (is("arith.muli"))
      r.i = std::int64_t(std::uint64_t(x(0).i) * std::uint64_t(x(1).i));
    else if (is("arith.divsi"))
      r.i = x(0).i / x(1).i;
    else if (is("arith.remsi"))
      r.i = x(0).i % x(1).i;
    else if (is("arith.minsi"))
      r.i = std::min(x(0).i, x(1).i);
    else if (is("arith.maxsi"))
      r.i = std::max(x(0).i, x(1).i);
    else if (is("math.absi"))
      r.i = std::abs(x(0).i);
    else if (is("arith.index_cast") || is("arith.extsi") || is("arith.trunci"))
      r = x(0);
    else if (is("arith.extui"))
      r.i = x(0).i & 1;
    else if (is("arith.sitofp"))
      r.f = double(x(0).i);
    else if (is("arith.uitofp"))
      r.f = double(x(0).i & 1);
    else if (is("arith.addf"))
      r.f = x(0).f + x(1).f;
    else if (is("arith.subf"))
      r.f = x(0).f - x(1).f;
    else if (is("arith.mulf"))
      r.f = x(0).f * x(1).f;
    else if (is("arith.negf"))
      r.f = -x(0).f;
    else if (is("math.absf"))
      r.f = std::fabs(x(0).f);
    else if (is("math.floor"))
      r.f = std::floor(x(0).f);
    else if (is("math.exp"))
      r.f = std::exp(x(0).f);
    else if (is("arith.minimumf"))
      r.f = extreme(x(0).f, x(1).f, false);
    else if (is("arith.maximumf"))
      r.f = extreme(x(0).f, x(1).f, true);
    else
      throw std::runtime_error("test: no meaning for " + op.getName().getStringRef().str());
    at[op.getResult(0)] = rounded(op.getResult(0).getType(), r);
  }
  std::vector<Scalar> yielded;
  for (Value v : region.front().getTerminator()->getOperands()) yielded.push_back(at.at(v));
  return yielded;
}

}  // namespace heed::test
