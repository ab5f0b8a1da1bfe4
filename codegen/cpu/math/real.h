// Numbers of generated code, written as formulas: Real is f32, Bits is i32, Truth is i1; scalars or vectors alike.
//
// Invariant: strict IEEE arithmetic, no fast-math flag, so that x + magic - magic rounds and stays. A constant takes
// the shape of the number it meets. Test: tests/codegen/math/ulp_test.cpp.
#pragma once

#include <array>

#include "heed/codegen/cpu/x86.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen {

/// Where a formula is written, and whether it may use fused multiply-add and look numbers up.
struct Formula {
  mlir::ImplicitLocOpBuilder& b;
  bool fma, tables;
};

/// The shape of `like` with another element type.
inline mlir::Type shaped(mlir::Type like, mlir::Type element) {
  auto vector = llvm::dyn_cast<mlir::VectorType>(like);
  return vector ? mlir::Type(vector.clone(element)) : element;
}

struct Number {
  Formula* formula;
  mlir::Value value;

  mlir::ImplicitLocOpBuilder& b() const { return formula->b; }
  mlir::Value splat(mlir::TypedAttr scalar, mlir::Type element) const {
    auto vector = llvm::dyn_cast<mlir::VectorType>(value.getType());
    if (!vector) return mlir::arith::ConstantOp::create(b(), scalar);
    return mlir::arith::ConstantOp::create(
        b(), mlir::DenseElementsAttr::get(vector.clone(element), mlir::Attribute(scalar)));
  }
};

struct Real : Number {
  using Number::Number;
  Real(Formula* f, mlir::Value v) : Number{f, v} {}
  Real constant(float c) const { return {formula, splat(b().getF32FloatAttr(c), b().getF32Type())}; }
};
struct Bits : Number {
  Bits(Formula* f, mlir::Value v) : Number{f, v} {}
  Bits constant(int32_t c) const { return {formula, splat(b().getI32IntegerAttr(c), b().getI32Type())}; }
};
struct Truth : Number {
  Truth(Formula* f, mlir::Value v) : Number{f, v} {}
};

#define HEED_OPERATOR(Type, Constant, sign, Op)                                                          \
  inline Type operator sign(Type x, Type y) { return {x.formula, Op::create(x.b(), x.value, y.value)}; } \
  inline Type operator sign(Type x, Constant c) { return x sign x.constant(c); }                         \
  inline Type operator sign(Constant c, Type x) { return x.constant(c) sign x; }
HEED_OPERATOR(Real, float, +, mlir::arith::AddFOp)
HEED_OPERATOR(Real, float, -, mlir::arith::SubFOp)
HEED_OPERATOR(Real, float, *, mlir::arith::MulFOp)
HEED_OPERATOR(Real, float, /, mlir::arith::DivFOp)
HEED_OPERATOR(Bits, int32_t, +, mlir::arith::AddIOp)
HEED_OPERATOR(Bits, int32_t, -, mlir::arith::SubIOp)
HEED_OPERATOR(Bits, int32_t, &, mlir::arith::AndIOp)
HEED_OPERATOR(Bits, int32_t, |, mlir::arith::OrIOp)
HEED_OPERATOR(Bits, int32_t, ^, mlir::arith::XOrIOp)
HEED_OPERATOR(Bits, int32_t, <<, mlir::arith::ShLIOp)
HEED_OPERATOR(Bits, int32_t, >>, mlir::arith::ShRSIOp)
#undef HEED_OPERATOR

/// Comparisons are false where either side is NaN.
inline Truth compare(mlir::arith::CmpFPredicate p, Real x, Real y) {
  return {x.formula, mlir::arith::CmpFOp::create(x.b(), p, x.value, y.value)};
}
inline Truth operator<(Real x, Real y) { return compare(mlir::arith::CmpFPredicate::OLT, x, y); }
inline Truth operator<(Real x, float c) { return x < x.constant(c); }
inline Truth operator>(Real x, float c) { return x.constant(c) < x; }
inline Truth operator==(Real x, float c) { return compare(mlir::arith::CmpFPredicate::OEQ, x, x.constant(c)); }
inline Truth operator!=(Bits x, int32_t c) {
  return {x.formula, mlir::arith::CmpIOp::create(x.b(), mlir::arith::CmpIPredicate::ne, x.value, x.constant(c).value)};
}
template <class T>
T where(Truth t, T x, T y) {
  return {x.formula, mlir::arith::SelectOp::create(x.b(), t.value, x.value, y.value)};
}

