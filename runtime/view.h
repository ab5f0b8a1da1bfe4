// A strided view of somebody's memory, and the owner of memory of our own; element type and rank known at run time.
//
// Invariant: strides count elements; sizes and strides are set for [0, rank) only.
// Read tests/runtime/view_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "heed/dsl/tape.h"
#include "heed/runtime/abi.h"

namespace heed {

/// "f32"; "an unknown type" where a number was made a DType.
std::string_view dtypeName(DType dtype);
/// Bytes of one element. An i1 takes a whole byte that is 0 or 1. Throws heed::Error on an unknown type.
int elementBytes(DType dtype);

struct ArrayView {
  DType dtype{};
  int rank = 0;
  std::int64_t sizes[abi::max_rank]{};
  std::int64_t strides[abi::max_rank]{};
  void* data = nullptr;

  ArrayView() = default;
  /// A row-major view of `data`. Throws heed::Error on a rank above abi::max_rank, a negative or a too large extent.
  ArrayView(DType dtype, void* data, std::span<const std::int64_t> sizes);

  bool empty() const {
    for (int i = 0; i < rank; ++i)
      if (sizes[i] == 0) return true;
    return false;
  }
  /// The number of elements.
  std::int64_t size() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= sizes[i];
    return n;
  }
  /// Row-major without a gap. Strides of extents 0 and 1 do not matter.
  bool contiguous() const;
  std::span<const std::int64_t> extents() const { return {sizes, static_cast<std::size_t>(rank)}; }
};

/// The bytes a row-major array of these extents takes. Throws heed::Error if that is not a 63-bit number.
std::int64_t byteSize(DType dtype, std::span<const std::int64_t> sizes);

/// The lowest and one past the highest byte the elements of `view` touch; equal for an empty view.
struct ByteRange {
  std::uintptr_t begin = 0, end = 0;
  bool overlaps(const ByteRange& other) const { return begin < other.end && other.begin < end; }
};
ByteRange byteRange(const ArrayView& view);

/// Throws heed::Error in the name of `what` unless all elements can be addressed: data is not null, aligned to an
/// element, and strides stay within 63 bits. A view without elements always passes.
void requireReadable(std::string_view what, const ArrayView& view);

/// Copies element by element between two views of the same extents and element type.
void copyElements(const ArrayView& from, const ArrayView& to);

/// `bytes` of memory aligned to 64; contents undefined. Throws heed::Error if there is not as much.
std::shared_ptr<void> alignedMemory(std::int64_t bytes);

/// An array whose type is known at run time only: a view and, if it has one, the owner of its memory.
struct AnyArray {
  ArrayView view;
  std::shared_ptr<void> memory;

  AnyArray() = default;
  AnyArray(ArrayView view, std::shared_ptr<void> memory = {}) : view(view), memory(std::move(memory)) {}
  /// Owning, row-major, contents undefined.
  AnyArray(DType dtype, std::span<const std::int64_t> sizes);
};

}  // namespace heed
