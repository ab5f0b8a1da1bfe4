// The axes all tests of this room use, and how they read an error.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "heed/runtime/array.h"
#include "heed/tests/said.h"

namespace heed::testing {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 2> {};
struct Depth : axis<"depth", 3> {};

}  // namespace heed::testing
