// Counts what goes through operator new, in all threads of the test program.
#pragma once

#include <cstdint>

namespace heed::testing {

/// Calls of operator new so far.
std::int64_t allocations();

}  // namespace heed::testing
