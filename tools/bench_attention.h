// heed-bench attention: one attention shape, timed beside the machine's limit and checked against f64.
#pragma once

#include <cstdint>
#include <string>

#include "heed/driver/compile.h"

namespace heed::bench {

struct AttentionShape {
  std::int64_t batch = 1, heads = 1, kv_heads = 0, seq = 1024, kv_seq = 0, depth = 64;  // 0: as the query's
  std::string mask = "none";  // none, causal, window:W, padding, alibi, document
  std::string dtype = "f32";
};

struct AttentionResult {
  double median_s = 0, gflops = 0, peak_gflops = 0, fraction_of_peak = 0, compile_ms = 0, max_error = 0;
  std::int64_t arena_bytes = 0;
};

/// Throws heed::Error on a shape or mask that makes no sense.
AttentionResult attention(AttentionShape& shape, const Options& options, double seconds);

}  // namespace heed::bench
