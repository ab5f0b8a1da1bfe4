// A tensor in f64 with named axes, and the strided loop that all reference evaluation is made of.
//
// Invariant: data is row-major in the order of `axes`. Test: tests/passes/ir/reference_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

namespace heed::ir {

struct Reference {
  std::vector<std::string> axes;
  std::vector<int64_t> extents;
  std::vector<double> data;

  Reference() : data(1, 0.0) {}
  Reference(std::vector<std::string> axes, std::vector<int64_t> extents, double fill = 0);
  explicit Reference(double scalar) : data(1, scalar) {}

  int64_t size() const { return static_cast<int64_t>(data.size()); }
  /// The extent of an axis; 1 when the tensor does not have it.
  int64_t extent(llvm::StringRef axis) const;
  bool has(llvm::StringRef axis) const;
  /// The step in `data` for each axis of `space`; 0 for an axis that the tensor does not have.
  llvm::SmallVector<int64_t> strides(llvm::ArrayRef<std::string> space) const;
  /// The same tensor with its axes in another order.
  Reference inOrder(llvm::ArrayRef<std::string> order) const;
};

/// Visits every point of a space. Each visit is a run of `count` points along the innermost axis: `at[t]` is the
/// offset of tensor t at the first of them, and `step[t]` leads to the next.
void forEachRun(llvm::ArrayRef<int64_t> extents, llvm::ArrayRef<llvm::SmallVector<int64_t>> strides,
                llvm::function_ref<void(const int64_t* at, const int64_t* step, int64_t count)> visit);

}  // namespace heed::ir
