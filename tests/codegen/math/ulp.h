// Errors of the expanded functions in units of the last place, measured against f64.
#pragma once

#include <cmath>
#include <functional>
#include <limits>

#include "heed/tests/codegen/jit/compile_text.h"

namespace heed::testing {

struct MathFunction {
  const char* name;
  double (*reference)(double);
  double limit;             // ULP
  double range = INFINITY;  // of |x|
};
inline const MathFunction mathFunctions[] = {
    {"exp", [](double x) { return std::exp(x); }, 1},      {"exp2", [](double x) { return std::exp2(x); }, 1},
    {"tanh", [](double x) { return std::tanh(x); }, 2},    {"erf", [](double x) { return std::erf(x); }, 2},
    {"log", [](double x) { return std::log(x); }, 2},      {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 2},
    {"sin", [](double x) { return std::sin(x); }, 2, 1e5}, {"cos", [](double x) { return std::cos(x); }, 2, 1e5},
    {"floor", [](double x) { return std::floor(x); }, 0},
};

/// y = f(x) over a line of numbers.
inline CompiledText compiledFunction(const char* name, const codegen::Target& target) {
  CompiledText run(std::string(R"(
    func.func @main(%x: memref<?xf32>, %y: memref<?xf32>) {
      linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
          ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
        ^bb0(%a: f32, %old: f32):
          %r = math.)") +
                       name + R"( %a : f32
          linalg.yield %r : f32
      }
      return
    })",
                   target);
  run.threads = 1;
  return run;
}

/// |y - exact| in places of f32 between the powers of two around `exact`; infinite where one is NaN or infinite and the
/// other not.
inline double ulpError(float y, double exact) {
  float nearest = float(exact);
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : INFINITY;
  if (std::isinf(nearest)) {  // an overflow: the largest number is one place away
    if (y == nearest) return 0;
    return std::fabs(y) == std::numeric_limits<float>::max() && !std::isinf(exact) ? 1 : INFINITY;
  }
  if (std::isinf(y)) return std::fabs(nearest) == std::numeric_limits<float>::max() ? 1 : INFINITY;
  double place = exact == 0 ? 0x1p-149 : std::max(std::ldexp(1.0, std::ilogb(exact) - 23), 0x1p-149);
  return std::fabs(y - exact) / place;
}

struct WorstCase {
  double ulp = 0;
  float x = 0, y = 0;
};

/// The largest error over the bit patterns first, first + step, ..; `count` of them.
inline WorstCase worstCase(const MathFunction& f, const CompiledText& run, std::uint64_t first, std::uint64_t step,
                           std::int64_t count) {
  Tensor<float> x({count}), y({count});
  x.each([&](auto& at, float& value) { value = std::bit_cast<float>(std::uint32_t(first + step * at[0])); });
  run(x, y);
  WorstCase worst;
  y.each([&](auto& at, float value) {
    float in = x[at];
    if (std::fabs(in) > f.range && !std::isinf(in)) return;
    double error = ulpError(value, f.reference(in));
    if (error > worst.ulp) worst = {error, in, value};
  });
  return worst;
}

}  // namespace heed::testing
