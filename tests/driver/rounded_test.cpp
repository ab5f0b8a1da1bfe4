// Weights of 8 and 4 bits: kernels multiply what roundWeight leaves, in all else they are as exact as ever.
#include "heed/runtime/rounded.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

#include "heed/driver/compile.h"
#include "heed/driver/reference.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/element.h"
#include "heed/runtime/error.h"
#include "heed/runtime/runner.h"
#include "heed/tests/codegen/targets.h"

namespace heed {
namespace {

using Sizes = std::vector<std::int64_t>;
using Tensor = Sketch::Tensor;

double get(const ArrayView& view, std::int64_t at) {
  if (view.dtype == DType::f32) return static_cast<const float*>(view.data)[at];
  if (view.dtype == DType::f16) return static_cast<const float16*>(view.data)[at];
  return static_cast<const bfloat16*>(view.data)[at];
}

void set(const ArrayView& view, std::int64_t at, float to) {
  if (view.dtype == DType::f32) static_cast<float*>(view.data)[at] = to;
  if (view.dtype == DType::f16) static_cast<float16*>(view.data)[at] = to;
  if (view.dtype == DType::bf16) static_cast<bfloat16*>(view.data)[at] = to;
}

std::vector<double> numbers(const ArrayView& view) {
  std::vector<double> all;
  for (std::int64_t n = 0; n < view.size(); ++n) all.push_back(get(view, n));
  return all;
}

AnyArray noise(DType dtype, const Sizes& sizes, unsigned seed) {
  AnyArray array(dtype, sizes);
  std::mt19937 random(seed);
  std::normal_distribution<float> draw;
  for (std::int64_t n = 0; n < array.view.size(); ++n) set(array.view, n, draw(random));
  return array;
}

AnyArray copyOf(const AnyArray& array) {
  AnyArray copy(array.view.dtype, array.view.extents());
  copyElements(array.view, copy.view);
  return copy;
}

/// x[rows, ...] and the weights of a graph.
struct Case {
  Sketch sketch;
  std::vector<AnyArray> inputs;
  std::vector<NamedArray> weights;
  Tensor input(DType dtype, Sketch::Axes axes, const Sizes& sizes) {
    inputs.push_back(noise(dtype, sizes, 1));
    return sketch.input("x" + std::to_string(inputs.size()), dtype, std::move(axes));
  }
  Tensor weight(DType dtype, Sketch::Axes axes, const Sizes& sizes) {
    const std::string name = "w" + std::to_string(weights.size());
    weights.emplace_back(name, noise(dtype, sizes, unsigned(weights.size() + 2)));
    return sketch.parameter(name, dtype, std::move(axes));
  }
};

std::shared_ptr<const Executable> codeOf(const Case& c, const std::string& features) {
  return compile(c.sketch.view(), {.target = {"cpu", features}});
}

/// What comes of the weights as given is what comes of them rounded, to the bit, and near the reference of those. Where
/// these are stored in bf16 or f16, and not all targets round what they widen so, results may be a neighbour's.
void expectRounded(Case&& c, const std::shared_ptr<const Executable>& code, std::size_t rounded = 1) {
  ASSERT_EQ(code->rounded.size(), rounded);
  std::vector<ArrayView> views;
  for (const AnyArray& input : c.inputs) views.push_back(input.view);
  Runner run(code, 2);
  run.bindAll(c.weights);
  const auto given = run.run(views);
  for (const RoundedWeight& weight : code->rounded) {
    auto& [name, array] = c.weights[std::size_t(weight.parameter)];
    EXPECT_EQ(name, code->signature.parameters[std::size_t(weight.parameter)].name);
    array = copyOf(array);
    roundWeight(array.view, weight);
    run.bind(name, array);
  }
  const auto again = run.run(views);
  const DType dtype = given[0].view.dtype;
  const double unit = dtype == DType::f32 ? 16 * 0x1p-23 : dtype == DType::bf16 ? 0x1p-7 : 0x1p-10;
  for (std::size_t r = 0; r < given.size(); ++r)
    if (dtype == DType::f32) EXPECT_EQ(numbers(given[r].view), numbers(again[r].view));
  for (const Errors& errors : compare(run, *referenceOf(c.sketch.view()), views))
    EXPECT_LE(errors.most, std::fmax(4 * errors.naive_most, unit * errors.largest));
}

std::vector<std::string> targets() {
  std::vector<std::string> all;
  for (const std::string& set : testing::instructionSets())
    for (const char* bits : {"+int8", "+int4"}) all.push_back(set + bits);
  return all;
}

struct Rounded : ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, Rounded, ::testing::ValuesIn(targets()), [](const auto& info) {
  std::string name = info.param;
  name[name.find('+')] = '_';
  return name;
});

Case linear(DType dtype, bool transposed, std::int64_t rows, std::int64_t in, std::int64_t out) {
  Case c;
  auto m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k");
  Tensor x = c.input(dtype, {m, k}, {rows, in});
  Tensor w = transposed ? c.weight(dtype, {n, k}, {out, in}) : c.weight(dtype, {k, n}, {in, out});
  c.sketch.results({c.sketch.over("contract", {x, w}, {k})});
  return c;
}

TEST_P(Rounded, OneMatrix) {
  for (bool transposed : {false, true})
    for (DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      const auto code = codeOf(linear(dtype, transposed, 1, 1, 1), GetParam());
      for (auto [rows, in, out] : {std::array{1, 70, 40},
                                   {1, 2000, 33},
                                   {2, 64, 32},
                                   {4, 31, 5},
                                   {5, 97, 70},
                                   {8, 129, 65},
                                   {9, 33, 32},
                                   {50, 800, 100},
                                   {70, 32, 1},
                                   {1, 1, 1},
                                   {3, 0, 5}}) {
        SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(in) + " x " + std::to_string(out));
        expectRounded(linear(dtype, transposed, rows, in, out), code);
      }
    }
}

