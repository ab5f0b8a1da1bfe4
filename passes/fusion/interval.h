// What is known of a scalar over a whole block of scores: the domain of the mask analysis.
//
// Invariant: an abstract value covers the concrete value at every point of the block; where it cannot, it is Unknown.
// Test: tests/passes/fusion/mask_analysis_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace heed::fusion {

/// Nothing is known.
struct Unknown {};

/// A truth value: `some` false proves it false at every point, `all` true proves it true at every point. i1 both.
struct Truth {
  mlir::Value some, all;
};

/// A quantity that varies on its own within [lo, hi], which are i64 values; all uses of one atom vary together.
struct Atom {
  mlir::Value lo, hi;
  std::int64_t least, most;  // known while compiling: least <= lo, hi <= most
  unsigned id;
};

/// An integer as constant + sum of factor * atom. Exact wherever the atoms are, so i - j - (i - 1) is 1 - j.
struct Affine {
  struct Term {
    Atom atom;
    std::int64_t factor;
  };
  std::int64_t constant = 0;
  llvm::SmallVector<Term, 2> terms;
  mlir::Value sure;  // i1, or null for always: false where the program's i32 arithmetic may have wrapped
};

/// A float within [lo, hi], of its own type. If any point may be NaN, lo and hi are NaN.
struct Interval {
  mlir::Value lo, hi;
};

using Abstract = std::variant<Unknown, Truth, Affine, Interval>;

/// Builds the arith ops that compute bounds. All integers in them are i64.
class Domain {
 public:
  Domain(mlir::OpBuilder& builder, mlir::Location loc) : b(builder), loc(loc) {}

  // ---- truth
  Truth constant(bool value);
  Truth unsure();
  Truth both(Truth x, Truth y);
  Truth either(Truth x, Truth y);
  Truth opposite(Truth x);
  Truth differ(Truth x, Truth y);
  /// If `sure` is false the answer is unsure.
  Truth given(mlir::Value sure, Truth x);

  // ---- integers
  static Affine integer(std::int64_t value) { return {value, {}, {}}; }
  /// A new atom; a number if both bounds are that number.
  Affine within(mlir::Value lo, mlir::Value hi, std::int64_t least, std::int64_t most, mlir::Value sure = {});
  mlir::Value lower(const Affine& x) { return bound(x, true); }
  mlir::Value upper(const Affine& x) { return bound(x, false); }
  /// x + factor * y.
  std::optional<Affine> sum(const Affine& x, const Affine& y, std::int64_t factor = 1);
  std::optional<Affine> product(const Affine& x, const Affine& y);
  std::optional<Affine> quotient(const Affine& x, std::int64_t divisor);
  std::optional<Affine> remainder(const Affine& x, std::int64_t divisor);
  Affine smaller(const Affine& x, const Affine& y);
  Affine larger(const Affine& x, const Affine& y);
  /// x as the program holds it in `bits` bits: no longer sure where that could wrap.
  Affine held(Affine x, unsigned bits);
  Truth compare(mlir::arith::CmpIPredicate predicate, const Affine& x, const Affine& y);

  // ---- floats
  /// The interval if both bounds are finite, else NaN: inf - inf and 0 * inf hide inside bounds that are not NaN.
  Interval finite(Interval x);
  Interval product(Interval x, Interval y);
  Truth compare(mlir::arith::CmpFPredicate predicate, Interval x, Interval y);

  // ---- choice
  Abstract choose(Truth condition, const Abstract& x, const Abstract& y);

  template <class Op, class... Operands>
  mlir::Value make(Operands&&... operands) {
    return b.createOrFold<Op>(loc, std::forward<Operands>(operands)...);
  }
  mlir::Value number(std::int64_t value);
  mlir::Value flag(bool value);

 private:
  mlir::Value bound(const Affine& x, bool low);
  mlir::Value together(mlir::Value sure, mlir::Value also);
  mlir::Value pick(Truth condition, mlir::Value x, mlir::Value y, mlir::Value either);

  mlir::OpBuilder& b;
  mlir::Location loc;
  unsigned atoms = 0;
};

}  // namespace heed::fusion
