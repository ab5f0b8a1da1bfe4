// The kernels that measure a GPU's limits: ptxas takes them, nothing leaves the registers, and what they count is
// there.
#include "heed/tools/bench/device_limits.h"

#include <gtest/gtest.h>

#include "../codegen/gpu/ptxas.h"

namespace heed::bench {
namespace {

using heed::testing::assemble;
using heed::testing::Ptxas;

int occurrences(const std::string& text, const std::string& of) {
  int count = 0;
  for (std::size_t at = text.find(of); at != text.npos; at = text.find(of, at + 1)) ++count;
  return count;
}

TEST(DeviceLimits, CountWhatTheyDo) {
  EXPECT_EQ(fmaKernel().work, 2. * 256 * 512 * occurrences(fmaKernel().ptx, "fma.rn"));
  EXPECT_EQ(mmaKernel().work, 2. * 16 * 8 * 16 * 8 * 512 * occurrences(mmaKernel().ptx, "mma.sync.aligned"));
  EXPECT_EQ(wgmmaKernel().work, 2. * 64 * 256 * 16 * 512 * occurrences(wgmmaKernel().ptx, "wgmma.mma_async"));
  EXPECT_EQ(readKernel().work, 256. * 16 * occurrences(readKernel().ptx, "ld.global.v4"));
  EXPECT_EQ(copyKernel().work, 2. * 256 * 16 * occurrences(copyKernel().ptx, "st.global.v4"));
}

TEST(DeviceLimits, Assemble) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [kernel, chip] :
       {std::pair(fmaKernel(), "sm_90"), std::pair(mmaKernel(), "sm_90"), std::pair(wgmmaKernel(), "sm_90a"),
        std::pair(readKernel(), "sm_90"), std::pair(copyKernel(), "sm_90")}) {
    Ptxas said = *assemble(kernel.ptx, chip);
    EXPECT_TRUE(said.accepted) << said.said << kernel.ptx;
    EXPECT_EQ(said.clean, 1) << said.said;
  }
}

}  // namespace
}  // namespace heed::bench
