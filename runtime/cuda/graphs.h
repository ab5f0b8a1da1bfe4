// Calls that come again, as CUDA graphs: one launch for all kernels of a call.
//
// Invariant: a graph does what its kernels would do if they were launched one by one. It is made when a list of kernels
// comes for the second time; what changes from call to call (records, numbers of blocks) is brought into it. Where none
// can be made, explain() says why, and kernels are launched one by one. Read tests/runtime/cuda/graphs_test.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/runtime/cuda/driver.h"
#include "heed/runtime/launches.h"

namespace heed::cuda {

/// What starts a kernel, alone or as a node of a graph. Refers to the launch's record.
struct KernelStart {
  KernelStart(const Launch& launch, Function function);
  KernelStart(const KernelStart&) = delete;
  std::size_t bytes;
  void* extra[5];
  KernelNode node;
};

/// All members need the context of the kernels to be the current one.
class Graphs {
 public:
  /// None are made under HEED_GRAPHS=0. Throws heed::Error where that is neither 0 nor 1.
  explicit Graphs(const Driver& driver);
  Graphs(const Graphs&) = delete;
  ~Graphs() { clear(); }

  /// The graph of a call whose kernels are `functions`, up to date; null: launch them one by one.
  GraphRun forCall(const Launches& call, std::span<const Function> functions);
  /// Gives all back. Before the modules of the kernels.
  void clear() noexcept;
  /// How a call of more than one kernel is launched, in a line.
  std::string explain(const Launches& call) const;

 private:
  /// A list of kernels that has come at least once, and its graph from the second time on.
  struct Known {
    std::vector<Function> functions;
    Launches held;  // what the graph launches
    Graph graph = nullptr;
    GraphRun run = nullptr;
    std::vector<GraphNode> nodes;
  };
  void make(Known& known, const Launches& call);
  Result update(Known& known, const Launches& call);
  void forget(Known& known) noexcept;

  const Driver& driver_;
  std::string why_not_;       // empty: graphs are made
  std::vector<Known> known_;  // the one that came last is the first
};

}  // namespace heed::cuda