TEST(RoundedByOtherTiles, OneMatrix) {
  for (const std::string& set : testing::instructionSets())
    for (const std::string& target : testing::otherTiles(set + "+int8")) {
      SCOPED_TRACE(target);
      const DType dtype = codegen::targetFor(set)->bf16 ? DType::bf16 : DType::f32;
      const auto code = codeOf(linear(dtype, false, 1, 1, 1), target);
      for (auto [rows, in, out] : {std::array{1, 900, 33}, {5, 97, 70}, {50, 800, 100}})
        expectRounded(linear(dtype, false, rows, in, out), code);
    }
}

TEST_P(Rounded, OneMatrixForEachGroup) {
  for (std::int64_t rows : {1, 3, 20}) {
    Case c;
    auto g = c.sketch.axis("g"), m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k");
    Tensor x = c.input(DType::f32, {g, m, k}, {3, rows, 45}), w = c.weight(DType::f32, {g, n, k}, {3, 37, 45});
    c.sketch.results({c.sketch.over("contract", {x, w}, {k})});
    const auto code = codeOf(c, GetParam());
    expectRounded(std::move(c), code);
  }
}

TEST_P(Rounded, SumsOverTwoAxes) {
  for (DType dtype : {DType::f32, DType::bf16})
    for (std::int64_t depth : {16, 15})
      for (std::int64_t rows : {1, 20}) {
        Case c;
        auto m = c.sketch.axis("m"), h = c.sketch.axis("h"), d = c.sketch.axis("d"), n = c.sketch.axis("n");
        Tensor x = c.input(dtype, {m, h, d}, {rows, 5, depth}), w = c.weight(dtype, {h, d, n}, {5, depth, 50});
        c.sketch.results({c.sketch.over("contract", {x, w}, {h, d})});
        const auto code = codeOf(c, GetParam());
        expectRounded(std::move(c), code);
      }
}

