// heed-bench: workloads timed beside the limit of the machine, in the same process, checked against f64.
#include <algorithm>
#include <iostream>
#include <span>

#include "bench/workload.h"
#include "heed/runtime/error.h"

using namespace heed;

namespace {

/// What every workload is told, or those of it that mean something there.
void addSettings(bench::Flags flags, bench::Settings& settings, std::int64_t& threads) {
  flags.number("--threads", threads, "how many", 1, "HEED_THREADS, else all cores", 4096);
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

/// Parses; what cannot be is refused as all else is.
void parse(CLI::App& app, int argc, char** argv) {
  for (const std::string given : std::span(argv, std::size_t(argc)))  // else the next argument would be its value
    if (const std::string name = given.substr(0, given.find('=')); name.starts_with("--") && given == name + "=")
      throw Error(name, "no value was given", "one is required", name + "=VALUE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ArgumentMismatch& wrong) {  // "--seq: ...", or "json was ..." of a flag
    const std::string text = wrong.what(), word = text.substr(0, text.find_first_of(": "));
    const std::string name = word.starts_with("--") ? word : "--" + word;
    const auto times = std::count_if(
        argv, argv + argc, [&](const std::string& given) { return given == name || given.starts_with(name + "="); });
    if (times > 1) throw Error(name, "it was given " + std::to_string(times) + " times", "once is required");
    for (const std::string given : std::span(argv, std::size_t(argc)))
      if (given.starts_with(name + "=") && given.size() > name.size() + 1)
        throw Error(name, "'" + given + "' was given", "it takes no value", name);
    throw Error(name, "no value was given", "one is required", name + "=VALUE");
  }
}

void requireKnown(const CLI::App& app) {
  std::vector<std::string> workloads;
  for (const CLI::App* workload : app.get_subcommands({})) workloads.push_back(workload->get_name());
  const auto chosen = app.get_subcommands();
  const std::vector<std::string> strange = app.remaining();
  if (chosen.empty() || !strange.empty())
    bench::refuse("heed-bench", strange.empty() ? "" : strange[0], "a workload is required:", workloads);
  const std::vector<std::string> extra = chosen[0]->remaining();
  std::vector<std::string> options;
  for (const CLI::Option* option : chosen[0]->get_options()) options.push_back(option->get_name());
  if (!extra.empty()) bench::refuse("heed-bench " + chosen[0]->get_name(), extra[0], "what it takes are", options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("heed-bench: time a workload beside the limit of this machine");
  app.allow_extras();  // workloads inherit it: requireKnown() names what is strange
  app.require_subcommand(0, 1);
  bench::Settings settings;
  std::int64_t threads = 0;
  std::vector<bench::Subject> subjects{
      bench::attention(),    bench::attentionDecode(), bench::gemm(),        bench::norm(),
      bench::encoderLayer(), bench::encoder(),         bench::gpt2Prefill(), bench::gpt2Decode(),
      bench::compileTime(),  bench::limits(),          bench::tune()};
  for (bench::Subject& subject : subjects) {
    CLI::App& workload = *app.add_subcommand(subject.name, subject.title);
    bench::Flags flags(workload);
    subject.flags(flags);
    addSettings(bench::Flags(workload, subject.settings), settings, threads);
  }

  try {
    parse(app, argc, argv);
    requireKnown(app);
    if (settings.check && settings.steps)
      throw Error("--check", "--steps was given, too", "times are not taken for the one, and alone for the other",
                  "leave one of them out");
    settings.options.threads = int(threads);
    settings.options.target = parseTarget(settings.target);
    for (const bench::Subject& subject : subjects) {
      if (!app.got_subcommand(subject.name)) continue;
      bench::Report report = subject.run(settings);
      if (!settings.steps) std::cout << (settings.json ? report.json() : report.text()) << '\n';
    }
    return 0;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
