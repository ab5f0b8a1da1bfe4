// A device on a driver of our own making, and kernels that do nothing, for it to start.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#include "fake_driver.h"
#include "heed/runtime/cuda/device.h"
#include "heed/runtime/error.h"
#include "heed/runtime/launches.h"
#include "heed/tests/said.h"

namespace heed::cuda::test {

inline const Code ampere{80, false, 71}, hopper{90, false, 80}, hopperOnly{90, true, 80};

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

/// What is odd about `fake` or `table` a test says before it opens the device. At its end all is given back.
class OnFake : public ::testing::Test {
 protected:
  void open(const Code& code) { device = cuda::open(code, table); }
  void close() {
    device.reset();
    EXPECT_TRUE(fake.clean());
  }
  void TearDown() override { close(); }

  Fake fake;
  Driver table = Fake::table();
  std::unique_ptr<Device> device;
};

}  // namespace heed::cuda::test