TEST_P(Rounded, WithoutRows) {
  for (auto [batch, rows] : {std::array{1, 0}, {0, 3}, {0, 0}}) {
    Case c;
    auto b = c.sketch.axis("b"), m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k");
    Tensor x = c.input(DType::f32, {b, m, k}, {batch, rows, 45}), w = c.weight(DType::f32, {n, k}, {37, 45});
    c.sketch.results({c.sketch.over("contract", {x, w}, {k})});
    const auto code = codeOf(c, GetParam());
    expectRounded(std::move(c), code);
  }
}

/// Three that read the same rows and become one kernel, two of them one step after the other.
TEST_P(Rounded, SeveralProductsOfOneKernel) {
  for (std::int64_t rows : {1, 6, 40}) {
    Case c;
    auto m = c.sketch.axis("m"), n = c.sketch.axis("n"), o = c.sketch.axis("o"), k = c.sketch.axis("k");
    Tensor x = c.input(DType::f32, {m, k}, {rows, 150});
    Tensor gate = c.weight(DType::f32, {k, n}, {150, 70}), up = c.weight(DType::f32, {k, n}, {150, 70}),
           other = c.weight(DType::f32, {k, o}, {150, 90});
    auto product = [&](Tensor w) { return c.sketch.over("contract", {x, w}, {k}); };
    c.sketch.results(
        {c.sketch.pointwise("mul",
                            {c.sketch.pointwise("exp", {c.sketch.pointwise("tanh", {product(gate)})}), product(up)}),
         product(other)});
    const auto code = codeOf(c, GetParam());
    expectRounded(std::move(c), code, 3);
  }
}

/// The lanes lie along the weight's rows, or the input's, and both operands are weights, of which one has panels.
TEST_P(Rounded, OnEitherSide) {
  for (bool weights : {false, true})
    for (bool turned : {false, true}) {
      Case c;
      auto m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k");
      Tensor w = c.weight(DType::f32, {m, k}, {45, 77});
      Tensor x = weights ? c.weight(DType::f32, {n, k}, {20, 77}) : c.input(DType::f32, {n, k}, {20, 77});
      Tensor y = turned ? c.sketch.over("contract", {x, w}, {k}) : c.sketch.over("contract", {w, x}, {k});
      c.sketch.results({y});
      const auto code = codeOf(c, GetParam());
      expectRounded(std::move(c), code, weights || turned);
    }
}

/// A weight that is read across itself has one form; the other product reads it as it is.
TEST_P(Rounded, OneFormForEachWeight) {
  Case c;
  auto m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k");
  Tensor x = c.input(DType::f32, {m, k}, {3, 40}), w = c.weight(DType::f32, {k, n}, {40, 50});
  Tensor y = c.sketch.over("contract", {x, w}, {k});
  c.sketch.results({y, c.sketch.over("contract", {y, w}, {n})});
  auto code = codeOf(c, GetParam());
  ASSERT_EQ(code->rounded.size(), 1u);
  EXPECT_EQ(code->rounded[0], (RoundedWeight{0, GetParam().back() - '0', DType::f32, {0}}));
}

TEST_P(Rounded, ARowDoesNotDependOnTheOthers) {
  for (DType dtype : {DType::f32, DType::bf16}) {
    Case c = linear(dtype, false, 40, 300, 70);
    Runner run(codeOf(c, GetParam()), 1);
    run.bindAll(c.weights);
    const auto all = numbers(run.run(std::vector<ArrayView>{c.inputs[0].view})[0].view);
    for (std::int64_t rows : {1, 2, 4, 7}) {
      ArrayView few = c.inputs[0].view;
      few.sizes[0] = rows;
      const auto some = numbers(run.run(std::vector<ArrayView>{few})[0].view);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << rows;
    }
  }
}

TEST_P(Rounded, TakesLittleMemory) {
  Case c = linear(DType::f32, true, 2, 640, 64);
  Runner run(codeOf(c, GetParam()), 1);
  run.bindAll(c.weights);
  run.run(std::vector<ArrayView>{c.inputs[0].view});
  const int bits = GetParam().back() - '0';
  EXPECT_EQ(run.arguments().packedBytes(), 640 * 64 / 32 * (2 + 32 * bits / 8));
}

