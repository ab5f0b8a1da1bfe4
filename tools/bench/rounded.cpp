// Weights in few bits: where there are none, and what they spare.
#include "arrays.h"
#include "heed/runtime/error.h"
#include "workload.h"

namespace heed::bench {

void requireNoFewBits(const std::string& name, const Settings& settings) {
  if (settings.options.target.features.find("+int") == std::string::npos) return;
  throw Error("heed-bench " + name, "--target=" + settings.target + " was given",
              "+int8 and +int4 are for weights that products read, and there are none", "leave it out");
}

double bytesSaved(const Executable& executable, const std::vector<NamedArray>& weights) {
  const std::vector<ArrayView> views = roundedAmong(weights, executable.signature, executable.rounded);
  double saved = 0;
  for (std::size_t n = 0; n < views.size(); ++n) {
    const double groupBytes = 2 + 32 * executable.rounded[n].bits / 8;  // a scale and its numbers
    saved += bytesOf(views[n]) - double(views[n].size()) / 32 * groupBytes;
  }
  return saved;
}

}  // namespace heed::bench
