// Strided loops over reference tensors. Test: tests/passes/ir/reference_test.cpp.
#include "heed/passes/ir/reference.h"

#include <algorithm>
#include <numeric>

namespace heed::ir {

static int64_t product(llvm::ArrayRef<int64_t> extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t{1}, std::multiplies<>());
}

Reference::Reference(std::vector<std::string> axes, std::vector<int64_t> extents, double fill)
    : axes(std::move(axes)), extents(std::move(extents)), data(product(this->extents), fill) {}

bool Reference::has(llvm::StringRef axis) const { return llvm::is_contained(axes, axis); }

int64_t Reference::extent(llvm::StringRef axis) const {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] == axis) return extents[i];
  return 1;
}

llvm::SmallVector<int64_t> Reference::strides(llvm::ArrayRef<std::string> space) const {
  llvm::SmallVector<int64_t> result(space.size(), 0);
  int64_t stride = 1;
  for (size_t i = axes.size(); i-- > 0; stride *= extents[i])
    for (size_t d = 0; d < space.size(); ++d)
      if (space[d] == axes[i]) result[d] = stride;
  return result;
}

Reference Reference::inOrder(llvm::ArrayRef<std::string> order) const {
  if (order == llvm::ArrayRef(axes)) return *this;
  std::vector<int64_t> sizes;
  for (const std::string& axis : order) sizes.push_back(extent(axis));
  Reference result(order.vec(), sizes);
  forEachRun(result.extents, {result.strides(order), strides(order)},
             [&](const int64_t* at, const int64_t* step, int64_t count) {
               for (int64_t i = 0; i < count; ++i) result.data[at[0] + i * step[0]] = data[at[1] + i * step[1]];
             });
  return result;
}

void forEachRun(llvm::ArrayRef<int64_t> extents, llvm::ArrayRef<llvm::SmallVector<int64_t>> strides,
                llvm::function_ref<void(const int64_t*, const int64_t*, int64_t)> visit) {
  llvm::SmallVector<int64_t> at(strides.size(), 0), step(strides.size(), 0), position(extents.size(), 0);
  if (llvm::is_contained(extents, 0)) return;
  int64_t inner = static_cast<int64_t>(extents.size()) - 1;
  for (size_t t = 0; t < strides.size(); ++t)
    if (inner >= 0) step[t] = strides[t][inner];
  int64_t count = inner >= 0 ? extents[inner] : 1;
  while (true) {
    visit(at.data(), step.data(), count);
    int64_t d = inner - 1;
    for (; d >= 0; --d) {
      for (size_t t = 0; t < strides.size(); ++t) at[t] += strides[t][d];
      if (++position[d] < extents[d]) break;
      for (size_t t = 0; t < strides.size(); ++t) at[t] -= strides[t][d] * extents[d];
      position[d] = 0;
    }
    if (d < 0) return;
  }
}

}  // namespace heed::ir
