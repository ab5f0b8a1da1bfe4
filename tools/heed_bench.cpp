// heed-bench: workloads timed beside the limit of the machine, in the same process, checked against f64.
#include <iostream>

#include "bench/workload.h"
#include "heed/runtime/error.h"

using namespace heed;

namespace {

/// What every workload is told.
void addSettings(bench::Flags flags, bench::Settings& settings, std::int64_t& threads) {
  flags.number("--threads", threads, "0: HEED_THREADS, else all", 0, "0", 4096);
  flags.text(
      "--target", settings.target,
      "cpu, or cpu: and amx, avx512bf16, avx512, avx2 or baseline, then +int8 or +int4 where products may read weights "
      "so, then +tiles= and a digit for each line of tiles; cuda: and sm_80, sm_90a, ..., then +tf32 where f32 may be "
      "multiplied in it");
  flags.seconds("--seconds", settings.seconds, "how long to measure");
  flags.text("--dump", settings.options.dump, "folder for the IR of each stage");
  flags.flag("--explain", settings.options.explain, "say on stderr which kernels were formed, and in which form");
  flags.text("--save", settings.save, "write inputs, weights and results to this .safetensors file");
  flags.flag("--steps", settings.steps,
             "for each number of seconds on stdin measure so long, and print the time of a call");
  flags.flag("--check", settings.check, "the error against f64 alone, no times");
  flags.flag("--json", settings.json, "one JSON object on one line");
}

void requireWorkload(const CLI::App& app) {
  const std::vector<std::string> strange = app.remaining();
  if (strange.empty() && !app.get_subcommands().empty()) return;
  std::string names;
  for (const CLI::App* workload : app.get_subcommands({})) names += (names.empty() ? "" : ", ") + workload->get_name();
  throw Error("heed-bench", strange.empty() ? "no workload was given" : "'" + strange[0] + "' was given",
              "a workload is required: " + names, "heed-bench --help says what they are");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("heed-bench: time a workload beside the limit of this machine");
  app.require_subcommand(0, 1);
  bench::Settings settings;
  std::int64_t threads = 0;
  std::vector<bench::Subject> subjects{
      bench::attention(),    bench::attentionDecode(), bench::gemm(),        bench::norm(),
      bench::encoderLayer(), bench::encoder(),         bench::gpt2Prefill(), bench::gpt2Decode(),
      bench::compileTime(),  bench::limits(),          bench::tune()};
  for (bench::Subject& subject : subjects) {
    bench::Flags flags(*app.add_subcommand(subject.name, subject.title));
    subject.flags(flags);
    addSettings(flags, settings, threads);
  }
  app.allow_extras();  // not before: workloads would inherit it. requireWorkload() names what is strange

  try {
    CLI11_PARSE(app, argc, argv);
    requireWorkload(app);
    settings.options.threads = int(threads);
    settings.options.target = parseTarget(settings.target);
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
