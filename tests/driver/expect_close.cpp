#include "expect_close.h"

#include <gtest/gtest.h>

#include <cmath>

namespace heed::test {
namespace {

/// Errors of the finite elements.
struct Spread {
  double most = 0, squares = 0;
  std::int64_t count = 0, at = -1;

  void add(std::int64_t n, double error) {
    if (error > most || std::isnan(error)) most = error, at = n;
    squares += error * error, ++count;
  }
  double mean() const { return count ? std::sqrt(squares / double(count)) : 0; }
};

}  // namespace

void expectClose(const AnyArray& got, const Elements& want, const Elements& naive, double scale,
                 const std::string& what) {
  auto* have = static_cast<const float*>(got.view.data);
  Spread ours, plain;
  for (std::int64_t n = 0; n < got.view.size(); ++n) {
    const double w = want.numbers[std::size_t(n)], p = naive.numbers[std::size_t(n)];
    if (!std::isfinite(w)) {
      ASSERT_TRUE(have[n] == w || (std::isnan(have[n]) && std::isnan(w)))
          << what << ": element " << n << " is " << have[n] << ", the reference " << w;
      continue;
    }
    ours.add(n, std::fabs(have[n] - w));
    if (std::isfinite(p)) plain.add(n, std::fabs(p - w));
  }
  const double least = 8 * 0x1p-23 * scale;
  ASSERT_LE(ours.most, std::fmax(2 * plain.most, least)) << what << ": element " << ours.at << " is " << have[ours.at]
                                                         << ", the reference " << want.numbers[std::size_t(ours.at)];
  ASSERT_LE(ours.mean(), std::fmax(2 * plain.mean(), least)) << what << ": the mean of " << ours.count << " errors";
}

}  // namespace heed::test