inline Bits bitsOf(Real x) {
  return {x.formula, mlir::arith::BitcastOp::create(x.b(), shaped(x.value.getType(), x.b().getI32Type()), x.value)};
}
inline Real realOf(Bits x) {
  return {x.formula, mlir::arith::BitcastOp::create(x.b(), shaped(x.value.getType(), x.b().getF32Type()), x.value)};
}
/// The number itself, for |x| < 2^24.
inline Real toReal(Bits x) {
  return {x.formula, mlir::arith::SIToFPOp::create(x.b(), shaped(x.value.getType(), x.b().getF32Type()), x.value)};
}
inline Real magnitude(Real x) { return {x.formula, mlir::math::AbsFOp::create(x.b(), x.value)}; }
inline Real squareRoot(Real x) { return {x.formula, mlir::math::SqrtOp::create(x.b(), x.value)}; }
/// |x| with the sign of y.
inline Real withSign(Real x, Real y) { return {x.formula, mlir::math::CopySignOp::create(x.b(), x.value, y.value)}; }

/// x * y + z, rounded once where that is one instruction.
inline Real fma(Real x, Real y, Real z) {
  if (!x.formula->fma) return x * y + z;
  return {x.formula, mlir::math::FmaOp::create(x.b(), x.value, y.value, z.value)};
}
inline Real fma(Real x, float c, Real z) { return fma(x, x.constant(c), z); }

/// A NaN passes both.
inline Real atMost(Real x, float limit) { return where(x > limit, x.constant(limit), x); }
inline Real atLeast(Real x, float limit) { return where(x < limit, x.constant(limit), x); }

/// c[0] + c[1] x + c[2] x^2 + ..
inline Real polynomial(Real x, std::initializer_list<float> c) {
  Real sum = x.constant(*(c.end() - 1));
  for (auto next = std::rbegin(c) + 1; next != std::rend(c); ++next) sum = fma(sum, x, x.constant(*next));
  return sum;
}

/// x to the nearest integer, for |x| < 2^22, and that integer: the sum pushes the fraction out of the significand.
/// No conversion instruction, for that of a NaN would be undefined.
struct Rounded {
  Real real;
  Bits integer;
};
inline Rounded nearest(Real x) {
  constexpr float magic = 0x1.8p23f;
  Real shifted = x + magic;
  return {shifted - magic, bitsOf(shifted) - std::bit_cast<int32_t>(magic)};
}

/// table[index mod 32] of up to 16 lanes, where the formula may use tables.
inline Real lookUp(const std::array<float, 32>& table, Bits index) {
  mlir::ImplicitLocOpBuilder& b = index.b();
  auto vector = llvm::dyn_cast<mlir::VectorType>(index.value.getType());
  if (!vector) {
    auto lanes = mlir::VectorType::get({16}, b.getI32Type());
    mlir::Value all = mlir::vector::BroadcastOp::create(b, lanes, index.value);
    mlir::Value found = lookUp512(b, b.getLoc(), table, all);
    return {index.formula, mlir::vector::ExtractOp::create(b, found, int64_t(0))};
  }
  auto resized = [&](mlir::Value x, int64_t lanes) -> mlir::Value {
    int64_t given = llvm::cast<mlir::VectorType>(x.getType()).getNumElements();
    llvm::SmallVector<int64_t> from;
    for (int64_t n = 0; n < lanes; ++n) from.push_back(n % given);
    return given == lanes ? x : mlir::vector::ShuffleOp::create(b, x, x, from).getResult();
  };
  mlir::Value found = lookUp512(b, b.getLoc(), table, resized(index.value, 16));
  return {index.formula, resized(found, vector.getNumElements())};
}

}  // namespace heed::codegen
