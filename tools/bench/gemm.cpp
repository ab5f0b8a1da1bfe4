// gemm: a matrix product and what follows it. The right matrix is a weight, as in every model: packed by the first
// call.
#include <algorithm>
#include <cmath>
#include <map>

#include "arrays.h"
#include "epilogue.h"
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
  flags.list("--epilogue", s.epilogue, followerNames(),
             "what follows, in this order (gate: times another product of the left matrix; residual: plus a matrix)");
  flags.choice("--dtype", s.dtype, {"f32", "bf16", "f16"}, "of the matrices and the result");
}

bool has(const GemmShape& s, const std::string& word) { return std::ranges::count(wordsOf(s.epilogue), word) > 0; }

struct Product {
  GemmShape s;
  DType dtype;
  Sketch sketch;
  Sketch::Axes outer;  // the batch, where there is one: one product is as in every model
  std::vector<std::int64_t> outer_sizes;
  std::vector<AnyArray> inputs;              // a, then the residual
  std::vector<NamedArray> weights;           // b, then the bias, then the gate's
  std::map<std::string, ArrayView> factors;  // weights as products read them
  std::vector<AnyArray> rounded;

  explicit Product(const GemmShape& shape) : s(shape), dtype(dtypeOf(shape.dtype)) {
    auto m = sketch.axis("row"), n = sketch.axis("column"), k = sketch.axis("depth");
    if (s.batch > 1) outer = {sketch.axis("batch")}, outer_sizes = {s.batch};
    const bool kn = s.rhs == "kn";
    auto right = [&](const char* name) {
      return kn ? weight(name, {k, n}, {s.k, s.n}) : weight(name, {n, k}, {s.n, s.k});
    };
    Tensor left = input("a", {m, k}, {s.m, s.k});
    std::map<std::string, Tensor> operands;
    if (has(s, "residual")) operands["residual"] = input("residual", {m, n}, {s.m, s.n});
    Tensor b = right("b");
    if (has(s, "bias")) operands["bias"] = weight("bias", {n}, {s.n});
    if (has(s, "gate")) operands["gate"] = sketch.over("contract", {left, right("gate")}, {k});
    Tensor x = sketch.over("contract", {left, b}, {k});
    for (const Follower& follower : followersOf(s.epilogue)) x = follower.graph(sketch, x, operands[follower.name]);
    sketch.results({x});
  }

  Tensor input(const char* name, Sketch::Axes axes, std::vector<std::int64_t> sizes) {
    addOuter(axes, sizes);
    inputs.push_back(normal(dtype, sizes, inputs.empty() ? 1 : 5));
    return sketch.input(name, dtype, std::move(axes));
  }
  Tensor weight(const char* name, Sketch::Axes axes, std::vector<std::int64_t> sizes) {
    if (axes.size() > 1) addOuter(axes, sizes);
    weights.emplace_back(name, normal(dtype, sizes, weights.size() + 2));
    factors[name] = weights.back().second.view;
    return sketch.parameter(name, dtype, std::move(axes));
  }
  void addOuter(Sketch::Axes& axes, std::vector<std::int64_t>& sizes) const {
    axes.insert(axes.begin(), outer.begin(), outer.end());
    sizes.insert(sizes.begin(), outer_sizes.begin(), outer_sizes.end());
  }
  std::vector<ArrayView> matrices() const {
    std::vector<ArrayView> all;
    for (const auto& [name, array] : weights)
      if (name != "bias") all.push_back(array.view);
    return all;
  }

  void round(const Executable& executable) {
    roundWeights(weights, executable.signature, executable.rounded);
    for (const RoundedWeight& as : executable.rounded) {
      ArrayView& factor = factors[executable.signature.parameters[std::size_t(as.parameter)].name];
      factor = rounded.emplace_back(asMultiplied(factor, as)).view;
    }
  }

  /// An element of the product with b or with the gate's weight.
  Exact product(const std::string& name, std::int64_t batch, std::int64_t i, std::int64_t j) const {
    const ArrayView &left = inputs[0].view, &right = factors.at(name);
    Exact sum;
    for (std::int64_t k = 0; k < s.k; ++k) {
      const std::int64_t at = s.rhs == "kn" ? (batch * s.k + k) * s.n + j : (batch * s.n + j) * s.k + k;
      const double term = get(left, (batch * s.m + i) * s.k + k) * get(right, at);
      sum.value += term, sum.size += std::fabs(term);
    }
    return sum;
  }

  /// The largest error of some elements of `out` against f64; each relative to the magnitudes that were summed for it,
  /// less what rounding to the result's type takes.
  Deviation errorOf(const ArrayView& out) const {
    const std::vector<Follower> followers = followersOf(s.epilogue);
    const std::int64_t elements = out.size(), step = std::max<std::int64_t>(elements / 5003, 1);
    Deviation worst;
    for (std::int64_t e = 0; e < elements; e += step) {
      const std::int64_t j = e % s.n, i = e / s.n % s.m, batch = e / s.n / s.m;
      Exact x = product("b", batch, i, j);
      for (const Follower& follower : followers) {
        const std::string name = follower.name;
        Exact operand;
        if (name == "gate") operand = product(name, batch, i, j);
        if (name == "bias") operand.value = get(factors.at(name), j);
        if (name == "residual") operand.value = get(inputs[1].view, e);
        follower.exact(x, operand, dtype);
      }
      const double rounding = x.stored + roundingOf(dtype) * std::fabs(x.value);
      worst.meet(std::max(0., std::fabs(x.value - get(out, e)) - rounding) / x.size, e);
    }
    return worst;
  }
};

}  // namespace

Workload gemmWorkload(const GemmShape& s, const Settings& settings) {
  const double m = double(s.m), n = double(s.n), k = double(s.k), batch = double(s.batch);
  const double products = has(s, "gate") ? 2 : 1, results = has(s, "residual") ? 2 : 1;
  // A right matrix is there once more, packed.
  requireMemory("heed-bench gemm",
                (s.dtype == "f32" ? 4 : 2) * batch * (m * k + products * 2 * k * n + results * m * n));
  auto product = std::make_shared<Product>(s);
  Workload w;
  w.name = "gemm";
  w.shape = Fields{{"dtype", s.dtype}, {"batch", s.batch},      {"m", s.m}, {"n", s.n}, {"k", s.k},
                   {"rhs", s.rhs},     {"epilogue", s.epilogue}};
  w.executable = compile(product->sketch.view(), settings.options);
  product->round(*w.executable);
  w.inputs = product->inputs;
  w.weights = product->weights;
  w.flops = 2 * products * batch * m * n * k;
  // Few rows: the right matrix is read once, and there is little to do with it.
  w.limit = s.m <= 8 ? Limit::read : productsOf(s.dtype, settings);
  w.traffic = product->matrices();
  for (const ArrayView& matrix : w.traffic) w.bytes += bytesOf(matrix);
  w.bytes -= bytesSaved(*w.executable, w.weights);
  w.error = [product](Runner& runner) { return product->errorOf(runner.run(viewsOf(product->inputs))[0].view); };
  // Each of the k roundings is at most half a unit of the sum so far; the epilogue adds a few.
  w.tolerance = (k + 16) * 0x1p-24;
  if (s.dtype == "f32" && inTf32(settings)) w.tolerance += 2 * tf32Product;
  return w;
}

Subject gemm() { return subject("gemm", "a matrix product and what follows it", GemmShape{}, options, gemmWorkload); }

}  // namespace heed::bench
