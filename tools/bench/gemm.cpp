// gemm: a matrix product and what follows it. The right matrix is a weight, as in every model: packed by the first
// call.
#include <algorithm>
#include <cmath>

#include "arrays.h"
#include "gemm_shape.h"
#include "heed/driver/sketch.h"
#include "workload.h"

namespace heed::bench {
namespace {

using Tensor = Sketch::Tensor;

void options(GemmShape& s, Flags& flags) {
  flags.number("--batch", s.batch, "products");
  flags.number("--m", s.m, "rows");
  flags.number("--n", s.n, "columns");
  flags.number("--k", s.k, "products per sum");
  flags.choice("--rhs", s.rhs, {"kn", "nk"}, "the right matrix in memory");
  flags.choice("--epilogue", s.epilogue, {"none", "bias", "gelu", "bias+gelu"}, "what follows");
  flags.choice("--dtype", s.dtype, {"f32", "bf16", "f16"}, "of the matrices and the result");
}

struct Product {
  GemmShape s;
  DType dtype;
  bool bias, gelu;
  Sketch sketch;
  AnyArray a;
  std::vector<NamedArray> weights;  // b, then the bias
  AnyArray right;                   // b as products read it

  explicit Product(const GemmShape& shape)
      : s(shape),
        dtype(dtypeOf(shape.dtype)),
        bias(shape.epilogue.starts_with("bias")),
        gelu(shape.epilogue.ends_with("gelu")),
        a(normal(dtype, {shape.batch, shape.m, shape.k}, 1)) {
    auto batch = sketch.axis("batch"), m = sketch.axis("row"), n = sketch.axis("column"), k = sketch.axis("depth");
    bool kn = s.rhs == "kn";
    Tensor left = sketch.input("a", dtype, {batch, m, k});
    Tensor right = weight("b", kn ? Sketch::Axes{batch, k, n} : Sketch::Axes{batch, n, k},
                          {s.batch, kn ? s.k : s.n, kn ? s.n : s.k});
    Tensor beta = bias ? weight("bias", {n}, {s.n}) : Tensor();
    Tensor x = sketch.over("contract", {left, right}, {k});
    if (bias) x = sketch.pointwise("add", {x, beta});
    if (gelu) {
      Tensor tail = sketch.pointwise("erf", {sketch.pointwise("mul", {x, sketch.number(std::sqrt(0.5), dtype)})});
      Tensor half = sketch.pointwise("mul", {x, sketch.number(0.5, dtype)});
      x = sketch.pointwise("mul", {half, sketch.pointwise("add", {tail, sketch.number(1, dtype)})});
    }
    sketch.results({x});
  }

  Tensor weight(const char* name, Sketch::Axes axes, const std::vector<std::int64_t>& sizes) {
    weights.emplace_back(name, normal(dtype, sizes, weights.size() + 2));
    return sketch.parameter(name, dtype, std::move(axes));
  }

  void round(const Executable& executable) {
    roundWeights(weights, executable.signature, executable.rounded);
    const AnyArray& b = weights[0].second;
    right = executable.rounded.empty() ? b : asMultiplied(b.view, executable.rounded[0]);
  }

  /// A number of the graph.
  double constant(double x) const {
    AnyArray one(dtype, std::vector<std::int64_t>{1});
    put(one.view, 0, x);
    return get(one.view, 0);
  }

  /// The largest error of some elements of `out` against f64; each relative to the magnitudes that were summed for it,
  /// less what rounding to the result's type takes.
  Deviation errorOf(const ArrayView& out) const {
    const ArrayView& left = a.view;
    const double rounding = dtype == DType::f32 ? 0 : epsilonOf(dtype) / 2, root = constant(std::sqrt(0.5));
    std::int64_t elements = out.size(), step = std::max<std::int64_t>(elements / 5003, 1);
    Deviation worst;
    for (std::int64_t e = 0; e < elements; e += step) {
      std::int64_t j = e % s.n, i = e / s.n % s.m, batch = e / s.n / s.m;
      double x = 0, size = 1;
      for (std::int64_t k = 0; k < s.k; ++k) {
        std::int64_t at = s.rhs == "kn" ? (batch * s.k + k) * s.n + j : (batch * s.n + j) * s.k + k;
        double term = get(left, (batch * s.m + i) * s.k + k) * get(right.view, at);
        x += term, size += std::fabs(term);
      }
      if (bias) x += get(weights[1].second.view, j);
      if (gelu) x = x / 2 * (1 + std::erf(x * root));
      double error = std::max(0., std::fabs(x - get(out, e)) - rounding * std::fabs(x)) / size;
      worst.meet(error, e);
    }
    return worst;
  }
};

}  // namespace

Workload gemmWorkload(const GemmShape& s, const Settings& settings) {
  // The right matrix is there once more, packed.
  double m = double(s.m), n = double(s.n), k = double(s.k), batch = double(s.batch);
  requireMemory("heed-bench gemm", (s.dtype == "f32" ? 4 : 2) * batch * (m * k + 2 * k * n + m * n));
  auto product = std::make_shared<Product>(s);
  Workload w;
  w.name = "gemm";
  w.shape = Fields{{"dtype", s.dtype}, {"batch", s.batch},      {"m", s.m}, {"n", s.n}, {"k", s.k},
                   {"rhs", s.rhs},     {"epilogue", s.epilogue}};
  w.executable = compile(product->sketch.view(), settings.options);
  product->round(*w.executable);
  w.inputs = {product->a};
  w.weights = product->weights;
  w.flops = 2 * batch * m * n * k;
  // Few rows: the right matrix is read once, and there is little to do with it.
  w.limit = s.m <= 8 ? Limit::read : productsOf(s.dtype, settings);
  w.traffic = {product->weights[0].second.view};
  w.bytes = bytesOf(w.traffic[0]) - bytesSaved(*w.executable, w.weights);
  w.error = [product](Runner& runner) {
    std::vector<AnyArray> inputs{product->a};
    return product->errorOf(runner.run(viewsOf(inputs))[0].view);
  };
  // Each of the k roundings is at most half a unit of the sum so far; the epilogue adds a few, gelu's slope is below 2.
  w.tolerance = (k + 16) * 0x1p-24;
  if (s.dtype == "f32" && inTf32(settings)) w.tolerance += 2 * tf32Product;
  return w;
}

Subject gemm() { return subject("gemm", "a matrix product and what follows it", GemmShape{}, options, gemmWorkload); }

}  // namespace heed::bench
