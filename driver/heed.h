// All of heed that a program includes: the language, arrays, and jit().
//
// Invariant: no header of MLIR or LLVM is reached from here.
// Read examples/ for what it looks like in use.
#pragma once

#include "heed/driver/compile.h"
#include "heed/driver/kernel.h"
#include "heed/dsl/dsl.h"
#include "heed/runtime/array.h"

namespace heed {

/// A graph traced at compile time: it knows the types of what it takes and gives.
template <class G>
concept TypedGraph = std::convertible_to<const G&, GraphView> && requires {
  typename G::signature;
};

/// Compiles a traced graph: auto run = jit(graph, {.target = cpu()}); run(q, k, v) then runs it.
/// Throws heed::Error if the graph or the target is not valid. `pool`: the user's own threads, instead of
/// options.threads.
template <TypedGraph G>
Kernel<typename G::signature> jit(const G& graph, const Options& options = {}, ThreadPool* pool = nullptr) {
  return Kernel<typename G::signature>(compile(graph, options), options.threads, pool);
}

/// The same for a graph traced at run time: jit<Tensor<f32, Seq>(Tensor<f32, Seq, Depth>)>(view).
template <class Signature>
Kernel<Signature> jit(const GraphView& graph, const Options& options = {}, ThreadPool* pool = nullptr) {
  return Kernel<Signature>(compile(graph, options), options.threads, pool);
}

}  // namespace heed
