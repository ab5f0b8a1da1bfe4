// heed-bench gemm: one matrix product, timed beside the machine's limit and checked against f64.
#pragma once

#include <cstdint>
#include <string>

#include "heed/driver/compile.h"

namespace heed::bench {

struct GemmShape {
  std::int64_t batch = 1, m = 1024, n = 1024, k = 1024;
  std::string rhs = "kn";         // how the right matrix lies in memory: rows of k x n, or of n x k
  std::string epilogue = "none";  // none, bias, gelu or bias+gelu
  std::string dtype = "f32";
};

struct GemmResult {
  double median_s = 0, p10_s = 0, p90_s = 0, gflops = 0, peak_gflops = 0, fraction_of_peak = 0, compile_ms = 0;
  double max_error = 0;  // relative to the sum of the products' magnitudes
  std::int64_t arena_bytes = 0;
};

/// Throws heed::Error on a shape that makes no sense and on a result that is wrong.
GemmResult gemm(const GemmShape& shape, const Options& options, double seconds);

}  // namespace heed::bench
