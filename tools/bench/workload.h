// What heed-bench measures, and how each thing it measures is told to it.
//
// Invariant: a workload says what it is; only measure.cpp takes times, and only report.cpp prints.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flags.h"
#include "heed/driver/compile.h"
#include "heed/runtime/runner.h"
#include "llvm/Support/JSON.h"
#include "report.h"

namespace heed::bench {

/// What every subcommand is told.
struct Settings {
  Options options;
  std::string target = "cpu";
  double seconds = 1;
  bool json = false;
  bool check = false;  // the error against f64, no times
  bool steps = false;  // measure at the word of whoever writes to stdin, see serve() in measure.cpp
  std::string save;    // a .safetensors file for inputs, weights and results
};

/// What it is held against: products and sums on registers, of f32, of bf16, or of f32 in tf32; reading memory, or
/// copying it.
enum class Limit { fma, bf16, tf32, read, copy };

/// Whether f32 may be multiplied in tf32.
inline bool inTf32(const Settings& settings) { return settings.options.target.features.ends_with("+tf32"); }

/// That of products of numbers of a type. A GPU multiplies f16 as fast as bf16.
inline Limit productsOf(const std::string& dtype, const Settings& settings) {
  bool narrow = dtype == "bf16" || (dtype == "f16" && settings.options.target.kind == "cuda");
  return narrow ? Limit::bf16 : dtype == "f32" && inTf32(settings) ? Limit::tf32 : Limit::fma;
}

/// Throws heed::Error where the target says that weights may be read in few bits, which what is so called has not.
void requireNoFewBits(const std::string& name, const Settings& settings);

/// How many bytes of the weights its products need not read for having them in few bits.
double bytesSaved(const Executable& executable, const std::vector<NamedArray>& weights);

/// What a product in tf32 moves by, relative: each factor is rounded to 11 bits.
constexpr double tf32Product = 0x1p-10 + 0x1p-22;

/// The largest error, and the element of the result that has it where that is known.
struct Deviation {
  double size = 0;
  std::int64_t at = -1;
  Deviation(double size = 0) : size(size) {}  // not explicit: most know the size alone
  void meet(double error, std::int64_t element) {
    if (error <= size || std::isnan(size)) return;  // a NaN is the largest
    size = error, at = element;
  }
};

struct Workload {
  std::string name;
  Fields shape;
  std::shared_ptr<const Executable> executable;
  std::vector<AnyArray> inputs{};
  std::vector<NamedArray> weights{};

  Limit limit = Limit::fma;
  double flops = 0;                  // of one call
  double bytes = 0;                  // that one call has to move
  std::vector<ArrayView> traffic{};  // the arrays that are read or copied: bandwidth is measured on these

  /// The largest error against f64; it runs what it needs.
  std::function<Deviation(Runner&)> error{};
  double tolerance = 0;

  /// For what remembers: to where the first call starts, and to where each call starts.
  std::function<void(Runner&)> begin{}, rewind{};

  /// What is timed beside it in the same rounds.
  std::string rival_name{};
  std::function<void()> rival{};
};

/// A subcommand.
struct Subject {
  std::string name, title;
  std::function<void(Flags&)> flags;
  std::function<Report(const Settings&)> run;
  std::vector<std::string> settings{};  // which of the options of all workloads it takes; if empty, all
};

Report measure(const Workload& workload, const Settings& settings);

/// For CPUs: the share of the peak that each of the workloads reaches, round by round; in each round all have their
/// turn. Throws heed::Error where one is wrong. All have the same limit, fma or bf16.
std::vector<std::vector<double>> race(const std::vector<Workload>& workloads, const Settings& settings);

/// A subcommand whose options are a Shape: make(shape, settings) gives the workload.
template <class Shape, class Make>
Subject subject(std::string name, std::string title, Shape shape, void (*flags)(Shape&, Flags&), Make make) {
  auto own = std::make_shared<Shape>(std::move(shape));
  return {std::move(name), std::move(title), [own, flags](Flags& f) { flags(*own, f); },
          [own, make](const Settings& settings) { return measure(make(*own, settings), settings); }};
}

Subject attention();
Subject attentionDecode();
Subject gemm();
Subject norm();
Subject encoderLayer();
Subject encoder();
Subject gpt2Prefill();
Subject gpt2Decode();
Subject compileTime();
Subject limits();
Subject tune();

struct AttentionShape;
struct GemmShape;
Workload attentionWorkload(const AttentionShape& shape, const Settings& settings);
Workload gemmWorkload(const GemmShape& shape, const Settings& settings);

}  // namespace heed::bench
