// From stored elements to the graph's.
//
// Invariant: widening is exact; narrowing rounds to nearest even; equal types are not touched.
// Read tests/runtime/weights/convert_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "heed/runtime/view.h"
#include "heed/runtime/weights/stored.h"

namespace heed {

/// Equal types, or any two of f32, f16 and bf16.
bool converts(const StoredType& from, DType to);

/// The tensor with these extents, as many elements as it has. Shares its memory if the types are equal and the data
/// aligned to an element, else owns a copy. Throws heed::Error in the name of `what` if a BOOL is neither 0 nor 1.
AnyArray toArray(const std::string& what, const Weight& weight, DType dtype, std::span<const std::int64_t> extents);

}  // namespace heed
