// The loops of conversion, one per pair of types.
//
// Invariant: elements are read as bytes, since the format aligns nothing.
// Read tests/runtime/weights/convert_test.cpp.
#include "heed/runtime/weights/convert.h"

#include <algorithm>
#include <cstring>

#include "heed/runtime/element.h"
#include "heed/runtime/error.h"

namespace heed {
namespace {

bool isFloat(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

template <class From, class To>
void convertAll(const std::byte* from, void* to, std::int64_t count) {
  auto* target = static_cast<To*>(to);
  for (std::int64_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, from + i * sizeof(From), sizeof(From));
    target[i] = To(static_cast<float>(value));
  }
}

template <class From>
void convertFrom(const std::byte* from, DType dtype, void* to, std::int64_t count) {
  if (dtype == DType::f32) convertAll<From, float>(from, to, count);
  if (dtype == DType::f16) convertAll<From, float16>(from, to, count);
  if (dtype == DType::bf16) convertAll<From, bfloat16>(from, to, count);
}

void requireBools(const std::string& what, const Weight& weight) {
  const auto wrong =
      std::find_if(weight.data, weight.data + weight.bytes, [](std::byte b) { return b > std::byte{1}; });
  if (wrong != weight.data + weight.bytes)
    throw Error(what, "element " + std::to_string(wrong - weight.data) + " is " + std::to_string(int(*wrong)),
                "a BOOL is 0 or 1", "save it again as booleans");
}

}  // namespace

bool converts(const StoredType& from, DType to) {
  return from.dtype && (*from.dtype == to || (isFloat(*from.dtype) && isFloat(to)));
}

AnyArray toArray(const std::string& what, const Weight& weight, DType dtype, std::span<const std::int64_t> extents) {
  if (dtype == DType::i1) requireBools(what, weight);
  const auto address = reinterpret_cast<std::uintptr_t>(weight.data);
  if (weight.type->dtype == dtype && address % elementBytes(dtype) == 0) {
    // Arrays know no const memory below their type; who reads weights gets Array<const D, ...> or a bound parameter.
    auto* data = const_cast<std::byte*>(weight.data);
    return {ArrayView(dtype, data, extents), std::const_pointer_cast<void>(weight.memory)};
  }
  AnyArray array(dtype, extents);
  const std::int64_t count = array.view.size();
  if (count == 0) return array;
  if (weight.type->dtype == dtype)
    std::memcpy(array.view.data, weight.data, weight.bytes);
  else if (weight.type->dtype == DType::f32)
    convertFrom<float>(weight.data, dtype, array.view.data, count);
  else if (weight.type->dtype == DType::f16)
    convertFrom<float16>(weight.data, dtype, array.view.data, count);
  else
    convertFrom<bfloat16>(weight.data, dtype, array.view.data, count);
  return array;
}

}  // namespace heed