/// A row that is 1 at k and -1 behind it makes the difference of two numbers of a column: one that is stored in bf16 or
/// f16 tells whether these were rounded to that before.
TEST_P(Rounded, IsMultipliedInTheTypeThatItSays) {
  const codegen::Target target = *codegen::targetFor(GetParam());
  const std::int64_t in = 71, out = 40;
  for (bool transposed : {false, true})
    for (DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      Case c = linear(dtype, transposed, in, in, out);
      const auto code = codeOf(c, GetParam());
      ASSERT_EQ(code->rounded.size(), 1u);
      EXPECT_EQ(code->rounded[0].multiplied, dtype == DType::bf16 && target.bf16 ? DType::bf16 : DType::f32);
      const AnyArray& x = c.inputs[0];
      for (std::int64_t i = 0; i < in; ++i)
        for (std::int64_t k = 0; k < in; ++k) set(x.view, i * in + k, k == i ? 1 : k == (i + 1) % in ? -1 : 0);
      Runner run(code, 1);
      run.bindAll(c.weights);
      const AnyArray got = run.run(std::vector<ArrayView>{x.view})[0];
      const AnyArray factors = asMultiplied(c.weights[0].second.view, code->rounded[0]), want(dtype, Sizes{1});
      ASSERT_EQ(factors.view.dtype, code->rounded[0].multiplied);
      for (std::int64_t i = 0; i < in; ++i)
        for (std::int64_t j = 0; j < out; ++j) {
          auto factor = [&](std::int64_t k) { return float(get(factors.view, transposed ? j * in + k : k * out + j)); };
          set(want.view, 0, factor(i) - factor((i + 1) % in));
          ASSERT_EQ(get(got.view, i * out + j), get(want.view, 0)) << i << ", " << j;
        }
    }
}

TEST_P(Rounded, IsWhatVerifyKnows) {
  setenv("HEED_VERIFY", "1", 1);
  for (DType dtype : {DType::f32, DType::bf16, DType::f16})
    for (auto [rows, in] : {std::array{1, 300}, {1, 7}, {30, 300}, {30, 33}}) {
      Case c = linear(dtype, rows > 1, rows, in, 70);
      Runner run(codeOf(c, GetParam()), 1);
      run.bindAll(c.weights);
      EXPECT_NO_THROW(run.run(std::vector<ArrayView>{c.inputs[0].view})) << rows << " x " << in;
    }
  unsetenv("HEED_VERIFY");
}

/// The largest number of a result, halved.
TEST_P(Rounded, VerifyBlamesAWrongNumber) {
  for (DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Case c = linear(dtype, false, 5, 1024, 70);
    const auto code = codeOf(c, GetParam());
    auto wrong = [exactly = code->call, dtype](Session& session, void** arguments) {
      exactly(session, arguments);
      const std::int64_t sizes[] = {5 * 70};
      const ArrayView result(dtype, reinterpret_cast<void*>(static_cast<std::int64_t*>(arguments[2])[1]), sizes);
      std::int64_t at = 0;
      for (std::int64_t n = 1; n < result.size(); ++n)
        if (std::fabs(get(result, n)) > std::fabs(get(result, at))) at = n;
      set(result, at, float(get(result, at)) / 2);
    };
    Executable blamed = *code;
    blamed.call = verifyCall(referenceOf(c.sketch.view()), dtype, wrong, false, code->rounded);
    Runner run(std::make_shared<Executable>(blamed), 1);
    run.bindAll(c.weights);
    EXPECT_THROW(run.run(std::vector<ArrayView>{c.inputs[0].view}), Error);
  }
}

