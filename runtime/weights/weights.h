// Weights: tensors under their names, from files or from memory, for a kernel's parameters.
//
//   auto run = jit(gpt2);                                        // gpt2 = trace(Gpt2{}, "ids")
//   const Weights weights = load("gpt2/model.safetensors");      // mapped: nothing is read yet
//   run.bind(weights, {.rename = {{"transformer.", ""}}, .ignore = {"h.*.attn.bias"}});
//   auto table = weights.array<f32, Vocab, Model>("wte.weight");
//
// Invariant: a Weights shares its tensors' memory and changes none of it; arrays made of it outlive it.
// Read tests/runtime/weights/gpt2_test.cpp.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/runtime/array.h"
#include "heed/runtime/bind.h"
#include "heed/runtime/weights/names.h"
#include "heed/runtime/weights/stored.h"

namespace heed {

class Weights {
 public:
  using Tensors = std::map<std::string, Weight, std::less<>>;
  using Metadata = std::map<std::string, std::string, std::less<>>;

  Weights() = default;
  /// Arrays as add() takes them: {{"w", w.any()}, {"b", b.any()}}.
  Weights(std::initializer_list<NamedArray> arrays) : Weights(std::span(arrays.begin(), arrays.size())) {}
  explicit Weights(std::span<const NamedArray> arrays);

  /// Shares the array's memory, which must outlive this object if the array does not own it; a view with gaps is
  /// copied. Throws heed::Error if the name is there already.
  void add(const std::string& name, const AnyArray& array);
  void add(const std::string& name, Weight weight);

  /// The tensor as Array<const D, Axes...>: dims grouped into the axes and elements converted as bind() does it.
  /// Throws heed::Error if the name is not there, its dims are no runs of these axes, or its type does not convert.
  template <class D, Axis... Axes>
  Array<const D, Axes...> array(std::string_view name) const {
    return Array<const D, Axes...>::from(array(name, {std::string(name), dtype_of<D>, {axisSpec<Axes>()...}}));
  }
  /// The same for axes known at run time only. The memory must not be written.
  AnyArray array(std::string_view name, const TensorSpec& spec) const;

  /// A copy whose tensors of f32, f16 and bf16 are all of `dtype`: converted once, for several kernels.
  Weights to(DType dtype) const;

  std::size_t size() const { return tensors_.size(); }
  bool contains(std::string_view name) const { return tensors_.contains(name); }
  /// Throws heed::Error if the name is not there.
  const Weight& at(std::string_view name) const;
  /// Pairs of name and Weight, by name.
  auto begin() const { return tensors_.begin(); }
  auto end() const { return tensors_.end(); }

  /// What a file has under __metadata__.
  Metadata metadata;
  /// What messages call it: the path it was loaded from.
  std::string source = "weights";

 private:
  Tensors tensors_;
};

/// Maps "model.safetensors", a sharded model by its "model.safetensors.index.json", or a folder: the index if there is
/// one, else model.safetensors, else the only *.safetensors. Nothing of the tensors is read until it is used.
/// Throws heed::Error naming file and tensor; the file may be hostile.
/// While anything loaded is in use the files must not be shortened: the system ends a program (SIGBUS) that reads a
/// page which is gone. To replace a file, rename another over it, as save() does.
Weights load(const std::string& path);

/// Writes one .safetensors file, the same bytes for the same tensors; elements start aligned. The path holds the old
/// file or the whole new one, never a part: it is written beside it and renamed. Throws heed::Error.
void save(const std::string& path, const Weights& weights);

struct BindOptions {
  /// From the file's names to the graph's.
  Renaming rename{};
  /// Stored names, before or after renaming, that may be there though the graph has no such parameter.
  std::vector<Pattern> ignore{};
  /// Parameters that may be missing: they keep what was bound to them.
  std::vector<Pattern> optional{};
};

/// One array for each parameter, by name. A stored tensor fits if its dims are those of the parameter, or products of
/// runs of consecutive axes: [768, 768] is [heads 12, depth 64, model 768]. f32, f16 and bf16 convert to one another.
/// Throws one heed::Error that lists every missing, extra, mis-shaped and mis-typed tensor.
std::vector<NamedArray> fit(const Weights& weights, std::span<const TensorSpec> parameters,
                            const BindOptions& options = {});

}  // namespace heed
