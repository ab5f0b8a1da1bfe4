// Kernels that do nothing, for a device to start.
#pragma once

#include <initializer_list>

#include "fake_driver.h"
#include "heed/runtime/launches.h"

namespace heed::cuda::test {

inline Launches callOf(std::initializer_list<Launch> kernels) {
  Launches call;
  for (const Launch& kernel : kernels) call.add(kernel);
  return call;
}

/// What a driver was told of a launch.
inline bool operator==(const Launched& a, const Launched& b) {
  return a.kernel == b.kernel && a.blocks == b.blocks && a.threads == b.threads && a.shared == b.shared &&
         a.record == b.record;
}

}  // namespace heed::cuda::test
