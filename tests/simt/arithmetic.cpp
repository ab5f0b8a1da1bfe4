// arith and math, lane by lane.
#include "llvm/ADT/TypeSwitch.h"
#include "machine.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace heed::simt {

using namespace mlir;

int bitsOf(Type scalar) {
  if (scalar.isIndex() || isa<LLVM::LLVMPointerType>(scalar)) return 64;
  return int(scalar.getIntOrFloatBitWidth());
}

int wordsOf(Type type) {
  if (auto memref = dyn_cast<MemRefType>(type)) return 3 + 2 * int(memref.getRank());
  if (auto vector = dyn_cast<VectorType>(type)) return int(vector.getNumElements());
  if (auto array = dyn_cast<LLVM::LLVMArrayType>(type))
    return int(array.getNumElements()) * wordsOf(array.getElementType());
  if (auto record = dyn_cast<LLVM::LLVMStructType>(type)) {
    int words = 0;
    for (Type part : record.getBody()) words += wordsOf(part);
    return words;
  }
  return 1;
}

static const llvm::fltSemantics& semantics(Type type) { return cast<FloatType>(type).getFloatSemantics(); }

double toDouble(Word bits, Type type) {
  if (type.isF32()) return std::bit_cast<float>(std::uint32_t(bits));
  if (type.isF64()) return std::bit_cast<double>(bits);
  if (type.isBF16()) return std::bit_cast<float>(std::uint32_t(bits) << 16);
  llvm::APFloat x(semantics(type), llvm::APInt(bitsOf(type), bits));
  bool lost;
  x.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return x.convertToDouble();
}

Word fromDouble(double x, Type type) {
  if (type.isF32()) return std::bit_cast<std::uint32_t>(float(x));
  if (type.isF64()) return std::bit_cast<Word>(x);
  llvm::APFloat y(x);
  bool lost;
  y.convert(semantics(type), llvm::APFloat::rmNearestTiesToEven, &lost);
  return y.bitcastToAPInt().getZExtValue();
}

namespace {

float asFloat(Word x) { return std::bit_cast<float>(std::uint32_t(x)); }
Word asWord(float x) { return std::bit_cast<std::uint32_t>(x); }

template <class F>
Step unary(int out, int x, F f) {
  return [=](Warp& w, Mask m) {
    Word *o = w.at(out), *a = w.at(x);
    each(m, [&](int l) { o[l] = f(a[l]); });
  };
}
template <class F>
Step binary(int out, int x, int y, F f) {
  return [=](Warp& w, Mask m) {
    Word *o = w.at(out), *a = w.at(x), *b = w.at(y);
    each(m, [&](int l) { o[l] = f(a[l], b[l]); });
  };
}

template <class T>
bool compare(arith::CmpIPredicate p, T x, T y, std::int64_t u, std::int64_t v) {
  using P = arith::CmpIPredicate;
  switch (p) {
    case P::eq:
      return x == y;
    case P::ne:
      return x != y;
    case P::slt:
      return u < v;
    case P::sle:
      return u <= v;
    case P::sgt:
      return u > v;
    case P::sge:
      return u >= v;
    case P::ult:
      return x < y;
    case P::ule:
      return x <= y;
    case P::ugt:
      return x > y;
    default:
      return x >= y;
  }
}

bool compare(arith::CmpFPredicate p, double x, double y) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(x) || std::isnan(y);
  switch (p) {
    case P::AlwaysFalse:
      return false;
    case P::AlwaysTrue:
      return true;
    case P::ORD:
      return !unordered;
    case P::UNO:
      return unordered;
    case P::OEQ:
      return x == y;
    case P::ONE:
      return x < y || x > y;
    case P::OLT:
      return x < y;
    case P::OLE:
      return x <= y;
    case P::OGT:
      return x > y;
    case P::OGE:
      return x >= y;
    case P::UEQ:
      return unordered || x == y;
    case P::UNE:
      return unordered || x != y;
    case P::ULT:
      return unordered || x < y;
    case P::ULE:
      return unordered || x <= y;
    case P::UGT:
      return unordered || x > y;
    default:
      return unordered || x >= y;
  }
}

/// IEEE 754-2019 maximum and minimum, and the older ones that leave a NaN out.
double maximum(double x, double y) {
  if (std::isnan(x) || std::isnan(y)) return NAN;
  return x == y ? (std::signbit(x) ? y : x) : std::max(x, y);
}
double minimum(double x, double y) { return -maximum(-x, -y); }

}  // namespace

