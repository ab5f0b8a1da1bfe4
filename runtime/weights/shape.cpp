// Dims into runs of axes, by trying the shortest run first. A parameter has at most 8 axes: there is little to try.
//
// Invariant: every dim but 1 gets at least one axis.
// Read tests/runtime/weights/shape_test.cpp.
#include "heed/runtime/weights/shape.h"

#include <algorithm>
#include <utility>

namespace heed {
namespace {

using Extents = std::vector<std::int64_t>;

bool equalDims(std::span<const std::int64_t> shape, std::span<const AxisSpec> axes) {
  return std::equal(shape.begin(), shape.end(), axes.begin(), axes.end(),
                    [](std::int64_t n, const AxisSpec& axis) { return axis.extent < 0 || axis.extent == n; });
}

/// Solves axes[first..last] for one dim; false if their product cannot be `dim`.
bool solveRun(std::int64_t dim, std::span<const AxisSpec> axes, std::size_t first, std::size_t last, Extents& extents) {
  std::int64_t fixed = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = first; i <= last; ++i) {
    extents[i] = axes[i].extent;
    if (axes[i].extent < 0 && std::exchange(open, i)) return false;
    if (axes[i].extent >= 0 && __builtin_mul_overflow(fixed, axes[i].extent, &fixed)) return false;
  }
  if (!open) return fixed == dim;
  if (fixed == 0 || dim % fixed) return false;
  extents[*open] = dim / fixed;
  return true;
}

bool solveFrom(std::span<const std::int64_t> dims, std::span<const AxisSpec> axes, std::size_t first,
               Extents& extents) {
  if (dims.empty()) return first == axes.size();
  for (std::size_t last = first; last < axes.size(); ++last)
    if (solveRun(dims[0], axes, first, last, extents) && solveFrom(dims.subspan(1), axes, last + 1, extents))
      return true;
  return false;
}

}  // namespace

std::optional<Extents> groupedExtents(std::span<const std::int64_t> shape, std::span<const AxisSpec> axes) {
  if (equalDims(shape, axes)) return Extents(shape.begin(), shape.end());
  Extents dims, extents(axes.size());
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(dims), [](std::int64_t n) { return n != 1; });
  if (dims.empty()) {
    dims.push_back(1);
    if (axes.empty()) return extents;
  }
  if (dims.size() > axes.size() || !solveFrom(dims, axes, 0, extents)) return {};
  return extents;
}

}  // namespace heed
