// Seals: whole is whole, and nothing else is. What uses them: tests/driver/bundle_test.cpp, cache_test.cpp.
#include "heed/runtime/seal.h"

#include <gtest/gtest.h>

namespace heed::testing {
namespace {

TEST(Seal, IsThePublishedChecksum) { EXPECT_EQ(crc64("123456789"), 0x995dc9bbdf1939fau); }

TEST(Seal, WhatIsWholeIsGivenBack) {
  for (std::string bytes : {std::string(), std::string("a"), std::string("\0b\xff", 3)})
    EXPECT_EQ(unsealed(bytes + sealOf(bytes)), bytes);
  EXPECT_EQ(unsealed(""), std::nullopt);
}

TEST(Seal, CutsAndFlippedBitsAreSeen) {
  std::string whole;
  for (int i = 0; i < 300; ++i) whole += char(i * 37 % 251);
  whole += sealOf(whole);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    EXPECT_FALSE(unsealed(whole.substr(0, at))) << at;
    EXPECT_FALSE(unsealed(whole.substr(at + 1))) << at;
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = whole;
      broken[at] ^= char(1 << bit);
      EXPECT_FALSE(unsealed(broken)) << at << " " << bit;
    }
  }
  EXPECT_FALSE(unsealed(whole + '\0'));
}

}  // namespace
}  // namespace heed::testing
