// When a stored matrix is a parameter of more axes: PyTorch keeps [768, 768] where a formula has [heads 12, depth 64,
// model 768].
//
// Invariant: both have the same elements in the same row-major order, so that the bytes stay where they are.
// Read tests/runtime/weights/shape_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "heed/runtime/signature.h"

namespace heed {

/// The extents of `axes` under which a tensor of `shape` has them: equal dims, or each dim the product of a run of
/// consecutive axes; extents of 1 may be missing on either side. A run may have one symbolic axis, whose extent is what
/// remains. Empty if there are none; of several solutions the one with the shortest runs, from the left.
std::optional<std::vector<std::int64_t>> groupedExtents(std::span<const std::int64_t> shape,
                                                        std::span<const AxisSpec> axes);

}  // namespace heed
