// Arrays of random numbers, and whether there is memory for them.
//
// Invariant: the same seed gives the same numbers everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/runtime/bind.h"
#include "heed/runtime/view.h"

namespace heed::bench {

/// f32, bf16 or f16.
DType dtypeOf(const std::string& name);
/// The step from 1 to the next number of this type.
double epsilonOf(DType dtype);
/// What storing a number that sums in f32 gave moves it by at most, relative; of f32 nothing.
double roundingOf(DType dtype);
/// The number of this type next to x.
double asStored(DType dtype, double x);

double get(const ArrayView& view, std::int64_t at);
void put(const ArrayView& view, std::int64_t at, double x);

/// Mean 0, standard deviation 1, not beyond 3.5: sums of four uniform numbers.
void fillNormal(const ArrayView& view, std::uint64_t seed, double scale = 1, double offset = 0);
AnyArray normal(DType dtype, const std::vector<std::int64_t>& sizes, std::uint64_t seed, double scale = 1);
AnyArray whole(std::span<const std::int32_t> values, const std::vector<std::int64_t>& sizes);

std::vector<ArrayView> viewsOf(std::span<const AnyArray> arrays);
double bytesOf(const ArrayView& view);

/// Throws heed::Error in the name of `what`, unless this machine has memory for so many bytes more. A double, for
/// extents are a user's and their product may be beyond all integers.
void requireMemory(const std::string& what, double bytes);

}  // namespace heed::bench
