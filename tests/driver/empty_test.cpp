// Axes without elements: no crash, and what sums, largest numbers and softmax are of nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "heed/driver/compile.h"
#include "heed/driver/reference.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/element.h"
#include "heed/runtime/rounded.h"
#include "heed/runtime/runner.h"
#include "heed/tests/codegen/targets.h"

namespace heed {
namespace {

using Tensor = Sketch::Tensor;
using Axes = Sketch::Axes;

/// A graph whose inputs and parameters get extents only when it is called.
struct Drawn {
  DType dtype;
  Sketch sketch;
  std::vector<Axes> inputs;
  std::vector<std::pair<std::string, Axes>> weights;

  Tensor input(const Axes& axes) {
    inputs.push_back(axes);
    return sketch.input("x" + std::to_string(inputs.size()), dtype, axes);
  }
  Tensor weight(const Axes& axes) {
    weights.emplace_back("w" + std::to_string(weights.size()), axes);
    return sketch.parameter(weights.back().first, dtype, axes);
  }
};

AnyArray noise(DType dtype, const Axes& axes, const std::vector<Extent>& extents) {
  std::vector<std::int64_t> sizes;
  for (Sketch::Axis axis : axes)
    sizes.push_back(std::ranges::find(extents, std::string_view(axis->symbol), &Extent::symbol)->extent);
  AnyArray array(dtype, sizes);
  std::minstd_rand bits(7);
  std::normal_distribution<float> normal;
  for (std::int64_t n = 0; n < array.view.size(); ++n)
    if (dtype == DType::f32)
      static_cast<float*>(array.view.data)[n] = normal(bits);
    else
      static_cast<bfloat16*>(array.view.data)[n] = bfloat16(normal(bits));
  return array;
}

/// Runs the graph with each of these axes at 0, 1 and 19 elements, in all combinations.
void expectAll(Drawn& drawn, const std::vector<std::string>& axes, const std::string& target) {
  auto code = compile(drawn.sketch.view(), {.target = {"cpu", target}});
  auto reference = referenceOf(drawn.sketch.view());
  Runner run(code, 2);
  int combinations = 1;
  for (std::size_t n = 0; n < axes.size(); ++n) combinations *= 3;
  for (int which = 0; which < combinations; ++which) {
    std::vector<Extent> extents;
    std::string said;
    for (int rest = which; const std::string& axis : axes) {
      extents.push_back({axis, std::array{0, 1, 19}[std::size_t(rest % 3)]});
      said += axis + "=" + std::to_string(extents.back().extent) + " ", rest /= 3;
    }
    SCOPED_TRACE(said);
    std::vector<AnyArray> arrays;
    std::vector<ArrayView> views;
    for (const Axes& input : drawn.inputs)
      views.push_back(arrays.emplace_back(noise(drawn.dtype, input, extents)).view);
    std::vector<NamedArray> weights;
    for (const auto& [name, weight] : drawn.weights) weights.emplace_back(name, noise(drawn.dtype, weight, extents));
    roundWeights(weights, code->signature, code->rounded);
    run.bindAll(weights);
    const double unit = drawn.dtype == DType::f32 ? 16 * 0x1p-23 : 0x1p-7;
    for (const Errors& errors : compare(run, *reference, views))
      ASSERT_LE(errors.most, std::max(4 * errors.naive_most, unit * errors.largest));
  }
}

struct Empty : ::testing::TestWithParam<std::string> {
  static void each(const std::vector<std::string>& axes, const std::function<void(Drawn&)>& draw,
                   const char* bits = "") {
    for (DType dtype : {DType::f32, DType::bf16}) {
      Drawn drawn{.dtype = dtype};
      draw(drawn);
      expectAll(drawn, axes, GetParam() + bits);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, Empty, ::testing::ValuesIn(testing::instructionSets()));

void product(Drawn& d) {
  auto b = d.sketch.axis("b"), m = d.sketch.axis("m"), k = d.sketch.axis("k"), n = d.sketch.axis("n");
  Tensor x = d.input({b, m, k}), w = d.weight({k, n}), bias = d.weight({n});
  Tensor y = d.sketch.pointwise("add", {d.sketch.over("contract", {x, w}, {k}), bias});
  d.sketch.results({d.sketch.pointwise("tanh", {y})});
}

TEST_P(Empty, Products) { each({"b", "m", "k", "n"}, product); }
TEST_P(Empty, ProductsOfFewBits) { each({"b", "m", "k", "n"}, product, "+int4"); }

TEST_P(Empty, ProductsOfInputs) {
  each({"b", "m", "k", "n"}, [](Drawn& d) {
    auto b = d.sketch.axis("b"), m = d.sketch.axis("m"), k = d.sketch.axis("k"), n = d.sketch.axis("n");
    d.sketch.results({d.sketch.over("contract", {d.input({b, m, k}), d.input({b, k, n})}, {k}),
                      d.sketch.over("contract", {d.input({m, k}), d.input({n, k})}, {k})});
  });
}

TEST_P(Empty, Attention) {
  for (bool causal : {false, true})
    each({"h", "s", "t", "d", "e"}, [&](Drawn& a) {
      auto h = a.sketch.axis("h"), s = a.sketch.axis("s"), t = a.sketch.axis("t"), d = a.sketch.axis("d"),
           e = a.sketch.axis("e");
      Tensor q = a.input({h, s, d}), k = a.input({h, t, d}), v = a.input({h, t, e});
      Tensor scores = a.sketch.over("contract", {q, k}, {d});
      if (causal)
        scores = a.sketch.pointwise("where", {a.sketch.pointwise("le", {a.sketch.index(t), a.sketch.index(s)}), scores,
                                              a.sketch.number(-INFINITY, a.dtype)});
      a.sketch.results({a.sketch.over("contract", {a.sketch.over("softmax", {scores}, {t}), v}, {t})});
    });
}

TEST_P(Empty, Rows) {
  each({"m", "k"}, [](Drawn& d) {
    auto m = d.sketch.axis("m"), k = d.sketch.axis("k");
    Tensor x = d.input({m, k}), centred = d.sketch.pointwise("sub", {x, d.sketch.over("mean", {x}, {k})});
    d.sketch.results({centred, d.sketch.over("softmax", {x}, {k}), d.sketch.over("logsumexp", {x}, {k}),
                      d.sketch.over("sum", {x}, {k}), d.sketch.over("amax", {x}, {k}),
                      d.sketch.over("amin", {x}, {m})});
  });
}

}  // namespace
}  // namespace heed
