// heed-bench: workloads timed beside the limit of the machine, in the same process, checked against f64.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "bench_attention.h"
#include "bench_gemm.h"
#include "heed/runtime/error.h"
#include "heed/runtime/threads.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace heed;

namespace {

void run(bench::AttentionShape& shape, const Options& options, const std::string& target, double seconds, bool json) {
  bench::AttentionResult r = bench::attention(shape, options, seconds);
  if (!json) {
    std::printf("%.3f ms  %.1f Gflop/s of %.1f (%.3f of peak)  compile %.0f ms  error %.1e of max|V|\n",
                r.median_s * 1e3, r.gflops, r.peak_gflops, r.fraction_of_peak, r.compile_ms, r.max_error);
    return;
  }
  llvm::json::Object line{{"workload", "attention"},
                          {"dtype", shape.dtype},
                          {"mask", shape.mask},
                          {"batch", shape.batch},
                          {"heads", shape.heads},
                          {"kv_heads", shape.kv_heads},
                          {"seq", shape.seq},
                          {"kv_seq", shape.kv_seq},
                          {"depth", shape.depth},
                          {"threads", threadCount(options.threads)},
                          {"median_s", r.median_s},
                          {"gflops", r.gflops},
                          {"peak_gflops", r.peak_gflops},
                          {"fraction_of_peak", r.fraction_of_peak},
                          {"compile_ms", r.compile_ms},
                          {"max_error", r.max_error},
                          {"arena_bytes", r.arena_bytes},
                          {"target", target}};
  llvm::outs() << llvm::json::Value(std::move(line)) << '\n';
}

void run(bench::GemmShape& shape, const Options& options, const std::string& target, double seconds, bool json) {
  bench::GemmResult r = bench::gemm(shape, options, seconds);
  if (!json) {
    std::printf("%.3f ms (%.3f .. %.3f)  %.1f Gflop/s of %.1f (%.3f of peak)  compile %.0f ms  error %.1e\n",
                r.median_s * 1e3, r.p10_s * 1e3, r.p90_s * 1e3, r.gflops, r.peak_gflops, r.fraction_of_peak,
                r.compile_ms, r.max_error);
    return;
  }
  llvm::json::Object line{{"workload", "gemm"},
                          {"dtype", shape.dtype},
                          {"batch", shape.batch},
                          {"m", shape.m},
                          {"n", shape.n},
                          {"k", shape.k},
                          {"rhs", shape.rhs},
                          {"epilogue", shape.epilogue},
                          {"threads", threadCount(options.threads)},
                          {"median_s", r.median_s},
                          {"p10_s", r.p10_s},
                          {"p90_s", r.p90_s},
                          {"gflops", r.gflops},
                          {"peak_gflops", r.peak_gflops},
                          {"fraction_of_peak", r.fraction_of_peak},
                          {"compile_ms", r.compile_ms},
                          {"max_error", r.max_error},
                          {"arena_bytes", r.arena_bytes},
                          {"target", target}};
  llvm::outs() << llvm::json::Value(std::move(line)) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("heed-bench: time a workload beside the limit of this machine");
  app.require_subcommand(1);
  bench::AttentionShape attentionShape;
  bench::GemmShape gemmShape;
  Options options;
  std::string target = "cpu";
  double seconds = 1;
  bool json = false;

  auto* attention = app.add_subcommand("attention", "softmax(Q K^T / sqrt(depth)) V");
  attention->add_option("--batch", attentionShape.batch, "sequences")->capture_default_str();
  attention->add_option("--heads", attentionShape.heads, "query heads")->capture_default_str();
  attention->add_option("--kv-heads", attentionShape.kv_heads, "heads of keys and values; default: --heads");
  attention->add_option("--seq", attentionShape.seq, "queries")->capture_default_str();
  attention->add_option("--kv-seq", attentionShape.kv_seq, "keys; default: --seq");
  attention->add_option("--depth", attentionShape.depth, "numbers per head")->capture_default_str();
  attention->add_option("--mask", attentionShape.mask, "none, causal, window:W, padding, alibi or document")
      ->capture_default_str();
  attention->add_option("--dtype", attentionShape.dtype, "f32")->capture_default_str();

  auto* gemm = app.add_subcommand("gemm", "a matrix product and what follows it");
  gemm->add_option("--batch", gemmShape.batch, "products")->capture_default_str();
  gemm->add_option("--m", gemmShape.m, "rows")->capture_default_str();
  gemm->add_option("--n", gemmShape.n, "columns")->capture_default_str();
  gemm->add_option("--k", gemmShape.k, "products per sum")->capture_default_str();
  gemm->add_option("--rhs", gemmShape.rhs, "the right matrix in memory: kn or nk")->capture_default_str();
  gemm->add_option("--epilogue", gemmShape.epilogue, "none, bias, gelu or bias+gelu")->capture_default_str();
  gemm->add_option("--dtype", gemmShape.dtype, "f32")->capture_default_str();

  for (auto* workload : {attention, gemm}) {
    workload->add_option("--threads", options.threads, "0: all")->check(CLI::Range(0, 4096));
    workload->add_option("--target", target, "cpu, cpu:avx512bf16, cpu:avx512, cpu:avx2 or cpu:baseline")
        ->capture_default_str();
    workload->add_option("--seconds", seconds, "how long to measure")->capture_default_str();
    workload->add_option("--dump", options.dump, "folder for the IR of each stage");
    workload->add_flag("--json", json, "one JSON object on one line");
  }
  CLI11_PARSE(app, argc, argv);

  try {
    options.target = parseTarget(target);
    if (attention->parsed())
      run(attentionShape, options, target, seconds, json);
    else
      run(gemmShape, options, target, seconds, json);
    return 0;
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
