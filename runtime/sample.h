// Choosing the next token from a model's logits, and where a text stops.
//
//   const Sampler sample{.temperature = 0.8f, .top_p = 0.95f, .seed = 42};
//   const std::int32_t id = sample(logits, row, step);
//
// Invariant: a choice is a function of the logits, the settings, and (seed, row, step): not of other rows, of the order
// of calls, nor of threads.
// Read tests/runtime/sample_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "heed/runtime/error.h"

namespace heed {

/// A logit that is none, NaN or +inf, or no logit above -inf.
struct NoNumber : Error {
  using Error::Error;
};

struct Sampler {
  /// Logits are divided by it. 0: greedy, the largest logit, and of equal ones the lowest id.
  float temperature = 1;
  /// Only the so many largest logits, of equal ones those of lower ids; 0: all.
  std::int32_t top_k = 0;
  /// Only the fewest most probable tokens whose probabilities sum to this, in (0, 1] (the nucleus, Holtzman et al.,
  /// arXiv:1904.09751); of equal ones the lower ids. The sum is that of what top_k leaves.
  float top_p = 1;
  std::uint64_t seed = 0;

  /// The id chosen from one row of logits, [vocabulary]; -inf forbids a token. Throws heed::Error for settings out of
  /// range, and NoNumber naming the row where a logit is NaN or +inf, or all are -inf.
  std::int32_t operator()(std::span<const float> logits, std::uint64_t row = 0, std::uint64_t step = 0) const;
};

/// The ids before the first one that is a stop.
std::span<const std::int32_t> untilStop(std::span<const std::int32_t> ids, std::span<const std::int32_t> stops);

/// Philox4x32-10: 128 random bits as a function of counter and key (Salmon et al., Parallel Random Numbers: As Easy as
/// 1, 2, 3, SC 2011).
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

}  // namespace heed
