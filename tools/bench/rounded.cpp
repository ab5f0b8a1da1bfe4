// Weights that products read in few bits.
#include <algorithm>

#include "arrays.h"
#include "workload.h"

namespace heed::bench {

static const ArrayView& weightOf(const Executable& executable, const RoundedWeight& rounded,
                                 const std::vector<NamedArray>& weights) {
  const std::string& name = executable.signature.parameters[std::size_t(rounded.parameter)].name;
  return std::ranges::find(weights, name, &NamedArray::first)->second.view;
}

void roundWeights(const Executable& executable, const std::vector<NamedArray>& weights) {
  for (const RoundedWeight& rounded : executable.rounded) roundWeight(weightOf(executable, rounded, weights), rounded);
}

double bytesSaved(const Executable& executable, const std::vector<NamedArray>& weights) {
  double saved = 0;
  for (const RoundedWeight& rounded : executable.rounded) {
    const ArrayView& view = weightOf(executable, rounded, weights);
    const double groupBytes = 2 + 32 * rounded.bits / 8;  // a scale and its numbers
    saved += bytesOf(view) - double(view.size()) / 32 * groupBytes;
  }
  return saved;
}

}  // namespace heed::bench
