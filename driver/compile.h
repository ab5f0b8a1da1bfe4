// From a graph to something that runs: the one call behind jit(). No MLIR in this header.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/dsl/tape.h"
#include "heed/runtime/executable.h"

namespace heed {

/// What to compile for. features: "" means all that the host has; "avx512", "avx2" or "baseline" limit it.
struct Target {
  std::string kind = "cpu";
  std::string features;
};
inline Target cpu(std::string features = "") { return {"cpu", std::move(features)}; }

struct Options {
  Target target;
  int threads = 0;       // 0: HEED_THREADS, else all cores
  std::string dump;      // folder for the numbered stages; "" : HEED_DUMP, else none
  bool explain = false;  // keep the remarks: Executable::explanation
};

/// Compiles `graph`. Throws heed::Error on a graph that is not valid or a target that is not there.
std::shared_ptr<const Executable> compile(const GraphView& graph, const Options& options = {});

}  // namespace heed
