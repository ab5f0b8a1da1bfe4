// heed-bench: workloads timed beside the limit of the machine, in the same process, checked against f64.
#include <cstdio>
#include <iostream>

#include "bench/workload.h"
#include "bench_gemm.h"
#include "heed/runtime/error.h"
#include "heed/runtime/threads.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace heed;

namespace {

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

/// What every workload is told.
void addSettings(bench::Flags flags, bench::Settings& settings, std::int64_t& threads) {
  flags.number("--threads", threads, "0: HEED_THREADS, else all", 0, "0", 4096);
  flags.text("--target", settings.target, "cpu, or cpu: and avx512bf16, avx512, avx2 or baseline");
  flags.seconds("--seconds", settings.seconds, "how long to measure");
  flags.text("--dump", settings.options.dump, "folder for the IR of each stage");
  flags.text("--save", settings.save, "write inputs, weights and results to this .safetensors file");
  flags.flag("--steps", settings.steps,
             "for each number of seconds on stdin measure so long, and print the time of a call");
  flags.flag("--json", settings.json, "one JSON object on one line");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("heed-bench: time a workload beside the limit of this machine");
  app.require_subcommand(1);
  bench::Settings settings;
  std::int64_t threads = 0;
  std::vector<bench::Subject> subjects{bench::attention(),    bench::attentionDecode(), bench::norm(),
                                       bench::encoderLayer(), bench::encoder(),         bench::gpt2Prefill(),
                                       bench::gpt2Decode(),   bench::compileTime()};
  for (bench::Subject& subject : subjects) {
    bench::Flags flags(*app.add_subcommand(subject.name, subject.title));
    subject.flags(flags);
    addSettings(flags, settings, threads);
  }

  bench::GemmShape gemmShape;
  auto* gemm = app.add_subcommand("gemm", "a matrix product and what follows it");
  gemm->add_option("--batch", gemmShape.batch, "products")->capture_default_str();
  gemm->add_option("--m", gemmShape.m, "rows")->capture_default_str();
  gemm->add_option("--n", gemmShape.n, "columns")->capture_default_str();
  gemm->add_option("--k", gemmShape.k, "products per sum")->capture_default_str();
  gemm->add_option("--rhs", gemmShape.rhs, "the right matrix in memory: kn or nk")->capture_default_str();
  gemm->add_option("--epilogue", gemmShape.epilogue, "none, bias, gelu or bias+gelu")->capture_default_str();
  gemm->add_option("--dtype", gemmShape.dtype, "f32")->capture_default_str();
  addSettings(bench::Flags(*gemm), settings, threads);

  try {
    CLI11_PARSE(app, argc, argv);
    settings.options.threads = int(threads);
    settings.options.target = parseTarget(settings.target);
    if (gemm->parsed()) run(gemmShape, settings.options, settings.target, settings.seconds, settings.json);
    for (const bench::Subject& subject : subjects) {
      if (!app.got_subcommand(subject.name)) continue;
      bench::Report report = subject.run(settings);
      if (!settings.steps) std::cout << (settings.json ? report.json() : report.text()) << '\n';
    }
    return 0;
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
