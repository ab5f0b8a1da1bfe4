// Which heed makes code: written by cmake/Stamp.cmake, a hash of the sources that do and of how they are built.
//
// Invariant: two programs, wherever they lie, share a stamp if and only if the same heed, built alike, is in them.
// Test: tests/tools/heed_bench.py, test_cache_of_a_copy.
#pragma once

namespace heed {

extern const char* const compilerStamp;

}  // namespace heed
