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

TEST(Processor, WhatFollowsAnInstructionSetIsNoMatterOfTheCpus) {
  for (const char* name : {"cpu:avx512", "cpu:baseline"})
    for (const char* word : {"+int8", "+tiles=0102", "+int4+tiles=0102"})
      EXPECT_EQ(processorRuns(name), processorRuns(name + std::string(word))) << name << word;
}

TEST(Processor, HasOneName) {
  EXPECT_EQ(processorName(), processorName());
  for (char c : processorName()) EXPECT_TRUE(c >= ' ' && c <= '~');
}

}  // namespace
}  // namespace heed
