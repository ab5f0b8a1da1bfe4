#include "heed/runtime/processor.h"

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(Processor, RunsTheBaselineAndNothingUnknown) {
  EXPECT_TRUE(processorRuns("cpu:baseline"));
  for (const char* name : {"", "cpu", "baseline", "cpu:avx", "cuda:sm_80"}) EXPECT_FALSE(processorRuns(name)) << name;
}

TEST(Processor, WhoHasAnInstructionSetHasTheSmallerOnes) {
  bool larger = false;
  for (const char* name : {"cpu:amx", "cpu:avx512bf16", "cpu:avx512", "cpu:avx2", "cpu:baseline"}) {
    EXPECT_TRUE(processorRuns(name) || !larger) << name;
    larger |= processorRuns(name);
  }
}

}  // namespace
}  // namespace heed
