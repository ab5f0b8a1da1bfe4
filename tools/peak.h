// The limit of the machine, measured: fused multiply-adds on registers only.
#pragma once

#include <string>

namespace heed::bench {

/// Gflop/s of `threads` threads, with the widest vectors of `isa` ("avx512", "avx2", "baseline"), for about `seconds`.
double fmaPeak(const std::string& isa, int threads, double seconds);

/// Seconds since some moment: of this thread's processor time for one thread, of the wall clock for several.
double now(int threads);

}  // namespace heed::bench
