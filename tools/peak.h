// The limits of the machine, measured: fused multiply-adds on registers only, and reading memory.
#pragma once

#include <cstdint>
#include <string>

namespace heed::bench {

/// Gflop/s of `threads` threads, with the widest vectors of `isa` (as codegen::Target names it), for about `seconds`.
double fmaPeak(const std::string& isa, int threads, double seconds);

/// The same for products of bf16 that are summed in f32: where `isa` has no instruction for them, of f32.
double bf16Peak(const std::string& isa, int threads, double seconds);

/// GB/s at which `threads` threads read `bytes` bytes, again and again, from wherever they then are.
double readBandwidth(const void* data, std::int64_t bytes, int threads, double seconds);

/// Seconds since some moment: of this thread's processor time for one thread, of the wall clock for several.
double now(int threads);

}  // namespace heed::bench
