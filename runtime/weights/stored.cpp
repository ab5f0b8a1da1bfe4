// The table of element types.
//
// Invariant: sizes are counted in bits, checked before they are multiplied; an extent of 0 hides no overflow.
// Read tests/runtime/weights/safetensors_test.cpp.
#include "heed/runtime/weights/stored.h"

#include <algorithm>

namespace heed {
namespace {

constexpr StoredType types[] = {
    {"F4", 4, {}},           {"F6_E2M3", 6, {}},     {"F6_E3M2", 6, {}}, {"BOOL", 8, DType::i1},
    {"F8_E4M3", 8, {}},      {"F8_E4M3FNUZ", 8, {}}, {"F8_E5M2", 8, {}}, {"F8_E5M2FNUZ", 8, {}},
    {"F8_E8M0", 8, {}},      {"I8", 8, {}},          {"U8", 8, {}},      {"BF16", 16, DType::bf16},
    {"F16", 16, DType::f16}, {"I16", 16, {}},        {"U16", 16, {}},    {"F32", 32, DType::f32},
    {"I32", 32, DType::i32}, {"U32", 32, {}},        {"C64", 64, {}},    {"F64", 64, {}},
    {"I64", 64, {}},         {"U64", 64, {}},
};

}  // namespace

std::span<const StoredType> storedTypes() { return types; }

const StoredType* storedType(std::string_view name) {
  const auto found = std::find_if(std::begin(types), std::end(types), [&](auto& type) { return type.name == name; });
  return found == std::end(types) ? nullptr : found;
}

const StoredType& storedType(DType dtype) {
  return *std::find_if(std::begin(types), std::end(types), [&](auto& type) { return type.dtype == dtype; });
}

std::optional<std::int64_t> storedBytes(const StoredType& type, std::span<const std::int64_t> shape) {
  std::int64_t bits = type.bits;
  bool empty = false;
  for (std::int64_t n : shape) {
    empty |= n == 0;
    if (n < 0 || __builtin_mul_overflow(bits, n == 0 ? 1 : n, &bits)) return {};
  }
  if (empty) return 0;
  if (bits % 8) return {};
  return bits / 8;
}

std::string toString(const Weight& weight) {
  std::string text(weight.type->name);
  text += "[";
  for (std::int64_t n : weight.shape) text += (text.back() == '[' ? "" : ", ") + std::to_string(n);
  return text + "]";
}

}  // namespace heed
