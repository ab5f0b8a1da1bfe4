// What a bundle says of itself is read as it was written, and nothing else is. The rest: tests/driver/bundle_test.cpp.
#include <gtest/gtest.h>

#include "heed/runtime/bundle_about.h"
#include "heed/runtime/error.h"

namespace heed::testing {
namespace {

std::string errorOf(const std::string& text) {
  try {
    BundleAbout::read("file", text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Bundle, WhatItSaysOfItselfIsReadAsItWasWritten) {
  BundleAbout about;
  about.target = "cuda:sm_90a", about.device = {90, true, 80}, about.kernels = 3, about.explanation = "a: b\n";
  about.signature.inputs = {{"x y", DType::bf16, {{"batch", "B", -1}, {"depth", "depth", 64}}}};
  about.signature.inputs.push_back({"ids", DType::i32, {}, {{"wte", {"vocab", "V", -1}}, {"b", {"rows", "rows", 7}}}});
  about.signature.states = {{{"cache", DType::f32, {}}, "seq", 0}};
  const std::string text = about.write();
  BundleAbout read = BundleAbout::read("file", text);
  EXPECT_EQ(read.signature, about.signature);
  EXPECT_EQ(read.write(), text);
  EXPECT_TRUE(read.device.exact);
  for (std::size_t size = 0; size + 1 < text.size(); ++size)
    EXPECT_NE(errorOf(text.substr(0, size)), "no error") << size;
  EXPECT_NE(errorOf("13:heed bundle 9 ").find("is of version"), std::string::npos);
}

}  // namespace
}  // namespace heed::testing
