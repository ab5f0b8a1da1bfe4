#include "arrays.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

#include "heed/runtime/element.h"
#include "heed/runtime/error.h"

namespace heed::bench {
namespace {

/// splitmix64 (Steele et al., Fast splittable pseudorandom number generators, OOPSLA 2014).
std::uint64_t next(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

double draw(std::uint64_t& state) {
  std::uint64_t bits = next(state), sum = 0;
  for (int i = 0; i < 4; ++i) sum += bits >> 16 * i & 0xffff;
  return (double(sum) * 0x1p-16 - 2) * std::sqrt(3.);
}

std::string gigabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g GB", bytes * 1e-9);
  return text;
}

/// What the system can give without swapping; -1: it does not say.
double available() {
  std::ifstream file("/proc/meminfo");
  for (std::string key, unit; file >> key;) {
    double kilobytes = 0;
    file >> kilobytes;
    std::getline(file, unit);
    if (key == "MemAvailable:") return kilobytes * 1024;
  }
  return -1;
}

}  // namespace

DType dtypeOf(const std::string& name) {
  return name == "bf16" ? DType::bf16 : name == "f16" ? DType::f16 : DType::f32;
}

double epsilonOf(DType dtype) { return dtype == DType::bf16 ? 0x1p-7 : dtype == DType::f16 ? 0x1p-10 : 0x1p-23; }

double roundingOf(DType dtype) { return dtype == DType::f32 ? 0 : epsilonOf(dtype) / 2; }

double asStored(DType dtype, double x) {
  if (dtype == DType::bf16) return bfloat16(float(x));
  if (dtype == DType::f16) return float16(float(x));
  return float(x);
}

double get(const ArrayView& view, std::int64_t at) {
  if (view.dtype == DType::f32) return static_cast<const float*>(view.data)[at];
  if (view.dtype == DType::bf16) return static_cast<const bfloat16*>(view.data)[at];
  if (view.dtype == DType::f16) return static_cast<const float16*>(view.data)[at];
  return static_cast<const std::int32_t*>(view.data)[at];
}

void put(const ArrayView& view, std::int64_t at, double x) {
  if (view.dtype == DType::f32) static_cast<float*>(view.data)[at] = float(x);
  if (view.dtype == DType::bf16) static_cast<bfloat16*>(view.data)[at] = float(x);
  if (view.dtype == DType::f16) static_cast<float16*>(view.data)[at] = float(x);
  if (view.dtype == DType::i32) static_cast<std::int32_t*>(view.data)[at] = std::int32_t(x);
}

void fillNormal(const ArrayView& view, std::uint64_t seed, double scale, double offset) {
  std::uint64_t state = seed;
  for (std::int64_t i = 0, n = view.size(); i < n; ++i) put(view, i, offset + scale * draw(state));
}

AnyArray normal(DType dtype, const std::vector<std::int64_t>& sizes, std::uint64_t seed, double scale) {
  AnyArray array(dtype, sizes);
  fillNormal(array.view, seed, scale);
  return array;
}

AnyArray whole(std::span<const std::int32_t> values, const std::vector<std::int64_t>& sizes) {
  AnyArray array(DType::i32, sizes);
  std::copy(values.begin(), values.end(), static_cast<std::int32_t*>(array.view.data));
  return array;
}

std::vector<ArrayView> viewsOf(std::span<const AnyArray> arrays) {
  std::vector<ArrayView> views;
  for (const AnyArray& array : arrays) views.push_back(array.view);
  return views;
}

double bytesOf(const ArrayView& view) { return double(byteSize(view.dtype, view.extents())); }

void requireMemory(const std::string& what, double bytes) {
  double most = available();
  if (most >= 0 && bytes > most)
    throw Error(what, "these extents need " + gigabytes(bytes), gigabytes(most) + " of memory are available",
                "give smaller ones");
}

}  // namespace heed::bench
