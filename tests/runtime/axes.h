// The axes all tests of this room use, and how they read an error.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "heed/runtime/array.h"
#include "heed/runtime/error.h"

namespace heed::testing {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 2> {};
struct Depth : axis<"depth", 3> {};

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
