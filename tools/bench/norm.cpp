// norm: LayerNorm or RMSNorm of rows, against copying them.
#include <algorithm>
#include <cmath>

#include "arrays.h"
#include "heed/driver/sketch.h"
#include "workload.h"

namespace heed::bench {
namespace {

using Tensor = Sketch::Tensor;

struct NormShape {
  std::int64_t rows = 4096, columns = 768;
  std::string kind = "layer";
};

void options(NormShape& s, Flags& flags) {
  flags.number("--rows", s.rows, "rows");
  flags.number("--columns", s.columns, "numbers per row, which one norm is of");
  flags.choice("--kind", s.kind, {"layer", "rms"}, "of the norm");
}

/// The formulas of dsl/nn/norm.h, for a row whose length is known at run time only.
void write(Sketch& sketch, const NormShape& s) {
  auto row = sketch.axis("row"), column = sketch.axis("column", s.columns);
  Tensor x = sketch.input("x", DType::f32, {row, column}), weight = sketch.input("weight", DType::f32, {column});
  auto op = [&](const char* name, Tensor a, Tensor b) { return sketch.pointwise(name, {a, b}); };
  auto mean = [&](Tensor t) { return sketch.over("mean", {t}, {column}); };
  bool layer = s.kind == "layer";
  Tensor centred = layer ? op("sub", x, mean(x)) : x;
  Tensor size = op("add", mean(op("mul", centred, centred)), sketch.number(1e-5));
  Tensor y = op("mul", op("mul", centred, sketch.pointwise("rsqrt", {size})), weight);
  sketch.results({layer ? op("add", y, sketch.input("bias", DType::f32, {column})) : y});
}

Deviation errorOf(const NormShape& s, const std::vector<AnyArray>& inputs, const ArrayView& out) {
  const ArrayView& x = inputs[0].view;
  bool layer = s.kind == "layer";
  Deviation worst;
  double largest = 0, n = double(s.columns);
  for (std::int64_t r = 0, step = std::max<std::int64_t>(s.rows / 997, 1); r < s.rows; r += step) {
    double mean = 0, square = 0;
    for (std::int64_t c = 0; layer && c < s.columns; ++c) mean += get(x, r * s.columns + c) / n;
    for (std::int64_t c = 0; c < s.columns; ++c) square += std::pow(get(x, r * s.columns + c) - mean, 2) / n;
    for (std::int64_t c = 0; c < s.columns; ++c) {
      double y = (get(x, r * s.columns + c) - mean) / std::sqrt(square + 1e-5) * get(inputs[1].view, c);
      if (layer) y += get(inputs[2].view, c);
      double error = std::fabs(y - get(out, r * s.columns + c));
      worst.meet(error, r * s.columns + c);
      largest = std::max(largest, std::fabs(y));
    }
  }
  worst.size /= std::max(largest, 1e-30);
  return worst;
}

Workload make(const NormShape& s, const Settings& settings) {
  requireMemory("heed-bench norm", 12 * double(s.rows) * double(s.columns));
  Sketch sketch;
  write(sketch, s);
  Workload w;
  w.name = "norm";
  w.shape = Fields{{"dtype", "f32"}, {"kind", s.kind}, {"rows", s.rows}, {"columns", s.columns}};
  w.executable = compile(sketch.view(), settings.options);
  w.inputs = {normal(DType::f32, {s.rows, s.columns}, 1), normal(DType::f32, {s.columns}, 2)};
  if (s.kind == "layer") w.inputs.push_back(normal(DType::f32, {s.columns}, 3));
  w.limit = Limit::copy;
  w.traffic = {w.inputs[0].view};
  w.bytes = 2 * bytesOf(w.traffic[0]);
  w.flops = double(s.rows) * double(s.columns) * (s.kind == "layer" ? 7 : 4);
  w.error = [s, inputs = w.inputs](Runner& runner) { return errorOf(s, inputs, runner.run(viewsOf(inputs))[0].view); };
  w.tolerance = 1e-5;
  return w;
}

}  // namespace

Subject norm() {
  return subject("norm", "LayerNorm or RMSNorm of rows, against copying them", NormShape{}, options, make);
}

}  // namespace heed::bench
