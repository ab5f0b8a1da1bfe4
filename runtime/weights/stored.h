// The element types of the safetensors format, and a tensor of one of them wherever its bytes lie.
//
// Invariant: a Weight's bytes are the row-major elements of its shape, no more and no less, and `memory` keeps them
// alive.
// Read tests/runtime/weights/safetensors_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/runtime/view.h"

namespace heed {

/// One element type of the format. Those without a dtype can be read and saved, but not bound.
struct StoredType {
  std::string_view name;  // as a file spells it, "BF16"
  int bits;
  std::optional<DType> dtype;
};

/// All of them, the narrowest first.
std::span<const StoredType> storedTypes();
/// The type a file spells `name`; null if the format has none.
const StoredType* storedType(std::string_view name);
/// The type elements of `dtype` are stored as.
const StoredType& storedType(DType dtype);
/// The bytes a tensor takes. Empty if they are not a 63-bit number, or if packed elements do not fill the last byte.
std::optional<std::int64_t> storedBytes(const StoredType& type, std::span<const std::int64_t> shape);

/// A tensor as it is stored. data may be aligned to nothing.
struct Weight {
  const StoredType* type = nullptr;
  std::vector<std::int64_t> shape;
  const std::byte* data = nullptr;
  std::int64_t bytes = 0;
  std::shared_ptr<const void> memory;
};

/// "F32[768, 768]".
std::string toString(const Weight& weight);

}  // namespace heed
