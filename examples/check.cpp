#include "check.h"

#include <heed/driver/reference.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <string>

using namespace heed;

namespace lesson {

static float next(unsigned& seed) {
  seed = seed * 1664525u + 1013904223u;
  return float(seed >> 8) * 0x1p-23f - 1;
}

AnyArray randomParameter(const TensorSpec& parameter, float norms, unsigned& seed) {
  std::vector<std::int64_t> sizes;
  for (const AxisSpec& axis : parameter.axes) sizes.push_back(axis.extent < 0 ? 96 : axis.extent);
  AnyArray array(DType::f32, sizes);
  const bool norm = sizes.size() == 1 && parameter.name.ends_with(".weight");
  for (float& x : std::span(static_cast<float*>(array.view.data), std::size_t(array.view.size())))
    x = (norm ? norms : 0) + next(seed) * (norm ? .1f : .35f);
  return array;
}

namespace {

/// The extents by symbol: the rows of the batch, and the same length for all that has no fixed one.
struct Size {
  std::int64_t rows, length;
  std::int64_t of(const AxisSpec& axis) const {
    return axis.extent >= 0 ? axis.extent : axis.symbol == "batch" ? rows : length;
  }
};

/// Lengths and users are of [1, length], places in a call of [0, length), ids of [0, 96): every lesson has as many.
AnyArray randomInput(const TensorSpec& input, const Size& size, unsigned& seed) {
  std::vector<std::int64_t> sizes;
  for (const AxisSpec& axis : input.axes) sizes.push_back(size.of(axis));
  AnyArray array(input.dtype, sizes);
  for (std::int64_t n = 0; n < array.view.size(); ++n) {
    const float x = next(seed);
    auto below = [x](std::int64_t end) { return std::int32_t((x + 1) / 2 * float(end)); };
    if (input.dtype == DType::i32)
      static_cast<std::int32_t*>(array.view.data)[n] =
          sizes.size() == 1 ? 1 + below(size.length) : below(input.name == "asked" ? size.length : 96);
    else
      static_cast<float*>(array.view.data)[n] = x;
  }
  return array;
}

Errors errorsIn(const GraphView& graph, heed::Options options, float norms, DType element) {
  options.element = element;
  Runner model(heed::compile(graph, options), options.threads);
  const auto reference = referenceOf(graph, element);
  const Signature& signature = reference->signature();
  Errors errors;
  unsigned seed = 1;
  for (int call = 0; call < 24; ++call) {
    const Size size = call % 2 ? Size{3, 33} : Size{1, 7};
    Weights weights;
    for (const TensorSpec& parameter : signature.parameters)
      weights.add(parameter.name, randomParameter(parameter, norms, seed));
    model.bind(weights, {});
    // What products read in few bits is what they read in the reference, too.
    roundWeights(model.arguments().bound(), model.executable().signature, model.executable().rounded);
    std::vector<AnyArray> inputs;
    std::vector<ArrayView> views;
    for (const TensorSpec& input : signature.inputs) {
      inputs.push_back(randomInput(input, size, seed));
      views.push_back(inputs.back().view);
    }
    std::map<std::string, std::int64_t> extents;
    for (const StateSpec& state : signature.states)
      for (const AxisSpec& axis : state.tensor.axes)
        if (axis.extent < 0) extents[axis.symbol] = size.of(axis);
    std::vector<Extent> room;
    for (const auto& [symbol, extent] : extents) room.push_back({symbol, extent});
    for (const Errors& result : compare(model, *reference, views, room)) errors.addRelative(result);
  }
  return errors;
}

}  // namespace

void check(const GraphView& graph, const CommandLine& line, float norms) {
  auto require = [](const std::string& what, double error, double allowed) {
    char text[96];
    std::snprintf(text, sizeof text, "off by %.2g of the largest number; %.2g is allowed", error, allowed);
    std::printf("check: %s: %s\n", what.c_str(), text);
    if (!(error <= allowed)) throw Error("--check: " + what + ": " + text + "; this is a mistake of heed, not yours");
  };
  require("f32", errorsIn(graph, line.options, norms, DType::f32).most, 1e-4);
  for (DType element : {DType::bf16, DType::f16}) {
    const std::string name(dtypeName(element));
    const Errors narrow = errorsIn(graph, line.options, norms, element);
    require(name + ", in the mean", narrow.mean(), 1.1 * narrow.naiveMean());
    require(name, narrow.most, 2 * narrow.naive_most);
    require(name + ", where a call is off most, in the mean over calls", narrow.meanMost(),
            1.1 * narrow.naiveMeanMost());
  }
}

}  // namespace lesson
