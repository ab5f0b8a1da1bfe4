// The checks of a foreign tensor, and the lifetime of ours in foreign hands.
//
// Invariant: nothing is taken over before everything is checked.
// Read tests/runtime/dlpack_test.cpp.
#include "heed/runtime/dlpack.h"

#include <string>

#include "heed/runtime/error.h"

namespace heed::dlpack {
namespace {

DType dtypeOf(const DataType& type) {
  struct Row {
    std::uint8_t code, bits;
    DType dtype;
  };
  static constexpr Row rows[] = {{DataType::code_bool, 8, DType::i1},
                                 {DataType::code_int, 32, DType::i32},
                                 {DataType::code_float, 16, DType::f16},
                                 {DataType::code_bfloat, 16, DType::bf16},
                                 {DataType::code_float, 32, DType::f32}};
  if (type.lanes == 1)
    for (const Row& row : rows)
      if (row.code == type.code && row.bits == type.bits) return row.dtype;
  throw Error("dlpack",
              "elements of type code " + std::to_string(type.code) + ", " + std::to_string(type.bits) + " bits, " +
                  std::to_string(type.lanes) + " lanes",
              "bool, int32, float16, bfloat16 or float32 of one lane is required", "convert the tensor first");
}

DataType dataTypeOf(DType dtype) {
  switch (dtype) {
    case DType::i1:
      return {DataType::code_bool, 8, 1};
    case DType::i32:
      return {DataType::code_int, 32, 1};
    case DType::f16:
      return {DataType::code_float, 16, 1};
    case DType::bf16:
      return {DataType::code_bfloat, 16, 1};
    case DType::f32:
      break;
  }
  return {DataType::code_float, 32, 1};
}

ArrayView viewOf(const Tensor& tensor) {
  if (tensor.device.type != Device::cpu_device && tensor.device.type != Device::cuda_host_device)
    throw Error("dlpack", "memory of device type " + std::to_string(tensor.device.type),
                "memory of the host is required (type 1 or 3)", "copy the tensor to the CPU first");
  const DType dtype = dtypeOf(tensor.dtype);
  if (tensor.ndim < 0 || tensor.ndim > abi::max_rank)
    throw Error("dlpack", std::to_string(tensor.ndim) + " axes",
                "0 to " + std::to_string(abi::max_rank) + " are possible", "reshape the tensor");
  if (tensor.ndim > 0 && !tensor.shape)
    throw Error("dlpack", "a null shape for " + std::to_string(tensor.ndim) + " axes", "a shape is required",
                "check who made the tensor");
  ArrayView view(dtype, tensor.data, {tensor.shape, static_cast<std::size_t>(tensor.ndim)});
  if (tensor.strides)
    for (int i = 0; i < view.rank; ++i) view.strides[i] = tensor.strides[i];
  if (tensor.data) view.data = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  requireReadable("dlpack", view);
  return view;
}

/// What a tensor of ours points to while others hold it.
template <class M>
struct Shared {
  M managed;
  std::int64_t shape[abi::max_rank];
  std::int64_t strides[abi::max_rank];
  std::shared_ptr<void> memory;
};

template <class M>
M* shareAs(const AnyArray& array) {
  auto* shared = new Shared<M>;
  const ArrayView& view = array.view;
  std::copy_n(view.sizes, view.rank, shared->shape);
  std::copy_n(view.strides, view.rank, shared->strides);
  shared->memory = array.memory;
  shared->managed.tensor = {view.data, {}, view.rank, dataTypeOf(view.dtype), shared->shape, shared->strides, 0};
  shared->managed.context = shared;
  shared->managed.deleter = [](M* self) { delete static_cast<Shared<M>*>(self->context); };
  return &shared->managed;
}

template <class M>
std::shared_ptr<void> ownAs(M* managed) {
  return {managed, [](M* m) {
            if (m->deleter) m->deleter(m);
          }};
}

}  // namespace

ArrayView view(const Managed& managed) { return viewOf(managed.tensor); }

ArrayView view(const ManagedVersioned& managed, bool writable) {
  if (managed.major != 1)
    throw Error("dlpack", "version " + std::to_string(managed.major) + "." + std::to_string(managed.minor),
                "version 1 is required", "ask the other library for version 1");
  if (writable && (managed.flags & ManagedVersioned::read_only))
    throw Error("dlpack", "a tensor marked read-only", "an Array that may be written needs one that is not",
                "use Array<const f32, ...>, or copy the tensor first");
  return viewOf(managed.tensor);
}

std::shared_ptr<void> own(Managed* managed) { return ownAs(managed); }
std::shared_ptr<void> own(ManagedVersioned* managed) { return ownAs(managed); }

Managed* share(const AnyArray& array) { return shareAs<Managed>(array); }
ManagedVersioned* shareVersioned(const AnyArray& array, bool read_only) {
  ManagedVersioned* managed = shareAs<ManagedVersioned>(array);
  managed->flags = read_only ? ManagedVersioned::read_only : 0;
  return managed;
}

}  // namespace heed::dlpack
