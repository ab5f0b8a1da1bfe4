#include "eager.h"

#include <cmath>

#include "arrays.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/runner.h"

namespace heed::bench {
namespace {

using Tensor = Sketch::Tensor;

/// Kernels in a row; each takes arrays of the caller or results of kernels before it, by number.
class Chain {
 public:
  explicit Chain(std::vector<AnyArray> inputs) : arrays_(std::move(inputs)) {}

  /// Compiles the sketch and runs it once; gives the number of its result.
  std::size_t add(const Sketch& sketch, std::vector<std::size_t> operands, const Options& options) {
    steps_.push_back({Runner(compile(sketch.view(), options), options.threads), {}, {}});
    Step& step = steps_.back();
    for (std::size_t n : operands) step.operands.push_back(arrays_[n].view);
    arrays_.push_back(step.runner.run(step.operands)[0]);
    step.results = {arrays_.back().view};
    return arrays_.size() - 1;
  }
  void operator()() {
    for (Step& step : steps_) step.runner.run(step.operands, step.results);
  }

 private:
  struct Step {
    Runner runner;
    std::vector<ArrayView> operands, results;
  };
  std::vector<AnyArray> arrays_;
  std::vector<Step> steps_;
};

}  // namespace

std::function<void()> eagerAttention(const AttentionShape& s, const std::vector<AnyArray>& inputs,
                                     const Options& options) {
  auto chain = std::make_shared<Chain>(inputs);
  struct Axes {
    Sketch sketch;
    Sketch::Axis batch = sketch.axis("batch"), heads = sketch.axis("heads"), seq = sketch.axis("seq"),
                 key = sketch.axis("key"), depth, value;
    explicit Axes(std::int64_t n) : depth(sketch.axis("depth", n)), value(sketch.axis("value", n)) {}
  };
  std::size_t scores;
  if (s.score == "dot") {
    Axes a(s.depth);
    Tensor q = a.sketch.input("q", DType::f32, {a.batch, a.heads, a.seq, a.depth}),
           k = a.sketch.input("k", DType::f32, {a.batch, a.heads, a.key, a.depth});
    Tensor x = a.sketch.over("contract", {q, k}, {a.depth});
    a.sketch.results({a.sketch.pointwise("mul", {x, a.sketch.number(1 / std::sqrt(double(s.depth)))})});
    scores = chain->add(a.sketch, {0, 1}, options);
  } else {
    Axes a(s.depth);
    Sketch::Axes all{a.batch, a.heads, a.seq, a.key, a.depth};
    Tensor q = a.sketch.input("q", DType::f32, {a.batch, a.heads, a.seq, a.depth}),
           k = a.sketch.input("k", DType::f32, {a.batch, a.heads, a.key, a.depth});
    Tensor spread = a.sketch.permute(a.sketch.along(q, a.key), all);
    Tensor x = a.sketch.pointwise(s.score == "additive" ? "add" : "sub", {spread, k});
    a.sketch.results({s.score == "additive" ? a.sketch.pointwise("tanh", {x}) : a.sketch.pointwise("mul", {x, x})});
    std::size_t pairs = chain->add(a.sketch, {0, 1}, options);

    Axes b(s.depth);
    Tensor t = b.sketch.input("t", DType::f32, {b.batch, b.heads, b.seq, b.key, b.depth});
    if (s.score == "additive") {
      Tensor w = b.sketch.input("w", DType::f32, {b.depth});
      b.sketch.results({b.sketch.over("contract", {t, w}, {b.depth})});
      scores = chain->add(b.sketch, {pairs, 3}, options);
    } else {
      Tensor sum = b.sketch.over("sum", {t}, {b.depth});
      b.sketch.results({b.sketch.pointwise("mul", {sum, b.sketch.number(-0.5 / double(s.depth))})});
      scores = chain->add(b.sketch, {pairs}, options);
    }
  }
  Axes c(s.depth);
  c.sketch.results(
      {c.sketch.over("softmax", {c.sketch.input("scores", DType::f32, {c.batch, c.heads, c.seq, c.key})}, {c.key})});
  std::size_t weights = chain->add(c.sketch, {scores}, options);

  Axes d(s.depth);
  Tensor p = d.sketch.input("p", DType::f32, {d.batch, d.heads, d.seq, d.key}),
         v = d.sketch.input("v", DType::f32, {d.batch, d.heads, d.key, d.value});
  d.sketch.results({d.sketch.over("contract", {p, v}, {d.key})});
  chain->add(d.sketch, {weights, 2}, options);
  return [chain] { (*chain)(); };
}

}  // namespace heed::bench
