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
  for (auto [type, depth, name] :
       {std::tuple(Narrow::bf16, 16, "bf16.bf16"), std::tuple(Narrow::tf32, 8, "tf32.tf32")}) {
    const std::string step = "k" + std::to_string(depth) + ".";
    EXPECT_EQ(mmaKernel(type).work,
              2. * 16 * 8 * depth * 8 * 512 * occurrences(mmaKernel(type).ptx, "mma.sync.aligned.m16n8" + step));
    EXPECT_EQ(wgmmaKernel(type).work,
              2. * 64 * 256 * depth * 512 *
                  occurrences(wgmmaKernel(type).ptx, "wgmma.mma_async.sync.aligned.m64n256" + step));
    for (const LimitKernel& kernel : {mmaKernel(type), wgmmaKernel(type)}) EXPECT_GT(occurrences(kernel.ptx, name), 0);
  }
  EXPECT_EQ(readKernel().work, 256. * 16 * occurrences(readKernel().ptx, "ld.global.v4"));
  EXPECT_EQ(copyKernel().work, 2. * 256 * 16 * occurrences(copyKernel().ptx, "st.global.v4"));
}

TEST(DeviceLimits, Assemble) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [kernel, chip] :
       {std::pair(fmaKernel(), "sm_90"), std::pair(mmaKernel(), "sm_90"), std::pair(wgmmaKernel(), "sm_90a"),
        std::pair(mmaKernel(Narrow::tf32), "sm_90"), std::pair(wgmmaKernel(Narrow::tf32), "sm_90a"),
        std::pair(readKernel(), "sm_90"), std::pair(copyKernel(), "sm_90")}) {
    Ptxas said = *assemble(kernel.ptx, chip);
    EXPECT_TRUE(said.accepted) << said.said << kernel.ptx;
    EXPECT_EQ(said.clean, 1) << said.said;
  }
}

}  // namespace
}  // namespace heed::bench
