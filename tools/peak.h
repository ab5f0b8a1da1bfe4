// The limits of the machine, measured: fused multiply-adds on registers only, and reading memory.
#pragma once

#include <cstdint>
#include <string>

namespace heed::bench {

/// Gflop/s of `threads` threads, with the widest vectors of `isa` (as codegen::Target names it), for about `seconds`.
double fmaPeak(const std::string& isa, int threads, double seconds);

/// The same for a register tile of 3 vectors by 8 numbers that are read from the first-level cache each round: some
/// CPUs lower their clock for such work, and no product runs faster. 0 where `isa` has no vectors of 16.
double tilePeak(const std::string& isa, int threads, double seconds);

/// The same as fmaPeak for products of bf16 that are summed in f32: by the instruction for them where `isa` has one and
/// it is faster than converting and multiplying as f32, which it is not on every CPU.
double bf16Peak(const std::string& isa, int threads, double seconds);

/// The same for a register tile of 2 by 2 matrix registers; 0 where `isa` has none.
double bf16TilePeak(const std::string& isa, int threads, double seconds);

/// GB/s at which `threads` threads read `bytes` bytes, again and again, from wherever they then are.
double readBandwidth(const void* data, std::int64_t bytes, int threads, double seconds);

/// The same for copying `bytes` bytes from one place to another, each byte counted twice: read and written.
double copyBandwidth(const void* from, void* to, std::int64_t bytes, int threads, double seconds);

/// Seconds since some moment: of this thread's processor time for one thread, of the wall clock for several.
double now(int threads);

}  // namespace heed::bench
