// Weights are packed once for each binding: the same bits as without packing, whatever else reads them.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "heed/driver/compile.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/element.h"
#include "heed/runtime/runner.h"

namespace heed {
namespace {

using Axis = Sketch::Axis;
using Tensor = Sketch::Tensor;
using Sizes = std::vector<std::int64_t>;

AnyArray noise(DType dtype, const Sizes& sizes, unsigned seed) {
  AnyArray array(dtype, sizes);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> draw(-1, 1);
  for (std::int64_t e = 0; e < array.view.size(); ++e)
    if (dtype == DType::f32)
      static_cast<float*>(array.view.data)[e] = draw(random);
    else
      static_cast<bfloat16*>(array.view.data)[e] = draw(random);
  return array;
}

std::vector<float> numbers(const AnyArray& array) {
  std::vector<float> all;
  for (std::int64_t e = 0; e < array.view.size(); ++e)
    all.push_back(array.view.dtype == DType::f32 ? static_cast<float*>(array.view.data)[e]
                                                 : float(static_cast<bfloat16*>(array.view.data)[e]));
  return all;
}

/// A function of x[rows, in] and w, which is a weight or, for comparison, an input.
struct Model {
  using Formula = std::function<std::vector<Tensor>(Sketch&, Tensor x, Tensor w)>;
  Sketch sketch;
  Axis rows, in, out, group;
  DType dtype;
  bool constant;

  Model(bool constant, DType dtype, bool grouped, const Formula& formula) : dtype(dtype), constant(constant) {
    rows = sketch.axis("rows"), in = sketch.axis("in"), out = sketch.axis("out"), group = sketch.axis("group");
    Sketch::Axes xs{rows, in}, ws{out, in};
    if (grouped) xs.insert(xs.begin(), group), ws.insert(ws.begin(), group);
    Tensor x = sketch.input("x", dtype, xs);
    sketch.results(formula(sketch, x, constant ? sketch.parameter("w", dtype, ws) : sketch.input("w", dtype, ws)));
  }
};

std::vector<std::vector<float>> run(Runner& runner, const AnyArray& x, const AnyArray& w, bool constant) {
  std::vector<ArrayView> inputs{x.view};
  if (constant)
    runner.bind("w", w);
  else
    inputs.push_back(w.view);
  std::vector<std::vector<float>> results;
  for (const AnyArray& result : runner.run(inputs)) results.push_back(numbers(result));
  return results;
}

void expectTheSame(const Model::Formula& formula, DType dtype = DType::f32, bool grouped = false) {
  Model given(false, dtype, grouped, formula), bound(true, dtype, grouped, formula);
  Runner plain(compile(given.sketch.view()), 2), packed(compile(bound.sketch.view()), 2);
  for (auto [rows, in, out] :
       {std::array{1, 70, 40}, {8, 129, 65}, {9, 33, 32}, {50, 600, 100}, {3, 0, 5}, {3, 5, 0}}) {
    Sizes xs{rows, in}, ws{out, in};
    if (grouped) xs.insert(xs.begin(), 3), ws.insert(ws.begin(), 3);
    AnyArray x = noise(dtype, xs, 1), w = noise(dtype, ws, 2);
    EXPECT_EQ(run(packed, x, w, true), run(plain, x, w, false)) << rows << " x " << in << " x " << out;
  }
}

std::vector<Tensor> linear(Sketch& s, Tensor x, Tensor w) { return {s.over("contract", {x, w}, {x.axes.back()})}; }

TEST(Weights, GiveTheBitsOfInputs) { expectTheSame(linear); }
TEST(Weights, OfBf16) { expectTheSame(linear, DType::bf16); }
TEST(Weights, OfOneMatrixForEachGroup) { expectTheSame(linear, DType::f32, true); }

TEST(Weights, AreReadByOtherThingsToo) {
  expectTheSame([](Sketch& s, Tensor x, Tensor w) {
    return std::vector{linear(s, x, w)[0], s.pointwise("mul", {w, s.number(2)})};
  });
}

TEST(Weights, OfTwoContractionsAcrossEachOther) {
  expectTheSame([](Sketch& s, Tensor x, Tensor w) {
    Tensor y = linear(s, x, w)[0];
    return std::vector{y, s.over("contract", {y, w}, {w.axes[0]})};
  });
}

TEST(Weights, ArePackedOnceAndAnewWhenBoundAgain) {
  Model model(true, DType::f32, false, linear);
  Runner runner(compile(model.sketch.view()), 1);
  AnyArray x = noise(DType::f32, {2, 50}, 1), w = noise(DType::f32, {33, 50}, 2),
           other = noise(DType::f32, {33, 50}, 3);
  EXPECT_EQ(runner.arguments().packedBytes(), 0);
  auto first = run(runner, x, w, true);
  EXPECT_GE(runner.arguments().packedBytes(), 33 * 50 * 4);
  EXPECT_LE(runner.arguments().packedBytes(), 64 * 50 * 4);
  Runner copy(runner);
  EXPECT_EQ(copy.arguments().packedBytes(), runner.arguments().packedBytes());
  EXPECT_NE(run(runner, x, other, true), first);
  std::vector<ArrayView> inputs{x.view};
  EXPECT_EQ(numbers(copy.run(inputs)[0]), first[0]);  // the copy is still bound to w
  EXPECT_EQ(run(runner, x, w, true), first);
}

}  // namespace
}  // namespace heed
