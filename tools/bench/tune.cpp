// tune: the tiles of each line of the CPU's table against each other; those that win are kept in HEED_CACHE.
//
// What wins by less than the noise, or not in both of two races, does not win: then the first tile stays. For the
// second race all is made anew, so that it lies elsewhere in memory.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "attention_shape.h"
#include "gemm_shape.h"
#include "heed/driver/cache.h"
#include "heed/driver/environment.h"
#include "heed/runtime/error.h"
#include "heed/runtime/processor.h"
#include "llvm/ADT/STLExtras.h"
#include "workload.h"

namespace heed::bench {
namespace {

using codegen::Tiled;
using codegen::TileLine;

constexpr double noise = 1.02;

/// What a line is measured on.
struct Case {
  std::string name;
  std::function<Workload(const Settings&)> make;
};

Case attentionCase(std::int64_t heads, std::int64_t seq, std::int64_t depth, const std::string& mask,
                   const std::string& dtype) {
  AttentionShape shape{.heads = heads, .seq = seq, .depth = depth, .mask = mask, .dtype = dtype};
  return {(mask == "none" ? "" : mask + " ") + std::to_string(seq) + "x" + std::to_string(depth),
          [shape](const Settings& settings) { return attentionWorkload(shape, settings); }};
}

Case productCase(std::int64_t m, std::int64_t n, std::int64_t k, const std::string& dtype) {
  GemmShape shape{.m = m, .n = n, .k = k, .dtype = dtype};
  return {std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k),
          [shape](const Settings& settings) { return gemmWorkload(shape, settings); }};
}

std::vector<Case> casesOf(Tiled what) {
  const bool narrow = what >= Tiled::productsOfPairs;
  const std::string dtype = narrow ? "bf16" : "f32";
  switch (what) {
    case Tiled::attention:
      return {attentionCase(4, 1024, 64, "none", dtype), attentionCase(8, 384, 64, "none", dtype),
              attentionCase(8, 512, 32, "none", dtype)};
    case Tiled::deepAttention:
      return {attentionCase(2, 1024, 128, "none", dtype), attentionCase(4, 384, 128, "none", dtype),
              attentionCase(4, 512, 96, "none", dtype)};
    case Tiled::matrices:
      return {attentionCase(8, 1024, 64, "none", dtype), attentionCase(8, 1024, 128, "none", dtype)};
    case Tiled::maskedAttention:
    case Tiled::maskedMatrices:
      return {attentionCase(4, 1024, 64, "causal", dtype), attentionCase(4, 1024, 128, "causal", dtype),
              attentionCase(4, 1024, 64, "window:256", dtype)};
    case Tiled::products:
    case Tiled::productsOfPairs:
      return {productCase(1024, 1024, 1024, dtype), productCase(128, 3072, 768, dtype),
              productCase(50, 1024, 2048, dtype)};
  }
  return {};
}

double median(std::vector<double> x) {
  auto middle = x.begin() + std::ptrdiff_t(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

/// What one tile did: case by case the share of the peak; and of each race how much more than the first tile, all cases
/// together.
struct Outcome {
  std::vector<double> shares;
  std::array<double, 2> gains{1, 1};

  double gain() const { return std::sqrt(gains[0] * gains[1]); }
  bool wins() const { return gain() > noise && gains[0] > 1 && gains[1] > 1; }
};

std::vector<Workload> workloadsOf(const Case& one, const TileLine& line, std::size_t place, const Settings& settings,
                                  const codegen::Target& target) {
  std::vector<Workload> all;
  for (std::size_t n = 0; n < line.size(); ++n) {
    std::string digits(target.tileLines().size(), '0');
    digits[place] = char('0' + n);
    Settings own = settings;
    own.options.target.features = target.name + codegen::byTiles.str() + digits;
    all.push_back(one.make(own));
  }
  return all;
}

std::vector<Outcome> outcomes(const std::vector<Case>& cases, const TileLine& line, std::size_t place,
                              const Settings& settings, const codegen::Target& target) {
  std::vector<Outcome> all(line.size());
  for (const Case& one : cases) {
    std::vector<std::vector<Workload>> made;  // those of the first race stay where they are
    std::vector<std::vector<double>> shares(line.size());
    for (std::size_t number : {0, 1}) {
      made.push_back(workloadsOf(one, line, place, settings, target));
      const auto rounds = race(made.back(), settings);
      for (std::size_t n = 0; n < line.size(); ++n) {
        std::vector<double> ratios;
        for (auto [own, first] : llvm::zip(rounds[n], rounds[0])) ratios.push_back(own / first);
        all[n].gains[number] *= std::pow(median(ratios), 1. / double(cases.size()));
        shares[n].insert(shares[n].end(), rounds[n].begin(), rounds[n].end());
      }
    }
    for (auto [outcome, of] : llvm::zip(all, shares)) outcome.shares.push_back(median(of));
  }
  return all;
}

std::size_t chosen(const std::vector<Outcome>& all) {
  std::size_t best = 0;
  for (std::size_t n = 1; n < all.size(); ++n)
    if (all[n].wins() && all[n].gain() > all[best].gain()) best = n;
  return best;
}

/// A line for whoever waits.
std::string said(const TileLine& line, const std::vector<Outcome>& all) {
  const std::size_t best = chosen(all);
  const std::string why = all.size() == 1 ? "the only one"
                          : best == 0     ? "the usual one"
                                          : format("x %.3f", all[best].gain());
  return line.name.str() + ": " + line.describe(best) + ", " + why;
}

llvm::json::Value told(const TileLine& line, const std::vector<Case>& cases, const std::vector<Outcome>& all,
                       std::string& text) {
  llvm::json::Array shapes, tiles;
  text += "\n  " + line.name.str() + ":";
  for (const Case& one : cases) {
    text += (shapes.empty() ? " " : ", ") + one.name;
    shapes.push_back(one.name);
  }
  for (std::size_t n = 0; n < line.size(); ++n) {
    text += format("\n  %c %zu %-46s", n == chosen(all) ? '*' : ' ', n, line.describe(n).c_str());
    for (double share : all[n].shares) text += format("  %.3f", share);
    text += format("  x %.3f, %.3f", all[n].gains[0], all[n].gains[1]);
    tiles.push_back(llvm::json::Object{{"tile", line.describe(n)},
                                       {"fractions_of_peak", llvm::json::Array(all[n].shares)},
                                       {"gains", llvm::json::Array(all[n].gains)}});
  }
  return llvm::json::Object{{"name", line.name},
                            {"shapes", std::move(shapes)},
                            {"chosen", std::int64_t(chosen(all))},
                            {"tiles", std::move(tiles)}};
}

codegen::Target targetOf(const Settings& settings) {
  auto refuse = [&](const std::string& required) {
    throw Error("heed-bench tune", "--target=" + settings.target + " was given", required, "cpu is what this CPU has");
  };
  if (settings.options.target.kind != "cpu") refuse("the tiles are a CPU's: a cpu target is required");
  if (settings.options.target.features.find('+') != std::string::npos)
    refuse("the tiles serve all of an instruction set: its name alone is required");
  codegen::Target target = *codegen::targetFor(settings.options.target.features);
  if (!target.runsHere) refuse("an instruction set of this CPU is required");
  return target;
}

Report run(Settings settings) {
  const codegen::Target target = targetOf(settings);
  const std::string folder = readEnvironment().cache;
  if (folder.empty())
    throw Error("heed-bench tune", "HEED_CACHE is not set", "the folder that keeps what is chosen is required",
                "HEED_CACHE=$HOME/.cache/heed heed-bench tune");
  const Cache cache(folder);
  unsetenv("HEED_CACHE");                                            // code that is only measured need not be kept
  settings.seconds /= 2;                                             // of each race
  settings.options.threads = std::max(settings.options.threads, 1);  // caches are a core's

  Report report;
  report.add("workload", "tune", "tune");
  report.add("isa", target.name, "isa=" + target.name);
  report.add("cpu", processorName(), "\n  " + processorName());
  report.add("threads", settings.options.threads);
  std::string digits, text;
  llvm::json::Array lines;
  for (auto [place, line] : llvm::enumerate(target.tileLines())) {
    if (isatty(STDERR_FILENO))
      std::cerr << "\r\033[K" << place << "/" << target.tileLines().size() << " " << line.name.str();
    const std::vector<Case> cases = line.size() > 1 ? casesOf(Tiled(place)) : std::vector<Case>();
    const std::vector<Outcome> all = outcomes(cases, line, place, settings, target);
    if (isatty(STDERR_FILENO)) std::cerr << "\r\033[K";
    std::cerr << said(line, all) << std::endl;
    digits += char('0' + chosen(all));
    lines.push_back(told(line, cases, all, text));
  }
  cache.keepTiles(target, digits);
  if (cache.tiles(target) != digits)
    throw Error("heed-bench tune", "nothing can be kept in " + folder, "a folder with room is required");
  report.add("lines", std::move(lines), text);
  report.add("tiles", digits, "\n  kept in " + folder + ": " + target.name + codegen::byTiles.str() + digits);
  return report;
}

}  // namespace

Subject tune() {
  return {"tune",
          "the tiles of this CPU's table against each other; HEED_CACHE keeps those that win",
          [](Flags&) {},
          [](const Settings& settings) { return run(settings); },
          {"--threads", "--target", "--seconds", "--json"}};
}

}  // namespace heed::bench
