// Arrays to and from other libraries without a copy, through the DLPack 1.0 binary interface.
//
// Invariant: an incoming tensor is checked before any element is read; its deleter runs exactly once, when the last
// array that shares it is gone.
// Read tests/runtime/dlpack_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "heed/runtime/array.h"
#include "heed/runtime/view.h"

namespace heed {

/// The structs of the interface, as their layout is published.
namespace dlpack {

struct Device {
  std::int32_t type = cpu_device;
  std::int32_t id = 0;
  static constexpr std::int32_t cpu_device = 1, cuda_host_device = 3;
};
struct DataType {
  std::uint8_t code = 0, bits = 0;
  std::uint16_t lanes = 1;
  static constexpr std::uint8_t code_int = 0, code_float = 2, code_bfloat = 4, code_bool = 6;
};
struct Tensor {
  void* data = nullptr;
  Device device;
  std::int32_t ndim = 0;
  DataType dtype;
  std::int64_t* shape = nullptr;
  std::int64_t* strides = nullptr;  // in elements; null: row-major
  std::uint64_t byte_offset = 0;
};
/// Before version 1.0.
struct Managed {
  Tensor tensor;
  void* context = nullptr;
  void (*deleter)(Managed* self) = nullptr;
};
/// Since version 1.0.
struct ManagedVersioned {
  std::uint32_t major = 1, minor = 0;
  void* context = nullptr;
  void (*deleter)(ManagedVersioned* self) = nullptr;
  std::uint64_t flags = 0;
  Tensor tensor;
  static constexpr std::uint64_t read_only = 1;
};
static_assert(sizeof(Tensor) == 48 && sizeof(Managed) == 64 && sizeof(ManagedVersioned) == 80);

/// The tensor as a view. Throws heed::Error on what cannot be read here: version, device, dtype, rank, extents, null
/// data, alignment. `writable` refuses a tensor marked read-only.
ArrayView view(const Managed& managed);
ArrayView view(const ManagedVersioned& managed, bool writable);
/// An owner whose end calls the deleter.
std::shared_ptr<void> own(Managed* managed);
std::shared_ptr<void> own(ManagedVersioned* managed);

/// A tensor for another library: no copy; the receiver calls its deleter. It shares the array's memory; memory that the
/// array has only borrowed must outlive it.
Managed* share(const AnyArray& array);
ManagedVersioned* shareVersioned(const AnyArray& array, bool read_only);

}  // namespace dlpack

/// auto q = fromDlpack<Array<f32, Batch, Seq, Depth>>(tensor): takes over a DLManagedTensor* or
/// DLManagedTensorVersioned* (of any declaration of them). If it throws heed::Error, the tensor stays the caller's.
template <class A, class Foreign>
A fromDlpack(Foreign* tensor) {
  constexpr bool old = sizeof(Foreign) == sizeof(dlpack::Managed);
  static_assert(std::is_standard_layout_v<Foreign> && (old || sizeof(Foreign) == sizeof(dlpack::ManagedVersioned)),
                "heed: fromDlpack(tensor): give a DLManagedTensor* or a DLManagedTensorVersioned*");
  if (!tensor) throw Error("dlpack", "a null tensor", "a tensor is required", "check the capsule");
  if constexpr (old) {
    auto* managed = reinterpret_cast<dlpack::Managed*>(tensor);
    A array = A::from(dlpack::view(*managed));
    return A::from({array.view(), dlpack::own(managed)});
  } else {
    auto* managed = reinterpret_cast<dlpack::ManagedVersioned*>(tensor);
    A array = A::from(dlpack::view(*managed, !std::is_const_v<typename A::element>));
    return A::from({array.view(), dlpack::own(managed)});
  }
}

/// A DLManagedTensorVersioned that shares the array's memory. The old form knows no read-only and is for arrays that
/// may be written: toDlpackUnversioned.
template <class D, class... Axes>
dlpack::ManagedVersioned* toDlpack(const Array<D, Axes...>& array) {
  return dlpack::shareVersioned(array.any(), std::is_const_v<D>);
}
template <class D, class... Axes>
dlpack::Managed* toDlpackUnversioned(const Array<D, Axes...>& array) {
  static_assert(!std::is_const_v<D>, "heed: toDlpackUnversioned: a read-only array needs toDlpack");
  return dlpack::share(array.any());
}

}  // namespace heed
