// What weights in few bits spare.
#include "arrays.h"
#include "workload.h"

namespace heed::bench {

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
