// compile: how long a graph takes from the tape to code that can be called, in a new process each time, without a cache
// and out of one.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "encoder.h"
#include "gpt2.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/error.h"
#include "workload.h"

namespace heed::bench {
namespace {

struct CompileShape {
  std::string graph = "attention";
  bool once = false;
};

void options(CompileShape& s, Flags& flags) {
  flags.choice("--graph", s.graph, {"attention", "encoder", "gpt2"}, "what to compile");
  flags.flag("--once", s.once, "compile it in this process and print the milliseconds");
}

/// Takes all cores but so many from this process: compiling has a thread for each part of a graph.
void keepCores(int count) {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &cores) && count-- <= 0) CPU_CLR(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

double once(const CompileShape& s, const Settings& settings) {
  if (settings.options.threads > 0) keepCores(settings.options.threads);
  auto time = [&](const GraphView& graph) { return compile(graph, settings.options)->statistics.compile_ms; };
  if (s.graph == "encoder") return time(encoderGraph(6, 384, 12, 1536));
  if (s.graph == "gpt2") return time(gpt2Graph(12, 768, 12, 50257));
  Sketch sketch;
  auto seq = sketch.axis("seq"), key = sketch.axis("key"), depth = sketch.axis("depth", 64),
       value = sketch.axis("value", 64);
  auto q = sketch.input("q", DType::f32, {seq, depth}), k = sketch.input("k", DType::f32, {key, depth}),
       v = sketch.input("v", DType::f32, {key, value});
  auto scores = sketch.pointwise("mul", {sketch.over("contract", {q, k}, {depth}), sketch.number(0.125)});
  sketch.results({sketch.over("contract", {sketch.over("softmax", {scores}, {key}), v}, {key})});
  return time(sketch.view());
}

/// What this program, started anew, prints for the graph; cache "": none.
double inNewProcess(const CompileShape& s, const Settings& settings, const std::string& cache) {
  std::string command = "HEED_CACHE='" + cache + "' '" + std::filesystem::read_symlink("/proc/self/exe").string() +
                        "' compile --once --graph=" + s.graph + " '--target=" + settings.target + "'";
  if (settings.options.threads > 0) command += " --threads=" + std::to_string(settings.options.threads);
  std::FILE* pipe = popen(command.c_str(), "r");
  double ms = -1;
  bool read = pipe && std::fscanf(pipe, "%lf", &ms) == 1;
  if (!pipe || pclose(pipe) != 0 || !read)
    throw Error("heed-bench compile", "a new process failed", "it must print a number", command);
  return ms;
}

struct Folder {
  std::string path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "heed-bench-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Error("heed-bench compile", "no folder " + name, "one for the cache is required");
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

Report run(const CompileShape& s, const Settings& settings) {
  if (s.graph == "attention") requireNoFewBits("compile", settings);
  Report report;
  if (s.once) {
    double ms = once(s, settings);
    report.add("compile_ms", ms, format("%.3f", ms));
    return report;
  }
  Folder cache;
  inNewProcess(s, settings, cache.path);
  std::vector<double> cold, cached;
  for (std::size_t begin = std::size_t(std::max(5., 4 * settings.seconds)); cold.size() < begin;) {
    cold.push_back(inNewProcess(s, settings, ""));
    cached.push_back(inNewProcess(s, settings, cache.path));
  }
  auto quantile = [](std::vector<double> x, double q) {
    std::sort(x.begin(), x.end());
    return x[std::size_t(q * double(x.size() - 1) + 0.5)];
  };
  report.add("workload", "compile", "compile");
  report.add("graph", s.graph, "graph=" + s.graph);
  report.add("target", settings.target);
  report.add("rounds", std::int64_t(cold.size()));
  for (auto& [name, times] : {std::pair("compile", cold), std::pair("cached", cached)}) {
    double middle = quantile(times, .5), low = quantile(times, .1), high = quantile(times, .9);
    report.add(std::string(name) + "_ms", middle, format("\n  %-8s %.2f ms (%.2f .. %.2f)", name, middle, low, high));
    report.add(std::string(name) + "_p10_ms", low);
    report.add(std::string(name) + "_p90_ms", high);
  }
  return report;
}

}  // namespace

Subject compileTime() {
  auto own = std::make_shared<CompileShape>();
  return {"compile",
          "a graph compiled in a new process, without a cache and out of one",
          [own](Flags& flags) { options(*own, flags); },
          [own](const Settings& settings) { return run(*own, settings); },
          {"--threads", "--target", "--seconds", "--json"}};
}

}  // namespace heed::bench
