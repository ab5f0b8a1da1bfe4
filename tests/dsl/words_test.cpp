// Each word: the type of its result and what it leaves on the tape.
#include <gtest/gtest.h>

#include "model.h"

namespace heed::test {
namespace {

template <class F>
std::vector<std::string> of(F f) {
  return body(traceAtRunTime(f, "x"));
}
template <class F>
std::vector<std::string> of2(F f) {
  return body(traceAtRunTime(f, "x", "y"));
}
using Lines = std::vector<std::string>;
using S = Tensor<f32, Batch, Seq, Key>;

TEST(Words, ContractKeepsSharedAxesAsBatch) {
  auto lines = of2([](Tensor<f32, Batch, Seq, Heads, Depth> q, Tensor<f32, Batch, Key, Heads, Depth> k) {
    return contract<Heads, Depth>(q, k);
  });
  EXPECT_EQ(lines[0], "%2 = contract %0 %1 axes=heads axes=depth : f32[batch, seq, key]");
}

TEST(Words, SoftmaxAndReductions) {
  EXPECT_EQ(of([](S x) { return softmax<Key>(x); })[0], "%1 = softmax %0 axis=key : f32[batch, seq, key]");
  EXPECT_EQ(of([](S x) { return logsumexp<Key>(x); })[0], "%1 = logsumexp %0 axis=key : f32[batch, seq]");
  EXPECT_EQ(of([](S x) { return sum<Batch, Key>(x); })[0], "%1 = sum %0 axes=batch axes=key : f32[seq]");
  EXPECT_EQ(of([](S x) { return mean<Seq>(x); })[0], "%1 = mean %0 axes=seq : f32[batch, key]");
  EXPECT_EQ(of([](S x) { return amax<Batch, Seq, Key>(x); })[0], "%1 = amax %0 axes=batch axes=seq axes=key : f32[]");
  EXPECT_EQ(of([](S x) { return amin<Key>(x); })[0], "%1 = amin %0 axes=key : f32[batch, seq]");
}

TEST(Words, Shapes) {
  EXPECT_EQ(of([](X x) { return rename<Seq, Key>(x); })[0], "%1 = rename %0 from=seq to=key : f32[batch, key, model]");
  EXPECT_EQ(of([](X x) { return along<Mem>(x); })[0], "%1 = along %0 axis=mem : f32[batch, seq, model, mem]");
  EXPECT_EQ(of([](X x) { return split<Model, Heads, Depth>(x); })[0],
            "%1 = split %0 axis=model parts=heads parts=depth : f32[batch, seq, heads, depth]");
  EXPECT_EQ(of([](Tensor<f32, Heads, Seq, Depth> x) { return merge<Heads, Depth, Model>(x); })[0],
            "%1 = merge %0 parts=heads parts=depth axis=model : f32[model, seq]");
}

TEST(Words, TakeByTensorAndByIndex) {
  EXPECT_EQ(of2([](Tensor<f32, Vocab, Model> t, Tensor<i32, Batch, Seq> i) { return take<Vocab>(t, i); })[0],
            "%2 = take %0 %1 axis=vocab : f32[batch, seq, model]");
  EXPECT_EQ(of([](Tensor<f32, Pos, Model> t) { return take<Pos>(t, position<Seq>()); })[1],
            "%2 = take %0 %1 axis=pos : f32[seq, model]");
}

TEST(Words, CastToItsOwnTypeIsNothing) {
  EXPECT_EQ(of([](S x) { return cast<f32>(x); }), Lines{"return %0 name=\"result\""});
  EXPECT_EQ(of([](S x) { return cast<bf16>(x); })[0], "%1 = cast %0 : bf16[batch, seq, key]");
}

TEST(Words, OrderOfAxesIsLayout) {
  auto lines = of([](X x) -> Tensor<f32, Model, Batch, Seq> { return x; });
  EXPECT_EQ(lines[0], "%1 = permute %0 : f32[model, batch, seq]");
}

TEST(Pointwise, BiasTakesTheLayoutOfTheFullOperand) {
  EXPECT_EQ(of2([](Tensor<f32, Model> b, X x) { return b + x; })[0], "%2 = add %0 %1 : f32[batch, seq, model]");
  EXPECT_EQ(of2([](X x, Tensor<f32, Model> b) { return x - b; })[0], "%2 = sub %0 %1 : f32[batch, seq, model]");
}

TEST(Pointwise, OfTwoFullOperandsTheLeftOneLaysTheResultOut) {
  using Y = Tensor<f32, Model, Batch, Seq>;
  EXPECT_EQ(of2([](X x, Y y) { return x - y; })[0], "%2 = sub %0 %1 : f32[batch, seq, model]");
  EXPECT_EQ(of2([](Y y, X x) { return y - x; })[0], "%2 = sub %0 %1 : f32[model, batch, seq]");
  auto centred = of([](X x) { return x - along<Batch>(mean<Batch>(x)); });
  EXPECT_EQ(centred[2], "%3 = sub %0 %2 : f32[batch, seq, model]");
  // What has no layout of its own gives none.
  auto scaled = of([](X x) { return (index<Model>() + index<Seq>() + index<Batch>()) * x; });
  EXPECT_EQ(*(scaled.end() - 2), "%7 = mul %6 %0 : f32[batch, seq, model]");
  auto masked = of2([](X x, Y y) { return where(y < 0, x, 0); });
  EXPECT_EQ(*(masked.end() - 2), "%5 = where %3 %0 %4 : f32[batch, seq, model]");
}

TEST(Pointwise, NumbersTakeTheTypeOfTheTensor) {
  EXPECT_EQ(of([](Tensor<bf16, Seq> x) { return 2 * x; }),
            (Lines{"%1 = constant value=2 : bf16[]", "%2 = mul %1 %0 : bf16[seq]", "return %2 name=\"result\""}));
  EXPECT_EQ(of([](Tensor<i32, Seq> x) { return x / 4 % 3; })[2], "%3 = constant value=3 : i32[]");
}

TEST(Pointwise, EveryOperatorAndFunction) {
  auto lines = of2([](Tensor<f32, Seq> x, Tensor<f32, Seq> y) {
    auto t = x + y - x * y / x % y;
    t = max(min(t, y), -abs(x));
    t = exp(exp2(log(tanh(erf(sqrt(rsqrt(sin(cos(floor(t))))))))));
    return where((!(x == y) && x != y) || (x < y && x <= y && x > y && x >= y), t, 0);
  });
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  for (const char* word :
       {"add",   "sub", "mul", "div",   "rem", "max", "min", "neg", "abs", "exp", "exp2", "log", "tanh", "erf",  "sqrt",
        "rsqrt", "sin", "cos", "floor", "not", "eq",  "ne",  "and", "or",  "lt",  "le",   "gt",  "ge",   "where"})
    EXPECT_NE(all.find(" = " + std::string(word) + " "), std::string::npos) << word;
}

TEST(Pointwise, ComparisonsBroadcastFreelyAndGiveMasks) {
  EXPECT_EQ(of2([](Tensor<f32, Seq> x, Tensor<f32, Key> y) { return x < y; })[0], "%2 = lt %0 %1 : i1[seq, key]");
  EXPECT_EQ(of2([](Tensor<i1, Batch, Seq> x, Tensor<i1, Key> y) { return x || y; })[0],
            "%2 = or %0 %1 : i1[batch, seq, key]");
}

TEST(Pointwise, EqualityReadsAsItIsWritten) {
  EXPECT_EQ(of2([](Tensor<f32, Seq> x, Tensor<f32, Key> y) { return y == x; })[0], "%2 = eq %1 %0 : i1[key, seq]");
  EXPECT_EQ(of2([](Tensor<f32, Seq> x, Tensor<f32, Key> y) { return x == y; })[0], "%2 = eq %0 %1 : i1[seq, key]");
  EXPECT_EQ(of2([](Tensor<f32, Seq> x, Tensor<f32, Seq> y) { return y != x; })[0], "%2 = ne %1 %0 : i1[seq]");
  EXPECT_EQ(of([](Tensor<i32, Seq> x) { return 3 == x; })[1], "%2 = eq %1 %0 : i1[seq]");
  EXPECT_EQ(of([](Tensor<i32, Seq> x) { return x == index<Key>(); })[1], "%2 = eq %0 %1 : i1[seq, key]");
  EXPECT_EQ(of([](Tensor<i32, Seq> x) { return index<Key>() == x; })[1], "%2 = eq %1 %0 : i1[key, seq]");
}

TEST(Pointwise, WhereTakesANumberOnEitherSide) {
  EXPECT_EQ(of([](Tensor<f32, Seq> x) { return where(x > 0, x, -inf); })[3], "%4 = where %2 %0 %3 : f32[seq]");
  EXPECT_EQ(of([](Tensor<f32, Seq> x) { return where(x > 0, 1, x); })[3], "%4 = where %2 %3 %0 : f32[seq]");
}

TEST(Pointwise, WhereOfTwoNumbersTakesTheTypeBesideIt) {
  EXPECT_EQ(of([](Tensor<f32, Seq> x) { return where(x > 0, 1, 0); })[4], "%5 = where %2 %3 %4 : f32[seq]");
  EXPECT_EQ(of([](Tensor<bf16, Seq> x) { return x + where(index<Seq>() < 3, 0, -inf); }),
            (Lines{"%1 = index axis=seq : i32[seq]", "%2 = constant value=3 : i32[]", "%3 = lt %1 %2 : i1[seq]",
                   "%4 = constant value=0 : bf16[]", "%5 = constant value=-inf : bf16[]",
                   "%6 = where %3 %4 %5 : bf16[seq]", "%7 = add %0 %6 : bf16[seq]", "return %7 name=\"result\""}));
}

TEST(Pointwise, MasksAreEqualOrNot) {
  using M = Tensor<i1, Seq>;
  EXPECT_EQ(of2([](M x, M y) { return x == y; })[0], "%2 = eq %0 %1 : i1[seq]");
  EXPECT_EQ(of([](M x) { return x != true; })[1], "%2 = ne %0 %1 : i1[seq]");
}

TEST(Pointwise, AssignmentIsTheOperatorAtItsLine) {
  std::uint32_t line = __LINE__ + 4;
  auto g = traceAtRunTime(
      [](Tensor<f32, Seq> x, Tensor<f32, Seq> y) {
        auto z = +x;
        z *= 0.125f;
        z += y;
        z -= y;
        z /= sqrt(64);
        return z;
      },
      "x", "y");
  EXPECT_EQ(body(g), (Lines{"%2 = constant value=0.125 : f32[]", "%3 = mul %0 %2 : f32[seq]",
                            "%4 = add %3 %1 : f32[seq]", "%5 = sub %4 %1 : f32[seq]", "%6 = constant value=8 : f32[]",
                            "%7 = div %5 %6 : f32[seq]", "return %7 name=\"result\""}));
  EXPECT_EQ(first(g, op::mul).place.line, line);
  EXPECT_EQ(first(g, op::add).place.line, line + 1);
}

TEST(Pointwise, NotIsInTheLineThatUsesIt) {
  std::uint32_t line = __LINE__ + 1;
  auto g = traceAtRunTime([](Tensor<i1, Seq> m, Tensor<f32, Seq> x) { return where(!m, x, -inf); }, "m", "x");
  EXPECT_EQ(first(g, op::not_).place.line, line);
}

TEST(Formulas, AreTheirFormulas) {
  using V = Tensor<f32, Seq>;
  EXPECT_EQ(of([](V x) { return relu(x); }),
            (Lines{"%1 = constant value=0 : f32[]", "%2 = max %0 %1 : f32[seq]", "return %2 name=\"result\""}));
  auto gelu_ = traceAtRunTime([](V x) { return gelu(x); }, "x");
  EXPECT_EQ(gelu_.count(op::erf), 1);
  EXPECT_EQ(gelu_.count(op::mul), 3);
  auto geluTanh_ = traceAtRunTime([](V x) { return geluTanh(x); }, "x");
  EXPECT_EQ(geluTanh_.count(op::tanh), 1);
  auto silu_ = traceAtRunTime([](V x) { return silu(x); }, "x");
  EXPECT_EQ(silu_.count(op::exp) + silu_.count(op::div), 2);
}

}  // namespace
}  // namespace heed::test
