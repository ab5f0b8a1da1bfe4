#include "heed/runtime/cuda/graphs.h"

#include <algorithm>
#include <cstdlib>

#include "heed/runtime/error.h"

namespace heed::cuda {
namespace {

// A model has few: a prompt's kernels, those of a step, and a sampler's.
constexpr std::size_t most = 4;

std::string reason(const Driver& driver) {
  const char* text = std::getenv("HEED_GRAPHS");
  const std::string given = text ? text : "";
  if (given == "0") return "HEED_GRAPHS=0";
  if (!given.empty() && given != "1")
    throw Error("HEED_GRAPHS", "is '" + given + "'", "must be 0 or 1", "unset it to have graphs");
  return driver.hasGraphs() ? "" : "graphs need a driver of CUDA 11.4 or later";
}

/// Of a kernel without arguments there is none, and no pointer to it.
std::span<const char> recordOf(const Launch& launch) {
  return {static_cast<const char*>(launch.record), std::size_t(launch.record_bytes)};
}

bool same(const Launch& a, const Launch& b) {
  return a.blocks == b.blocks && a.threads == b.threads && a.shared_bytes == b.shared_bytes &&
         std::ranges::equal(recordOf(a), recordOf(b));
}

}  // namespace

// The parameters as they lie in memory: CU_LAUNCH_PARAM_BUFFER_POINTER, _SIZE, _END.
KernelStart::KernelStart(const Launch& launch, Function function)
    : bytes(std::size_t(launch.record_bytes)),
      extra{reinterpret_cast<void*>(1), const_cast<void*>(launch.record), reinterpret_cast<void*>(2), &bytes, nullptr},
      node{function,
           {unsigned(launch.blocks), 1, 1},
           {unsigned(launch.threads), 1, 1},
           unsigned(launch.shared_bytes),
           nullptr,
           extra} {}

Graphs::Graphs(const Driver& driver) : driver_(driver), why_not_(reason(driver)) {}

GraphRun Graphs::forCall(const Launches& call, std::span<const Function> functions) {
  if (!why_not_.empty() || functions.size() < 2) return nullptr;
  auto found = std::find_if(known_.begin(), known_.end(),
                            [&](const Known& known) { return std::ranges::equal(known.functions, functions); });
  if (found == known_.end()) {
    // Most lists of kernels of a prompt never come again: a graph would cost more than it saves.
    if (known_.size() == most) forget(known_.back()), known_.pop_back();
    known_.emplace(known_.begin())->functions.assign(functions.begin(), functions.end());
    return nullptr;
  }
  std::rotate(known_.begin(), found, found + 1);
  Known& known = known_.front();
  if (known.run && update(known, call) != success) forget(known);
  if (!known.run) {
    try {
      make(known, call);
    } catch (const Error& error) {
      clear();
      why_not_ = error.what();
    }
  }
  return why_not_.empty() ? known.run : nullptr;
}

/// A chain: kernels of a call read what those before them wrote.
void Graphs::make(Known& known, const Launches& call) {
  auto check = [&](const char* entry, Result result) {
    if (result != success) throw Error(std::string(entry) + ": " + describe(driver_, result));
  };
  check("cuGraphCreate", driver_.createGraph(&known.graph, 0));
  for (std::size_t n = 0; n < call.size(); ++n) {
    GraphNode node = nullptr;
    const GraphNode* before = known.nodes.empty() ? nullptr : &known.nodes.back();
    const KernelStart start(call[n], known.functions[n]);
    check("cuGraphAddKernelNode", driver_.addKernel(&node, known.graph, before, before != nullptr, &start.node));
    known.nodes.push_back(node);
  }
  check("cuGraphInstantiateWithFlags", driver_.instantiate(&known.run, known.graph, 0));
  known.held = call;
}

Result Graphs::update(Known& known, const Launches& call) {
  bool changed = false;
  for (std::size_t n = 0; n < call.size(); ++n) {
    if (same(known.held[n], call[n])) continue;
    const KernelStart start(call[n], known.functions[n]);
    if (Result result = driver_.setKernel(known.run, known.nodes[n], &start.node); result != success) return result;
    changed = true;
  }
  if (changed) known.held = call;
  return success;
}

void Graphs::forget(Known& known) noexcept {
  if (known.run) driver_.destroyRun(known.run);
  if (known.graph) driver_.destroyGraph(known.graph);
  known.run = nullptr, known.graph = nullptr;
  known.nodes.clear();
}

void Graphs::clear() noexcept {
  for (Known& known : known_) forget(known);
  known_.clear();
}

std::string Graphs::explain(const Launches& call) const {
  if (call.size() < 2) return "";
  std::string text = std::to_string(call.size()) + " kernels, ";
  if (!why_not_.empty()) return text + "launched one by one: " + why_not_ + "\n";
  const bool made = !known_.empty() && known_.front().run;
  return text + (made ? "one graph" : "launched one by one: the same kernels have not come twice") + "\n";
}

}  // namespace heed::cuda
