// Where a thread stands in a kernel's iteration space: each operand's position in memory, and each dim's index.
#pragma once

#include "heed/codegen/cpu/region.h"
#include "heed/codegen/gpu/thread.h"

namespace heed::codegen::gpu {

struct Place {
  Values position;  // of each operand's view
  Values index;     // of each dim

  Place(llvm::ArrayRef<View> views, size_t dims) : index(dims) {
    for (const View& view : views) position.push_back(view.offset);
  }
  /// The place `by` further along `dim`.
  Place step(Builder& b, llvm::ArrayRef<View> views, int64_t dim, mlir::Value by) const {
    Place next = *this;
    for (auto [at, view] : llvm::zip(next.position, views))
      if (at) at = advance(b, view, at, dim, by);
    next.index[dim] = index[dim] ? add(b, index[dim], by) : by;
    return next;
  }
  Place step(Builder& b, llvm::ArrayRef<View> views, llvm::ArrayRef<int64_t> dims, mlir::ValueRange by) const {
    Place next = *this;
    for (auto [dim, steps] : llvm::zip(dims, by)) next = next.step(b, views, dim, steps);
    return next;
  }
  /// What `region` yields here.
  Values evaluate(Builder& b, mlir::Region& region, mlir::ValueRange arguments) const {
    RegionCloner cloner(b, b.getLoc(), /*lanes=*/0, /*contract=*/false, [&](int64_t dim) {
      return LaneIndex{index[dim], false};
    });
    return cloner.clone(region, arguments);
  }
};

}  // namespace heed::codegen::gpu
