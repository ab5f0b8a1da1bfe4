// From a graph to something that runs: the one call behind jit(). No MLIR in this header.
//
// Invariant: a graph is compiled once, whatever extents it is called with later. Test: tests/driver/compile_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "heed/dsl/tape.h"
#include "heed/runtime/executable.h"

namespace heed {

/// What to compile for. "cpu": features "" means all that the host has; "amx", "avx512bf16", "avx512", "avx2" or
/// "baseline" limit it; "+int8" or "+int4" may follow, and "+tiles=" with a digit for each line of the CPU's table of
/// tiles. Without those digits HEED_CACHE may hold some that were measured. "cuda": features name the generation of the
/// GPU, "sm_80" or later; code of one with an "a" runs on that one only. "+tf32" behind it: products of f32 (matrices,
/// attention) may be made in tf32, on tensor cores. Each factor is then rounded to 11 bits, which moves a product by
/// 2^-10 of it at most; sums are f32 all the same. Never without that word.
struct Target {
  std::string kind = "cpu";
  std::string features{};
};

/// "cpu", "cpu:avx2", "cuda:sm_90a", "cuda:sm_80+tf32", ... as the tools and examples take it. Throws heed::Error on
/// anything else.
Target parseTarget(std::string_view text);

struct Options {
  Target target{};
  /// bf16 or f16: parameters, states and all that is made of them are kept in it, where the model says f32; sums are
  /// f32 all the same. Inputs and results stay as the model declares them.
  DType element = DType::f32;
  int threads = 0;       // 0: HEED_THREADS, else all cores
  std::string dump{};    // folder for the numbered stages; "": HEED_DUMP, else none
  bool explain = false;  // tell in Executable::explanation which kernels were formed and what did not fuse
};

/// Compiles `graph`. Throws heed::Error on a graph that is not valid or a target that is not there.
std::shared_ptr<const Executable> compile(const GraphView& graph, const Options& options = {});

/// How many graphs this process has compiled: for tests that a second shape compiles nothing.
std::int64_t compileCount();

}  // namespace heed
