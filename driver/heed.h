// All of heed that a program includes: the language, arrays, and jit().
//
// Invariant: no header of MLIR or LLVM is reached from here.
// Read examples/ for what it looks like in use.
#pragma once

#include <concepts>
#include <type_traits>

// What builds on nothing first: a compiler's message about a header lists no chain of includes.
// clang-format off
#include "heed/dsl/dsl.h"
#include "heed/runtime/typed.h"
#include "heed/runtime/array.h"
#include "heed/driver/argument_types.h"
#include "heed/driver/kernel.h"
#include "heed/driver/bundle.h"
#include "heed/driver/compile.h"
#include "heed/driver/describe.h"
#include "heed/runtime/generate.h"
// clang-format on

namespace heed {

/// The CPU this runs on, with all its features, or limited to "amx", "avx512bf16", "avx512", "avx2"
/// or "baseline".
inline Target cpu(std::string features = "") { return {"cpu", std::move(features)}; }
/// NVIDIA GPUs of a generation and those after it: "sm_80", "sm_90"; or of that generation only: "sm_90a". "": the one
/// of this machine, whose driver is asked. "sm_80+tf32", or "+tf32": f32 may be multiplied in tf32, see Target.
inline Target cuda(std::string generation = "") { return {"cuda", std::move(generation)}; }
namespace matching {

/// R(Args...) with R a tensor or a std::tuple of tensors, whatever several results were returned in.
template <class Signature>
struct Flat {
  using type = Signature;
};
template <class R, class... Args>
struct Flat<R(Args...)> {
  using type = ResultTensors<R>(Args...);
};
template <class D, class... A, class... Args>
struct Flat<Tensor<D, A...>(Args...)> {
  using type = Tensor<D, A...>(Args...);
};

}  // namespace matching

/// A graph traced at compile time: it knows the types of what it takes and gives.
template <class G>
concept TypedGraph = std::convertible_to<const G&, GraphView> && requires {
  typename G::signature;
};

/// The kernel that jit(graph) gives; several results come in a std::tuple.
template <TypedGraph G>
using KernelOf = Kernel<typename matching::Flat<typename G::signature>::type>;

/// Compiles a traced graph: auto run = jit(graph, {.target = cpu()}); then run(q, k, v) runs it.
/// Throws heed::Error if the graph or the target is not valid. `pool`: the user's own threads, for options.threads.
template <TypedGraph G>
KernelOf<G> jit(const G& graph, const Options& options = {}, ThreadPool* pool = nullptr) {
  return KernelOf<G>(compile(graph, options), options.threads, pool);
}

/// What is not traced has no kernel yet.
template <class F>
requires(!std::convertible_to<const F&, GraphView>) Kernel<void()> jit(const F&, const Options& = {},
                                                                       ThreadPool* = nullptr) {
  static_assert(lang::never<F>, "heed: jit(f): f is not traced; jit(trace<f>(\"x\")), or jit(trace(Module{}, \"x\"))");
  return Kernel<void()>(nullptr);
}
template <auto F>
Kernel<void()> jit(const auto&...) {
  static_assert(lang::never<lang::Fixed<F>>, "heed: jit<f>(): f is not traced; jit(trace<f>(\"x\"))");
  return Kernel<void()>(nullptr);
}

/// Options come in braces.
template <TypedGraph G, class Given>
requires(!std::convertible_to<const Given&, Options>) Kernel<void()> jit(const G&, const Given&, const auto&...) {
  static_assert(lang::never<Given>, "heed: jit(graph, options): options stand in {}: jit(graph, {.target = cpu()})");
  return Kernel<void()>(nullptr);
}

/// R(Args...), of tensors.
template <class S>
concept SignatureType = std::is_function_v<S>;

/// The same for a graph traced at run time, whose signature the caller states:
/// jit<Tensor<f32, Seq>(Tensor<f32, Seq, Depth>)>(graph).
template <SignatureType S>
Kernel<typename matching::Flat<S>::type> jit(const GraphView& graph, const Options& options = {},
                                             ThreadPool* pool = nullptr) {
  return Kernel<typename matching::Flat<S>::type>(compile(graph, options), options.threads, pool);
}

}  // namespace heed
