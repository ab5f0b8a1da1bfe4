#include "bench_gemm.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "heed/driver/sketch.h"
#include "heed/runtime/error.h"
#include "heed/runtime/runner.h"
#include "peak.h"

namespace heed::bench {
namespace {

struct Product {
  Sketch sketch;
  std::vector<AnyArray> inputs;
  std::vector<ArrayView> views;
  bool bias, gelu;

  explicit Product(const GemmShape& s) : bias(s.epilogue.starts_with("bias")), gelu(s.epilogue.ends_with("gelu")) {
    using Tensor = Sketch::Tensor;
    auto batch = sketch.axis("batch"), m = sketch.axis("row"), n = sketch.axis("column"), k = sketch.axis("depth");
    bool kn = s.rhs == "kn";
    Tensor a = input("a", {batch, m, k}, {s.batch, s.m, s.k});
    Tensor b = kn ? input("b", {batch, k, n}, {s.batch, s.k, s.n}) : input("b", {batch, n, k}, {s.batch, s.n, s.k});
    Tensor x = sketch.over("contract", {a, b}, {k});
    if (bias) x = sketch.pointwise("add", {x, input("bias", {n}, {s.n})});
    if (gelu) {
      Tensor tail = sketch.pointwise("erf", {sketch.pointwise("mul", {x, sketch.number(std::sqrt(0.5))})});
      Tensor half = sketch.pointwise("mul", {x, sketch.number(0.5)});
      x = sketch.pointwise("mul", {half, sketch.pointwise("add", {tail, sketch.number(1)})});
    }
    sketch.results({x});
  }

  Sketch::Tensor input(const char* name, Sketch::Axes axes, std::vector<std::int64_t> sizes) {
    AnyArray array(DType::f32, sizes);
    std::mt19937 random(unsigned(1 + inputs.size()));
    std::normal_distribution<float> draw;
    auto* x = static_cast<float*>(array.view.data);
    for (std::int64_t e = 0; e < array.view.size(); ++e) x[e] = draw(random);
    inputs.push_back(std::move(array));
    views.push_back(inputs.back().view);
    return sketch.input(name, DType::f32, std::move(axes));
  }
};

/// The largest error of some elements of `out` against f64; each relative to the magnitudes that were summed for it.
double errorOf(const GemmShape& s, const Product& product, const ArrayView& out) {
  auto data = [](const ArrayView& view) { return static_cast<const float*>(view.data); };
  const float *a = data(product.views[0]), *b = data(product.views[1]), *o = data(out);
  std::int64_t elements = out.size(), step = std::max<std::int64_t>(elements / 5003, 1);
  double worst = 0;
  for (std::int64_t e = 0; e < elements; e += step) {
    std::int64_t j = e % s.n, i = e / s.n % s.m, batch = e / s.n / s.m;
    double x = 0, size = 1;
    for (std::int64_t k = 0; k < s.k; ++k) {
      std::int64_t at = s.rhs == "kn" ? (batch * s.k + k) * s.n + j : (batch * s.n + j) * s.k + k;
      double term = double(a[(batch * s.m + i) * s.k + k]) * b[at];
      x += term, size += std::fabs(term);
    }
    if (product.bias) x += data(product.views[2])[j];
    if (product.gelu) x = x / 2 * (1 + std::erf(x * std::sqrt(0.5)));
    double error = std::fabs(x - o[e]) / size;
    worst = error <= worst ? worst : error;  // a NaN is the worst
  }
  return worst;
}

double quantile(std::vector<double> x, double q) {
  auto at = x.begin() + std::ptrdiff_t(q * double(x.size() - 1) + 0.5);
  std::nth_element(x.begin(), at, x.end());
  return *at;
}

void check(const GemmShape& s) {
  if (s.dtype != "f32") throw Error("--dtype", s.dtype + " was given", "must be f32");
  if (s.rhs != "kn" && s.rhs != "nk") throw Error("--rhs", s.rhs + " was given", "must be kn or nk");
  if (s.epilogue != "none" && s.epilogue != "bias" && s.epilogue != "gelu" && s.epilogue != "bias+gelu")
    throw Error("--epilogue", s.epilogue + " was given", "must be none, bias, gelu or bias+gelu");
  if (std::min({s.batch, s.m, s.n, s.k}) < 1)
    throw Error("heed-bench gemm", "an extent below 1 was given", "all extents must be positive");
}

}  // namespace

GemmResult gemm(const GemmShape& s, const Options& options, double seconds) {
  check(s);
  Product product(s);
  auto executable = compile(product.sketch.view(), options);
  Runner runner(executable, options.threads);
  int threads = runner.session().threads();

  GemmResult result;
  auto out = runner.run(product.views);
  result.max_error = errorOf(s, product, out[0].view);
  // Each of the k roundings is at most half a unit of the sum so far; the epilogue adds a few.
  double bound = double(s.k + 16) * std::exp2(-24);
  if (!(result.max_error <= bound))
    throw Error("heed-bench gemm", "the error against f64 is " + std::to_string(result.max_error),
                "at most " + std::to_string(bound) + " is possible for sums in f32", "report it, with --dump");

  std::vector<ArrayView> results{out[0].view};
  auto timed = [&](int times) {
    double start = now(threads);
    for (int n = 0; n < times; ++n) runner.run(product.views, results);
    return (now(threads) - start) / times;
  };
  // One round: the limit, then ours for at least 5 ms, then the limit again; the median over rounds.
  int times = int(std::clamp(5e-3 / std::max(timed(1), 1e-7), 1., 1e5));
  double flops = 2. * double(s.batch) * double(s.m) * double(s.n) * double(s.k);
  std::vector<double> time, peak, fraction;
  std::string isa = executable->statistics.target;
  for (double begin = now(2); now(2) - begin < seconds || time.size() < 5;) {
    double before = fmaPeak(isa, threads, 2e-3), t = timed(times), after = fmaPeak(isa, threads, 2e-3);
    time.push_back(t);
    peak.push_back((before + after) / 2);
    fraction.push_back(flops / t * 1e-9 / peak.back());
  }
  result.median_s = quantile(time, 0.5);
  result.p10_s = quantile(time, 0.1);
  result.p90_s = quantile(time, 0.9);
  result.gflops = flops / result.median_s * 1e-9;
  result.peak_gflops = quantile(peak, 0.5);
  result.fraction_of_peak = quantile(fraction, 0.5);
  result.compile_ms = executable->statistics.compile_ms;
  result.arena_bytes = runner.session().memory().bytes;
  return result;
}

}  // namespace heed::bench