TEST(RoundWeight, VerifyKnowsWhatAProductReads) {
  for (int bits : {8, 4}) {
    Case c = linear(DType::f32, false, 5, 100, 20);
    const RoundedWeight as{0, bits, DType::f32, {0}};
    auto reference = referenceOf(c.sketch.view());
    Executable code{.signature = reference->signature(),
                    .call = verifyCall(reference, DType::f32, interpretCall(reference), false, {as})};
    Runner run(std::make_shared<Executable>(code), 1);
    run.bindAll(c.weights);
    const std::vector<ArrayView> views{c.inputs[0].view};
    EXPECT_THROW(run.run(views), Error) << "as given";
    roundWeight(c.weights[0].second.view, as);
    run.bindAll(c.weights);
    EXPECT_NO_THROW(run.run(views)) << "rounded, and as such not rounded again";
  }
}

TEST(RoundWeight, VerifyAllowsWhatRoundingMovesAndNoMore) {
  Case c;
  auto m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k");
  Tensor x = c.input(DType::f32, {m, k}, {5, 100}), w = c.weight(DType::f32, {k, n}, {100, 20});
  Tensor product = c.sketch.over("contract", {x, w}, {k}), sums = c.sketch.over("sum", {w}, {k});
  c.sketch.results({c.sketch.pointwise("add", {product, sums})});
  auto reference = referenceOf(c.sketch.view());
  for (auto [factor, bits, right] : {std::tuple(1.005f, 4, true), {1.005f, 0, false}, {2.f, 4, false}}) {
    auto nearly = [exactly = interpretCall(reference), factor](Session& session, void** arguments) {
      exactly(session, arguments);
      auto* words = static_cast<std::int64_t*>(arguments[2]);
      for (std::int64_t i = 0; i < 100; ++i) reinterpret_cast<float*>(words[1])[i] *= factor;
    };
    std::vector<RoundedWeight> rounded;
    if (bits) rounded.push_back({0, bits, DType::f32, {0}});
    Executable code{.signature = reference->signature(),
                    .call = verifyCall(reference, DType::f32, nearly, false, rounded)};
    Runner run(std::make_shared<Executable>(code), 1);
    run.bindAll(c.weights);
    const std::vector<ArrayView> views{c.inputs[0].view};
    if (right)
      EXPECT_NO_THROW(run.run(views));
    else
      EXPECT_THROW(run.run(views), Error) << factor;
  }
}

TEST(RoundWeight, VerifySeesWhoReadsAWeight) {
  Case c;
  auto m = c.sketch.axis("m"), n = c.sketch.axis("n"), k = c.sketch.axis("k"), l = c.sketch.axis("l");
  auto other = c.sketch.axis("other", -1, "n");
  Tensor x = c.input(DType::f32, {m, k}, {5, 9}), once = c.weight(DType::f32, {k, n}, {9, 9});
  Tensor twice = c.weight(DType::f32, {n, k}, {9, 9}), renamed = c.weight(DType::f32, {n, l}, {9, 9});
  Tensor y = c.sketch.over("contract", {x, once}, {k});
  y = c.sketch.over("contract", {c.sketch.over("contract", {y, twice}, {n}), twice}, {k});
  auto called = [&](Tensor tensor) { return c.sketch.rename(tensor, n, other); };
  c.sketch.results({c.sketch.over("contract", {called(y), called(renamed)}, {other})});
  auto reference = referenceOf(c.sketch.view());
  EXPECT_TRUE(reference->isReadByOneProduct(0));
  EXPECT_FALSE(reference->isReadByOneProduct(1));
  EXPECT_TRUE(reference->isReadByOneProduct(2));
}

