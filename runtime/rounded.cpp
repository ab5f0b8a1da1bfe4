#include "heed/runtime/rounded.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "heed/runtime/element.h"
#include "heed/runtime/error.h"

namespace heed {
namespace {

constexpr std::int64_t group = 32;

/// As codegen/cpu/loops/contract_rounded.cpp does it.
template <class Element>
void round(std::array<Element*, group>& numbers, std::int64_t count, int bits) {
  const float most = bits == 8 ? 127 : 7;
  float largest = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    const float size = std::fabs(float(*numbers[n]));
    if (!(size <= largest)) largest = size;
    if (std::isnan(size)) break;
  }
  const float scale = bfloat16(largest / most);
  for (std::int64_t n = 0; n < count; ++n) {
    const float integer = std::nearbyint(std::fmax(std::fmin(float(*numbers[n]) / scale, most), -most));
    *numbers[n] = integer * scale;
  }
}

template <class Element>
void roundAll(const ArrayView& view, const RoundedWeight& as) {
  std::vector<int> outer;
  for (int axis = 0; axis < view.rank; ++axis)
    if (std::ranges::find(as.axes, axis) == as.axes.end()) outer.push_back(axis);
  // A point of these axes, numbered with the last one fastest.
  auto offset = [&](const std::vector<int>& axes, std::int64_t number) {
    std::int64_t at = 0;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      at += number % view.sizes[*axis] * view.strides[*axis];
      number /= view.sizes[*axis];
    }
    return at;
  };
  auto count = [&](const std::vector<int>& axes) {
    std::int64_t all = 1;
    for (int axis : axes) all *= view.sizes[axis];
    return all;
  };
  const std::int64_t along = view.sizes[as.axes.back()], padded = (along + as.run() - 1) / as.run() * as.run();
  const std::int64_t points = count(outer), depth = count(as.axes);
  auto* const data = static_cast<Element*>(view.data);
  for (std::int64_t point = 0; point < points; ++point) {
    Element* const first = data + offset(outer, point);
    std::array<Element*, group> numbers;
    std::int64_t held = 0, current = 0;
    for (std::int64_t n = 0; n < depth; ++n) {
      const std::int64_t own = (n / along * padded + n % along) / group;
      if (own != current) round(numbers, held, as.bits), held = 0, current = own;
      numbers[held++] = first + offset(as.axes, n);
    }
    round(numbers, held, as.bits);
  }
}

template <class Function>
auto withElementOf(DType dtype, Function&& function) {
  if (dtype == DType::f32) return function(float());
  if (dtype == DType::bf16) return function(bfloat16());
  if (dtype == DType::f16) return function(float16());
  throw Error("roundWeight", "elements of " + std::string(dtypeName(dtype)), "f32, bf16 or f16 is required",
              "see Executable::rounded");
}

AnyArray converted(const ArrayView& view, DType dtype) {
  AnyArray array(dtype, view.extents());
  withElementOf(dtype, [&](auto to) {
    withElementOf(view.dtype, [&](auto from) {
      auto* next = static_cast<decltype(to)*>(array.view.data);
      const auto* first = static_cast<const decltype(from)*>(view.data);
      std::int64_t at[abi::max_rank]{};
      for (std::int64_t n = view.size(); n > 0; --n) {
        std::int64_t offset = 0;
        for (int axis = 0; axis < view.rank; ++axis) offset += at[axis] * view.strides[axis];
        *next++ = float(first[offset]);
        for (int axis = view.rank; axis-- > 0 && ++at[axis] == view.sizes[axis];) at[axis] = 0;
      }
    });
  });
  return array;
}

}  // namespace

void roundWeight(const ArrayView& weight, const RoundedWeight& as) {
  withElementOf(weight.dtype, [&](auto element) { roundAll<decltype(element)>(weight, as); });
}

AnyArray asMultiplied(const ArrayView& weight, const RoundedWeight& as) {
  AnyArray wide = converted(weight, DType::f32);
  roundAll<float>(wide.view, as);
  return as.multiplied == DType::f32 ? wide : converted(wide.view, as.multiplied);
}

std::vector<ArrayView> roundedAmong(std::span<const NamedArray> arrays, const Signature& signature,
                                    const std::vector<RoundedWeight>& rounded) {
  std::vector<ArrayView> views;
  for (const RoundedWeight& weight : rounded) {
    const std::string& name = signature.parameters[std::size_t(weight.parameter)].name;
    auto found = std::ranges::find(arrays, name, &NamedArray::first);
    if (found == arrays.end())
      throw Error("roundWeights", "no array '" + name + "' among " + std::to_string(arrays.size()),
                  "each parameter that products read in few bits is required", "see Executable::rounded");
    views.push_back(found->second.view);
  }
  return views;
}

void roundWeights(std::span<const NamedArray> arrays, const Signature& signature,
                  const std::vector<RoundedWeight>& rounded) {
  const std::vector<ArrayView> views = roundedAmong(arrays, signature, rounded);
  for (std::size_t n = 0; n < views.size(); ++n) roundWeight(views[n], rounded[n]);
}

}  // namespace heed
