// Extents, strides and bytes, counted in 64 bits and checked.
//
// Invariant: no product of extents is formed before it is known to fit.
// Read tests/runtime/view_test.cpp.
#include "heed/runtime/view.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "heed/runtime/error.h"
#include "heed/runtime/memory.h"

namespace heed {
namespace {

constexpr std::size_t alignment = 64;
// Eight axes of this reach, four bytes each, still add up within 63 bits.
constexpr std::int64_t farthest = INT64_MAX >> 8;

void copyAxis(const ArrayView& from, const ArrayView& to, int axis, const std::byte* source, std::byte* target,
              int width) {
  if (axis == from.rank) {
    std::memcpy(target, source, width);
    return;
  }
  const std::int64_t n = from.sizes[axis], in = from.strides[axis] * width, out = to.strides[axis] * width;
  if (axis == from.rank - 1 && in == width && out == width) {
    std::memcpy(target, source, n * width);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) copyAxis(from, to, axis + 1, source + i * in, target + i * out, width);
}

}  // namespace

std::string_view dtypeName(DType dtype) {
  static constexpr std::string_view names[] = {"i1", "i32", "f16", "bf16", "f32"};
  const auto at = static_cast<std::size_t>(dtype);
  return at < std::size(names) ? names[at] : "an unknown type";
}

int elementBytes(DType dtype) {
  static constexpr int widths[] = {1, 4, 2, 2, 4};
  const auto at = static_cast<std::size_t>(dtype);
  if (at >= std::size(widths))
    throw Error("array", "DType(" + std::to_string(at) + ") for its elements", "i1, i32, f16, bf16 or f32 is required",
                "take one of DType's names");
  return widths[at];
}

ArrayView::ArrayView(DType dtype, void* data, std::span<const std::int64_t> extents)
    : dtype(dtype), rank(static_cast<int>(extents.size())), data(data) {
  if (extents.size() > static_cast<std::size_t>(abi::max_rank))
    throw Error("array", "it has " + std::to_string(extents.size()) + " axes",
                "at most " + std::to_string(abi::max_rank) + " are possible", "merge some of them");
  byteSize(dtype, extents);
  std::int64_t stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    sizes[i] = extents[i];
    strides[i] = stride;
    stride *= extents[i] > 0 ? extents[i] : 1;
  }
}

bool ArrayView::contiguous() const {
  if (empty()) return true;
  std::int64_t stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    if (sizes[i] != 1 && strides[i] != stride) return false;
    stride *= sizes[i];
  }
  return true;
}

std::int64_t byteSize(DType dtype, std::span<const std::int64_t> sizes) {
  // Zero extents count as one here, so that strides fit as well.
  std::int64_t total = elementBytes(dtype);
  bool empty = false;
  for (std::int64_t n : sizes) {
    if (n < 0)
      throw Error("array", "an axis has extent " + std::to_string(n), "extents are 0 or more", "look for an overflow");
    empty |= n == 0;
    if (__builtin_mul_overflow(total, n == 0 ? 1 : n, &total)) {
      std::string product;
      for (std::int64_t m : sizes) product += (product.empty() ? "" : " x ") + std::to_string(m);
      throw Error("array", product + " elements of " + std::string(dtypeName(dtype)), "the bytes must fit 63 bits",
                  "check the extents");
    }
  }
  return empty ? 0 : total;
}

ByteRange byteRange(const ArrayView& view) {
  const auto base = reinterpret_cast<std::uintptr_t>(view.data);
  if (view.empty()) return {base, base};
  const int width = elementBytes(view.dtype);
  ByteRange range{base, base + width};
  for (int i = 0; i < view.rank; ++i) {
    const std::int64_t reach = (view.sizes[i] - 1) * view.strides[i] * width;
    (reach < 0 ? range.begin : range.end) += reach;
  }
  return range;
}

void requireReadable(std::string_view what, const ArrayView& view) {
  if (view.empty()) return;
  if (!view.data)
    throw Error(std::string(what), "null data for " + std::to_string(view.size()) + " elements",
                "only an array without elements may have none", "give it memory");
  const int width = elementBytes(view.dtype);
  if (reinterpret_cast<std::uintptr_t>(view.data) % width)
    throw Error(std::string(what), "data is not aligned to its elements",
                std::string(dtypeName(view.dtype)) + " needs an address divisible by " + std::to_string(width),
                "copy it to aligned memory");
  for (int i = 0; i < view.rank; ++i) {
    std::int64_t reach;
    if (__builtin_mul_overflow(view.sizes[i] - 1, view.strides[i], &reach) || reach > farthest || reach < -farthest)
      throw Error(std::string(what),
                  "stride " + std::to_string(view.strides[i]) + " on axis number " + std::to_string(i),
                  "all elements must lie in one address space", "check the strides; they count elements");
  }
}

void copyElements(const ArrayView& from, const ArrayView& to) {
  if (from.empty()) return;
  copyAxis(from, to, 0, static_cast<const std::byte*>(from.data), static_cast<std::byte*>(to.data),
           elementBytes(from.dtype));
}

std::shared_ptr<void> alignedMemory(std::int64_t size) {
  void* memory = reserve(std::max<std::int64_t>(size, 1), alignment);
  if (!memory)
    throw Error("memory", std::to_string(size) + " bytes were wanted", "the system must have as much",
                "use smaller extents");
  return {memory, std::free};
}

AnyArray::AnyArray(DType dtype, std::span<const std::int64_t> sizes)
    : view(dtype, nullptr, sizes), memory(alignedMemory(byteSize(dtype, sizes))) {
  view.data = memory.get();
}

}  // namespace heed
