// How much of some memory the system holds for this process.
//
// Invariant: never more than the range has. Of a mapped file, pages that nobody has read do not count.
// Read tests/runtime/resident_test.cpp.
#pragma once

#include <cstdint>

#include "heed/runtime/view.h"

namespace heed {

/// The bytes of `range` in pages that are in this process's memory now; all of them where the system does not tell.
std::int64_t residentBytes(const ByteRange& range);

}  // namespace heed
