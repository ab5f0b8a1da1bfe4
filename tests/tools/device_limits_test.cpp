// The kernels that measure a GPU's limits: ptxas takes them, nothing leaves the registers, and what they count is
// there.
#include "heed/tools/bench/device_limits.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace heed::bench {
namespace {

int occurrences(const std::string& text, const std::string& of) {
  int count = 0;
  for (std::size_t at = text.find(of); at != text.npos; at = text.find(of, at + 1)) ++count;
  return count;
}

std::string outputOf(const std::string& command, int& status) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c; pipe && (c = std::fgetc(pipe)) != EOF;) text += char(c);
  status = pipe ? pclose(pipe) : -1;
  return text;
}

TEST(DeviceLimits, CountWhatTheyDo) {
  EXPECT_EQ(fmaKernel().work, 2. * 256 * 512 * occurrences(fmaKernel().ptx, "fma.rn"));
  EXPECT_EQ(mmaKernel().work, 2. * 16 * 8 * 16 * 8 * 512 * occurrences(mmaKernel().ptx, "mma.sync.aligned"));
  EXPECT_EQ(wgmmaKernel().work, 2. * 64 * 256 * 16 * 512 * occurrences(wgmmaKernel().ptx, "wgmma.mma_async"));
  EXPECT_EQ(readKernel().work, 256. * 16 * occurrences(readKernel().ptx, "ld.global.v4"));
  EXPECT_EQ(copyKernel().work, 2. * 256 * 16 * occurrences(copyKernel().ptx, "st.global.v4"));
}

TEST(DeviceLimits, Assemble) {
  const char* named = std::getenv("HEED_PTXAS");
  const std::string ptxas = named ? named : "ptxas";
  int status;
  outputOf(ptxas + " --version", status);
  if (status != 0) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  std::string file = ::testing::TempDir() + "heed_limits_" + std::to_string(getpid()) + ".ptx";
  for (auto [kernel, chip] :
       {std::pair(fmaKernel(), "sm_90"), std::pair(mmaKernel(), "sm_90"), std::pair(wgmmaKernel(), "sm_90a"),
        std::pair(readKernel(), "sm_90"), std::pair(copyKernel(), "sm_90")}) {
    std::ofstream(file) << kernel.ptx;
    std::string said = outputOf(ptxas + " -v -arch=" + chip + " " + file + " -o /dev/null", status);
    EXPECT_EQ(status, 0) << said << kernel.ptx;
    EXPECT_NE(said.find("0 bytes spill stores"), said.npos) << said;
    EXPECT_EQ(occurrences(said, "warning") + occurrences(said, "C75"), 0) << said;
  }
  std::remove(file.c_str());
}

}  // namespace
}  // namespace heed::bench
