// heed-bench: workloads timed beside the limit of the machine, in the same process, checked against f64.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "bench_attention.h"
#include "heed/runtime/error.h"
#include "heed/runtime/threads.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace heed;

int main(int argc, char** argv) {
  CLI::App app("heed-bench: time a workload beside the limit of this machine");
  app.require_subcommand(1);
  bench::AttentionShape shape;
  Options options;
  std::string target = "cpu";
  double seconds = 1;
  bool json = false;

  auto* attention = app.add_subcommand("attention", "softmax(Q K^T / sqrt(depth)) V");
  attention->add_option("--batch", shape.batch, "sequences")->capture_default_str();
  attention->add_option("--heads", shape.heads, "query heads")->capture_default_str();
  attention->add_option("--kv-heads", shape.kv_heads, "heads of keys and values; default: --heads");
  attention->add_option("--seq", shape.seq, "queries")->capture_default_str();
  attention->add_option("--kv-seq", shape.kv_seq, "keys; default: --seq");
  attention->add_option("--depth", shape.depth, "numbers per head")->capture_default_str();
  attention->add_option("--mask", shape.mask, "none, causal, window:W, padding, alibi or document")
      ->capture_default_str();
  attention->add_option("--dtype", shape.dtype, "f32")->capture_default_str();
  attention->add_option("--threads", options.threads, "0: all")->check(CLI::Range(0, 4096));
  attention->add_option("--target", target, "cpu, cpu:avx512, cpu:avx2 or cpu:baseline")->capture_default_str();
  attention->add_option("--seconds", seconds, "how long to measure")->capture_default_str();
  attention->add_option("--dump", options.dump, "folder for the IR of each stage");
  attention->add_flag("--json", json, "one JSON object on one line");
  CLI11_PARSE(app, argc, argv);

  try {
    options.target = parseTarget(target);
    int threads = threadCount(options.threads);
    bench::AttentionResult r = bench::attention(shape, options, seconds);
    if (json) {
      llvm::json::Object line{{"workload", "attention"},
                              {"dtype", shape.dtype},
                              {"mask", shape.mask},
                              {"batch", shape.batch},
                              {"heads", shape.heads},
                              {"kv_heads", shape.kv_heads},
                              {"seq", shape.seq},
                              {"kv_seq", shape.kv_seq},
                              {"depth", shape.depth},
                              {"threads", threads},
                              {"median_s", r.median_s},
                              {"gflops", r.gflops},
                              {"peak_gflops", r.peak_gflops},
                              {"fraction_of_peak", r.fraction_of_peak},
                              {"compile_ms", r.compile_ms},
                              {"max_error", r.max_error},
                              {"arena_bytes", r.arena_bytes},
                              {"target", target}};
      llvm::outs() << llvm::json::Value(std::move(line)) << '\n';
    } else {
      std::printf("%.3f ms  %.1f Gflop/s of %.1f (%.3f of peak)  compile %.0f ms  error %.1e of max|V|\n",
                  r.median_s * 1e3, r.gflops, r.peak_gflops, r.fraction_of_peak, r.compile_ms, r.max_error);
    }
    return 0;
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