Step Compiler::arithmetic(Operation* op) {
  if (!isa<arith::ArithDialect, math::MathDialect>(op->getDialect())) return {};
  if (op->getNumResults() != 1 || isa<ShapedType>(op->getResult(0).getType())) return {};
  Type type = op->getResult(0).getType();
  int out = word(op->getResult(0)), x = op->getNumOperands() > 0 ? word(op->getOperand(0)) : 0;
  int y = op->getNumOperands() > 1 ? word(op->getOperand(1)) : 0;
  Type from = op->getNumOperands() > 0 ? op->getOperand(0).getType() : type;
  int bits = bitsOf(type), fromBits = isa<ShapedType>(from) ? 0 : bitsOf(from);
  auto integers = [&](auto f) { return binary(out, x, y, [=](Word a, Word b) { return masked(f(a, b), bits); }); };
  auto signedIntegers = [&](auto f) {
    return binary(out, x, y,
                  [=](Word a, Word b) { return masked(Word(f(extended(a, bits), extended(b, bits))), bits); });
  };
  // Sums, products and quotients of two numbers rounded to double and then to the type are those rounded once.
  auto floats = [&](auto f) -> Step {
    if (type.isF32())
      return binary(out, x, y, [=](Word a, Word b) { return asWord(float(f(asFloat(a), asFloat(b)))); });
    return binary(out, x, y, [=](Word a, Word b) { return fromDouble(f(toDouble(a, type), toDouble(b, type)), type); });
  };
  auto function = [&](auto f) { return unary(out, x, [=](Word a) { return fromDouble(f(toDouble(a, type)), type); }); };
  auto division = [&](auto f) -> Step {
    return [=](Warp& w, Mask m) {
      Word *o = w.at(out), *a = w.at(x), *b = w.at(y);
      each(m, [&](int l) {
        if (b[l] == 0) fault(op, "divides by 0");
        o[l] = masked(Word(f(a[l], b[l])), bits);
      });
    };
  };

  return llvm::TypeSwitch<Operation*, Step>(op)
      .Case([&](arith::ConstantOp c) -> Step {
        Word value = 0;
        if (auto number = dyn_cast<FloatAttr>(c.getValue()))
          value = number.getValue().bitcastToAPInt().getZExtValue();
        else
          value = masked(Word(cast<IntegerAttr>(c.getValue()).getValue().getZExtValue()), bits);
        return [=](Warp& w, Mask m) { each(m, [&, o = w.at(out)](int l) { o[l] = value; }); };
      })
      .Case([&](arith::AddIOp) { return integers([](Word a, Word b) { return a + b; }); })
      .Case([&](arith::SubIOp) { return integers([](Word a, Word b) { return a - b; }); })
      .Case([&](arith::MulIOp) { return integers([](Word a, Word b) { return a * b; }); })
      .Case([&](arith::AndIOp) { return integers([](Word a, Word b) { return a & b; }); })
      .Case([&](arith::OrIOp) { return integers([](Word a, Word b) { return a | b; }); })
      .Case([&](arith::XOrIOp) { return integers([](Word a, Word b) { return a ^ b; }); })
      .Case([&](arith::ShLIOp) { return integers([=](Word a, Word b) { return b < Word(bits) ? a << b : 0; }); })
      .Case([&](arith::ShRUIOp) { return integers([=](Word a, Word b) { return b < Word(bits) ? a >> b : 0; }); })
      .Case([&](arith::ShRSIOp) {
        return integers([=](Word a, Word b) { return Word(extended(a, bits) >> std::min<Word>(b, bits - 1)); });
      })
      .Case([&](arith::MinUIOp) { return integers([](Word a, Word b) { return std::min(a, b); }); })
      .Case([&](arith::MaxUIOp) { return integers([](Word a, Word b) { return std::max(a, b); }); })
      .Case(
          [&](arith::MinSIOp) { return signedIntegers([](std::int64_t a, std::int64_t b) { return std::min(a, b); }); })
      .Case(
          [&](arith::MaxSIOp) { return signedIntegers([](std::int64_t a, std::int64_t b) { return std::max(a, b); }); })
      .Case([&](arith::DivUIOp) { return division([](Word a, Word b) { return a / b; }); })
      .Case([&](arith::RemUIOp) { return division([](Word a, Word b) { return a % b; }); })
      .Case([&](arith::DivSIOp) {
        return division([=](Word a, Word b) {
          return extended(b, bits) == -1 ? 0 - a : Word(extended(a, bits) / extended(b, bits));
        });
      })
      .Case([&](arith::RemSIOp) {
        return division(
            [=](Word a, Word b) { return extended(b, bits) == -1 ? 0 : Word(extended(a, bits) % extended(b, bits)); });
      })
      .Case([&](arith::CmpIOp c) {
        auto p = c.getPredicate();
        return binary(out, x, y, [=](Word a, Word b) {
          return Word(compare(p, a, b, extended(a, fromBits), extended(b, fromBits)));
        });
      })
      .Case([&](arith::CmpFOp c) {
        auto p = c.getPredicate();
        return binary(out, x, y,
                      [=](Word a, Word b) { return Word(compare(p, toDouble(a, from), toDouble(b, from))); });
      })
      .Case([&](arith::SelectOp) -> Step {
        int z = word(op->getOperand(2));
        return [=](Warp& w, Mask m) {
          Word *o = w.at(out), *c = w.at(x), *a = w.at(y), *b = w.at(z);
          each(m, [&](int l) { o[l] = c[l] ? a[l] : b[l]; });
        };
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>(
          [&](auto) { return unary(out, x, [=](Word a) { return masked(Word(extended(a, fromBits)), bits); }); })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp, arith::TruncIOp, arith::BitcastOp>(
          [&](auto) { return unary(out, x, [=](Word a) { return masked(a, bits); }); })
      .Case<arith::ExtFOp, arith::TruncFOp>(
          [&](auto) { return unary(out, x, [=](Word a) { return fromDouble(toDouble(a, from), type); }); })
      .Case([&](arith::SIToFPOp) {
        return unary(out, x, [=](Word a) { return fromDouble(double(extended(a, fromBits)), type); });
      })
      .Case([&](arith::UIToFPOp) { return unary(out, x, [=](Word a) { return fromDouble(double(a), type); }); })
      .Case([&](arith::FPToSIOp) {  // saturates, as cvt does; NaN is 0
        return unary(out, x, [=](Word a) {
          double d = std::trunc(toDouble(a, from)), most = std::ldexp(1, bits - 1);
          if (std::isnan(d)) return Word(0);
          return masked(d >= most   ? Word(most) - 1
                        : d < -most ? Word(std::int64_t(-most))
                                    : Word(std::int64_t(d)),
                        bits);
        });
      })
      .Case([&](arith::AddFOp) { return floats([](auto a, auto b) { return a + b; }); })
      .Case([&](arith::SubFOp) { return floats([](auto a, auto b) { return a - b; }); })
      .Case([&](arith::MulFOp) { return floats([](auto a, auto b) { return a * b; }); })
      .Case([&](arith::DivFOp) { return floats([](auto a, auto b) { return a / b; }); })
      .Case([&](arith::RemFOp) { return floats([](auto a, auto b) { return std::fmod(a, b); }); })
      .Case([&](arith::MaximumFOp) { return floats([](double a, double b) { return maximum(a, b); }); })
      .Case([&](arith::MinimumFOp) { return floats([](double a, double b) { return minimum(a, b); }); })
      .Case([&](arith::MaxNumFOp) {
        return floats([](double a, double b) { return std::isnan(a) ? b : std::isnan(b) ? a : maximum(a, b); });
      })
      .Case([&](arith::MinNumFOp) {
        return floats([](double a, double b) { return std::isnan(a) ? b : std::isnan(b) ? a : minimum(a, b); });
      })
      .Case([&](arith::NegFOp) { return unary(out, x, [=](Word a) { return a ^ Word(1) << (bits - 1); }); })
      .Case([&](math::AbsFOp) { return unary(out, x, [=](Word a) { return a & ~(Word(1) << (bits - 1)); }); })
      .Case([&](math::AbsIOp) {
        return unary(out, x, [=](Word a) { return masked(Word(std::abs(extended(a, bits))), bits); });
      })
      .Case([&](math::CtPopOp) { return unary(out, x, [](Word a) { return Word(std::popcount(a)); }); })
      .Case([&](math::CopySignOp) { return floats([](double a, double b) { return std::copysign(a, b); }); })
      .Case([&](math::SqrtOp) -> Step {
        if (type.isF32()) return unary(out, x, [](Word a) { return asWord(std::sqrt(asFloat(a))); });
        return function([](double a) { return std::sqrt(a); });
      })
      .Case([&](math::FloorOp) { return function([](double a) { return std::floor(a); }); })
      .Case([&](math::CeilOp) { return function([](double a) { return std::ceil(a); }); })
      .Case([&](math::TruncOp) { return function([](double a) { return std::trunc(a); }); })
      .Case([&](math::RoundEvenOp) { return function([](double a) { return std::nearbyint(a); }); })
      .Case([&](math::FmaOp) -> Step {
        int z = word(op->getOperand(2));
        return [=](Warp& w, Mask m) {
          Word *o = w.at(out), *a = w.at(x), *b = w.at(y), *c = w.at(z);
          if (type.isF32())
            each(m, [&](int l) { o[l] = asWord(std::fma(asFloat(a[l]), asFloat(b[l]), asFloat(c[l]))); });
          else
            each(m, [&](int l) {
              o[l] = fromDouble(std::fma(toDouble(a[l], type), toDouble(b[l], type), toDouble(c[l], type)), type);
            });
        };
      })
      .Default([](Operation*) { return Step(); });
}

}  // namespace heed::simt
