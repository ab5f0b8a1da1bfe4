// What an error says, for tests of messages.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "heed/runtime/error.h"

namespace heed::testing {

/// The message of the heed::Error that `f` throws; empty if it throws none.
template <class F>
std::string errorOf(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace heed::testing

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)