TEST(RoundWeight, MovesByHalfAScaleAtMostAndStays) {
  for (DType dtype : {DType::f32, DType::bf16, DType::f16})
    for (int bits : {8, 4}) {
      AnyArray w = noise(dtype, {5, 70, 3}, 9), rounded = copyOf(w);
      const RoundedWeight as{0, bits, DType::f32, {1}};
      roundWeight(rounded.view, as);
      const double own = dtype == DType::f32 ? 0 : dtype == DType::bf16 ? 0x1p-8 : 0x1p-11;
      for (std::int64_t i = 0; i < 5; ++i)
        for (std::int64_t j = 0; j < 3; ++j)
          for (std::int64_t first = 0; first < 70; first += 32) {
            const std::int64_t end = std::min<std::int64_t>(first + 32, 70);
            auto at = [&](std::int64_t k) { return (i * 70 + k) * 3 + j; };
            double largest = 0;
            for (std::int64_t k = first; k < end; ++k) largest = std::fmax(largest, std::fabs(get(w.view, at(k))));
            const double scale = bfloat16(float(largest) / (bits == 8 ? 127.f : 7.f));
            for (std::int64_t k = first; k < end; ++k) {
              const double x = get(rounded.view, at(k));
              EXPECT_LE(std::fabs(x - get(w.view, at(k))), scale / 2 * 1.0001 + own * largest);
              if (dtype == DType::f32) EXPECT_EQ(x / scale, std::nearbyint(x / scale));
            }
          }
      AnyArray twice = copyOf(rounded);
      roundWeight(twice.view, as);
      for (std::int64_t n = 0; n < w.view.size(); ++n) EXPECT_EQ(get(twice.view, n), get(rounded.view, n));
    }
}

TEST(RoundWeight, WhatIsNotFiniteTakesItsGroupWithIt) {
  for (float bad : {NAN, INFINITY}) {
    AnyArray w = noise(DType::f32, {70}, 4);
    set(w.view, 40, bad);
    roundWeight(w.view, {0, 8, DType::f32, {0}});
    for (std::int64_t n = 0; n < 70; ++n) EXPECT_EQ(std::isfinite(get(w.view, n)), n / 32 != 1) << n;
  }
}

TEST_P(Rounded, WhatIsNotFiniteTouchesNoOtherColumn) {
  for (std::int64_t rows : {1, 20})
    for (float bad : {NAN, INFINITY, -INFINITY}) {
      Case c = linear(DType::f32, false, rows, 70, 40);
      set(c.weights[0].second.view, 33 * 40 + 7, bad);
      Runner run(codeOf(c, GetParam()), 1);
      run.bindAll(c.weights);
      const auto results = numbers(run.run(std::vector<ArrayView>{c.inputs[0].view})[0].view);
      for (std::size_t n = 0; n < results.size(); ++n) EXPECT_EQ(std::isfinite(results[n]), n % 40 != 7) << n;
    }
}

TEST(RoundWeight, ZerosStayAndTinyNumbersStayTiny) {
  AnyArray w(DType::f32, Sizes{64});
  for (std::int64_t n = 0; n < 64; ++n) set(w.view, n, n < 32 ? 0 : std::ldexp(float(n), -149));
  roundWeight(w.view, {0, 4, DType::f32, {0}});
  for (std::int64_t n = 0; n < 64; ++n) EXPECT_LE(std::fabs(get(w.view, n)), n < 32 ? 0 : std::ldexp(1., -140));
}

TEST(RoundWeight, ParametersAreFoundByName) {
  Signature signature;
  signature.parameters = {{"a", DType::f32, {}}, {"b", DType::f32, {}}};
  const AnyArray a = noise(DType::f32, {32}, 1), b = noise(DType::f32, {32}, 2), want = copyOf(b), same = copyOf(a);
  const RoundedWeight second{1, 4, DType::f32, {0}};
  roundWeight(want.view, second);
  roundWeights(std::vector<NamedArray>{{"b", b}, {"a", a}}, signature, {second});
  EXPECT_EQ(numbers(b.view), numbers(want.view));
  EXPECT_EQ(numbers(a.view), numbers(same.view));
  EXPECT_THROW(roundWeights(std::vector<NamedArray>{{"a", a}}, signature, {second}), Error);
}

TEST(RoundWeight, IntegersAreRefused) {
  AnyArray w(DType::i32, Sizes{64});
  EXPECT_THROW(roundWeight(w.view, {0, 8, DType::f32, {0}}), Error);
}

}  // namespace
}  // namespace heed
