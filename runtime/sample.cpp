// Sampling by inversion: one random number, and the token at which the sum of probabilities passes it.
//
// Invariant: ids are visited in an order that the logits alone decide, and sums are of doubles in that order.
// Read tests/runtime/sample_test.cpp.
#include "heed/runtime/sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace heed {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

void requireSettings(const Sampler& s) {
  if (!(s.temperature >= 0 && s.temperature < infinity))
    throw Error("sample", "temperature is " + std::to_string(s.temperature), "0 or more is required",
                "0 takes the largest logit");
  if (s.top_k < 0)
    throw Error("sample", "top_k is " + std::to_string(s.top_k), "0 or more is required", "0 leaves all tokens");
  if (!(s.top_p > 0 && s.top_p <= 1))
    throw Error("sample", "top_p is " + std::to_string(s.top_p), "more than 0 and at most 1 is required",
                "1 leaves all tokens");
}

/// The place of the first largest logit.
std::size_t requireLogits(std::span<const float> logits, std::uint64_t row) {
  const auto fail = [&](const std::string& given, const std::string& required) {
    throw NoNumber("sample", "row " + std::to_string(row) + " " + given, required,
                   "check the model's input and its weights");
  };
  if (logits.empty() || logits.size() > std::numeric_limits<std::int32_t>::max())
    fail("has " + std::to_string(logits.size()) + " logits", "1 to 2^31 - 1 are required");
  std::size_t largest = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] < infinity))
      fail("has " + std::string(std::isnan(logits[i]) ? "NaN" : "+inf") + " at id " + std::to_string(i),
           "a logit is a number, or -inf");
    if (logits[i] > logits[largest]) largest = i;
  }
  if (logits[largest] == -infinity) fail("has no logit above -inf", "one token at least must be possible");
  return largest;
}

/// Uniform in [0, 1), of 53 bits.
double uniform(const Sampler& s, std::uint64_t row, std::uint64_t step) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const auto bits = philox({low(step), high(step), low(row), high(row)}, {low(s.seed), high(s.seed)});
  return static_cast<double>((std::uint64_t{bits[0]} << 32 | bits[1]) >> 11) * 0x1p-53;
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xd2511f53} * counter[0], b = std::uint64_t{0xcd9e8d57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9e3779b9;
    key[1] += 0xbb67ae85;
  }
  return counter;
}

std::int32_t Sampler::operator()(std::span<const float> logits, std::uint64_t row, std::uint64_t step) const {
  requireSettings(*this);
  const std::size_t largest = requireLogits(logits, row);
  if (temperature == 0 || top_k == 1) return static_cast<std::int32_t>(largest);

  // exp((x - max) / T) stays <= 1, and is 1 for the largest: no sum overflows or is 0.
  std::vector<double> weights(logits.size(), -1);
  const auto weight = [&](std::int32_t id) {
    double& w = weights[id];
    if (w < 0) w = std::exp((static_cast<double>(logits[id]) - logits[largest]) / temperature);
    return w;
  };
  std::vector<std::int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto sum = [&] {
    return std::accumulate(ids.begin(), ids.end(), 0.0, [&](double s, std::int32_t id) { return s + weight(id); });
  };
  const bool some = top_k > 0 && static_cast<std::size_t>(top_k) < ids.size();
  if (some || top_p < 1) {
    // A heap gives the largest one by one: the nucleus of a sharp distribution is a few of very many.
    const auto after = [&](std::int32_t l, std::int32_t r) {
      return logits[l] != logits[r] ? logits[l] < logits[r] : l > r;
    };
    std::make_heap(ids.begin(), ids.end(), after);
    auto end = ids.end();
    const auto pop = [&] {
      std::pop_heap(ids.begin(), end--, after);
      return *end;
    };
    std::vector<std::int32_t> kept;
    if (some) {
      while (kept.size() < static_cast<std::size_t>(top_k)) kept.push_back(pop());
      ids = std::move(kept);
      kept.clear();
    }
    const double most = top_p * sum();
    double mass = 0;
    for (std::size_t i = 0; top_p < 1 && mass < most && i < ids.size(); ++i) {
      kept.push_back(some ? ids[i] : pop());
      mass += weight(kept.back());
    }
    if (top_p < 1) ids = std::move(kept);
  }
  double left = uniform(*this, row, step) * sum();
  std::int32_t last = static_cast<std::int32_t>(largest);
  for (std::int32_t id : ids) {
    const double w = weight(id);
    if (w == 0) continue;
    if (left < w) return id;
    left -= w;
    last = id;
  }
  return last;  // where rounding leaves a little of the sum
}

std::span<const std::int32_t> untilStop(std::span<const std::int32_t> ids, std::span<const std::int32_t> stops) {
  const auto found = std::find_first_of(ids.begin(), ids.end(), stops.begin(), stops.end());
  return ids.first(static_cast<std::size_t>(found - ids.begin()));
}

}  // namespace heed
