// The container.
//
// Invariant: every tensor in it was checked, by parseSafetensors() or by add().
// Read tests/runtime/weights/weights_test.cpp.
#include "heed/runtime/weights/weights.h"

#include "heed/runtime/error.h"
#include "heed/runtime/weights/convert.h"
#include "heed/runtime/weights/shape.h"

namespace heed {

Weights::Weights(std::span<const NamedArray> arrays) {
  for (const auto& [name, array] : arrays) add(name, array);
}

void Weights::add(const std::string& name, const AnyArray& array) {
  requireReadable(name, array.view);
  AnyArray dense = array;
  if (!array.view.contiguous()) {
    dense = AnyArray(array.view.dtype, array.view.extents());
    copyElements(array.view, dense.view);
  }
  const auto extents = dense.view.extents();
  add(name, Weight{&storedType(dense.view.dtype),
                   {extents.begin(), extents.end()},
                   static_cast<const std::byte*>(dense.view.data),
                   byteSize(dense.view.dtype, extents),
                   dense.memory});
}

void Weights::add(const std::string& name, Weight weight) {
  const auto bytes = weight.type ? storedBytes(*weight.type, weight.shape) : std::nullopt;
  if (!bytes || *bytes != weight.bytes || (*bytes > 0 && !weight.data))
    throw Error(source, "tensor " + shown(name) + " has " + std::to_string(weight.bytes) + " bytes",
                "its type, shape and data say otherwise", "bytes are those of all elements");
  if (!tensors_.emplace(name, std::move(weight)).second)
    throw Error(source, "tensor " + shown(name) + " is there already", "a name comes once", "choose another name");
}

const Weight& Weights::at(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    throw Error(source, "no tensor " + shown(name), "it has " + std::to_string(size()) + " others",
                "check the spelling: the names are what iterating gives");
  return found->second;
}

AnyArray Weights::array(std::string_view name, const TensorSpec& spec) const {
  const Weight& weight = at(name);
  const std::string what = source + ": tensor " + shown(name);
  if (!converts(*weight.type, spec.dtype))
    throw Error(what, toString(weight) + " is stored", std::string(dtypeName(spec.dtype)) + " is wanted",
                "only f32, f16 and bf16 convert to one another");
  const auto extents = groupedExtents(weight.shape, spec.axes);
  if (!extents)
    throw Error(what, toString(weight) + " is stored", toString(spec) + " is wanted",
                "each dim must be the product of a run of these axes");
  return toArray(what, weight, spec.dtype, *extents);
}

Weights Weights::to(DType dtype) const {
  Weights other;
  other.metadata = metadata;
  other.source = source;
  for (const auto& [name, weight] : tensors_) {
    if (weight.type == &storedType(dtype) || !converts(*weight.type, dtype)) {
      other.tensors_.emplace(name, weight);
      continue;
    }
    const AnyArray flat = toArray(source, weight, dtype, std::vector{weight.bytes * 8 / weight.type->bits});
    const auto* data = static_cast<const std::byte*>(flat.view.data);
    other.tensors_.emplace(
        name, Weight{&storedType(dtype), weight.shape, data, byteSize(dtype, flat.view.extents()), flat.memory});
  }
  return other;
}

}  // namespace heed
