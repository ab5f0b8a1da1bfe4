#include "model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "arrays.h"
#include "heed/driver/reference.h"
#include "heed/runtime/error.h"

namespace heed::bench {
namespace {

std::string written(const std::vector<std::string>& options, const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < options.size(); ++i)
    text += (i ? " " : "") + options[i] + "=" + std::to_string(numbers[i]);
  return text;
}

std::vector<std::int64_t> extentsOf(const TensorSpec& spec, const std::vector<Extent>& room) {
  std::vector<std::int64_t> sizes;
  for (const AxisSpec& axis : spec.axes) {
    sizes.push_back(axis.extent);
    for (const Extent& given : room)
      if (axis.extent < 0 && given.symbol == axis.symbol) sizes.back() = given.extent;
  }
  return sizes;
}

/// Numbers of 16 bits as f32, others as they are.
AnyArray inF32(const AnyArray& array) {
  if (elementBytes(array.view.dtype) != 2) return array;
  AnyArray wide(DType::f32, array.view.extents());
  for (std::int64_t i = 0, n = wide.view.size(); i < n; ++i)
    static_cast<float*>(wide.view.data)[i] = float(get(array.view, i));
  return wide;
}

}  // namespace

GraphView graphOf(const std::vector<ModelSize>& sizes, const std::vector<std::string>& options,
                  const std::vector<std::int64_t>& wanted) {
  std::string all;
  for (const ModelSize& size : sizes) {
    if (size.numbers == wanted) return size.graph;
    all += (all.empty() ? "" : ", or ") + written(options, size.numbers);
  }
  // The size that has most of what is wanted tells what else is wrong.
  auto others = [&](const ModelSize& size) {
    std::vector<std::size_t> differ;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (size.numbers[i] != wanted[i]) differ.push_back(i);
    return differ;
  };
  const ModelSize& nearest = *std::ranges::min_element(
      sizes, [&](const ModelSize& l, const ModelSize& r) { return others(l).size() < others(r).size(); });
  std::string wrong, given;
  for (std::size_t i : others(nearest)) {
    wrong += (wrong.empty() ? "" : ", ") + options[i];
    given += (given.empty() ? "" : ", ") + ('"' + std::to_string(wanted[i]) + '"');
  }
  throw Error(wrong, given + (others(nearest).size() > 1 ? " were given" : " was given"),
              "a model's extents are compiled in", "there are " + all);
}

void modelType(std::string& dtype, Flags& flags) {
  flags.choice("--dtype", dtype, {"f32", "bf16", "f16"}, "of parameters, states and all that is made of them");
}

Settings inType(const Settings& settings, const std::string& dtype) {
  Settings own = settings;
  own.options.element = dtypeOf(dtype);
  return own;
}

double modelTolerance(const Settings& settings, double layers) {
  const DType dtype = settings.options.element;
  if (dtype != DType::f32)
    return epsilonOf(dtype) * std::sqrt(layers + 1);  // what is stored is rounded, here and there
  return (inTf32(settings) ? 8 * tf32Product : 1e-5) * (layers + 1);
}

double parameterBytes(const Signature& signature) {
  double bytes = 0;
  for (const TensorSpec& spec : signature.parameters) {
    double n = elementBytes(spec.dtype);
    for (const AxisSpec& axis : spec.axes) n *= double(axis.extent);
    bytes += n;
  }
  return bytes;
}

std::vector<NamedArray> randomWeights(const Signature& signature, AnyArray& block) {
  auto lines = [](double bytes) { return (std::int64_t(bytes) + 63) / 64 * 64; };
  std::int64_t all = 0;
  for (const TensorSpec& spec : signature.parameters)
    all += lines(bytesOf(ArrayView(spec.dtype, nullptr, extentsOf(spec, {}))));
  const std::int64_t sizes[] = {all};
  block = AnyArray(DType::i1, sizes);
  std::vector<NamedArray> weights;
  char* at = static_cast<char*>(block.view.data);
  for (const TensorSpec& spec : signature.parameters) {
    ArrayView view(spec.dtype, at, extentsOf(spec, {}));
    bool norm = spec.name.find("ln_") != spec.name.npos && spec.name.ends_with("weight");
    fillNormal(view, weights.size() + 1, norm ? 0.1 : 0.04, norm ? 1 : 0);
    weights.emplace_back(spec.name, AnyArray(view, block.memory));
    at += lines(bytesOf(view));
  }
  return weights;
}

Deviation modelError(const GraphView& graph, const Signature& signature, const std::vector<NamedArray>& weights,
                     const std::vector<AnyArray>& inputs, const std::vector<Extent>& room, const ArrayView& got) {
  std::vector<AnyArray> arrays = inputs;
  for (const TensorSpec& spec : signature.parameters)
    arrays.push_back(
        std::find_if(weights.begin(), weights.end(), [&](auto& w) { return w.first == spec.name; })->second);
  for (const StateSpec& state : signature.states) {
    arrays.emplace_back(state.tensor.dtype, extentsOf(state.tensor, room));
    std::memset(arrays.back().view.data, 0, std::size_t(bytesOf(arrays.back().view)));
  }
  for (AnyArray& array : arrays) array = inF32(array);  // as the graph has it
  AnyArray want = referenceOf(graph)->run(viewsOf(arrays))[0];
  Deviation worst;
  double largest = 0;
  for (std::int64_t i = 0, n = want.view.size(); i < n; ++i) {
    double error = std::fabs(get(want.view, i) - get(got, i));
    worst.meet(error, i);
    largest = std::max(largest, std::fabs(get(want.view, i)));
  }
  worst.size /= largest;
  return worst;
}

}  // namespace heed::bench
