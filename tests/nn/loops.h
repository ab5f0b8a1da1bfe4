// The loops that several tests of layers share.
//
// Invariant: nothing of heed is used here, so that no mistake is on both sides.
// Read attention_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>

#include "axes.h"

namespace heed::test {

/// softmax of a row; 0 where all of it is -inf.
inline std::vector<double> softmaxOf(std::vector<double> s) {
  double largest = -INFINITY, total = 0;
  for (double x : s) largest = std::max(largest, x);
  for (double& x : s) total += x = std::isinf(x) ? 0 : std::exp(x - largest);
  for (double& x : s) x = total > 0 ? x / total : 0;
  return s;
}

}  // namespace heed::test
