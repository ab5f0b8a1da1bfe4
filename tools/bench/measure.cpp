// The one place where time is taken: the limit, then the workload, then the limit again, round after round.
#include <algorithm>
#include <cmath>
#include <deque>
#include <iostream>
#include <optional>

#include "../peak.h"
#include "arrays.h"
#include "device_limits.h"
#include "heed/runtime/error.h"
#include "heed/runtime/threads.h"
#include "heed/runtime/weights/weights.h"
#include "workload.h"

namespace heed::bench {
namespace {

double quantile(std::vector<double> x, double q) {
  auto at = x.begin() + std::ptrdiff_t(q * double(x.size() - 1) + 0.5);
  std::nth_element(x.begin(), at, x.end());
  return *at;
}
double median(const std::vector<double>& x) { return quantile(x, 0.5); }

/// The rates that a workload is held against, in Gflop/s and GB/s.
class Ceiling {
 public:
  Ceiling(const Workload& w, int threads, bool device)
      : workload_(w), threads_(threads), isa_(w.executable->statistics.target) {
    if (device) device_.emplace();
    if (device) return;
    // What is smaller than a line for each thread has no bandwidth of its own.
    for (const ArrayView& view : w.traffic) {
      const std::int64_t sizes[] = {std::max(byteSize(view.dtype, view.extents()), std::int64_t{4096} * threads)};
      bool small = sizes[0] > byteSize(view.dtype, view.extents());
      from_.push_back(small ? AnyArray(DType::i1, sizes) : AnyArray(view));
      to_.push_back(w.limit == Limit::copy ? AnyArray(DType::i1, sizes) : AnyArray());
    }
  }

  bool moves() const { return workload_.limit == Limit::read || workload_.limit == Limit::copy; }
  double peak() {
    if (device_ && workload_.limit == Limit::tf32) return device_->tf32();
    if (device_) return workload_.limit == Limit::bf16 ? device_->narrow() : device_->fma();
    return workload_.limit == Limit::bf16 ? bf16Peak(isa_, threads_, 2e-3) : fmaPeak(isa_, threads_, 2e-3);
  }
  double bandwidth() {
    if (device_) return workload_.limit == Limit::read ? device_->read() : device_->copy();
    double bytes = 0, time = 0;
    for (std::size_t i = 0; i < from_.size(); ++i) {
      const ArrayView& view = from_[i].view;
      double n = bytesOf(view), rate;
      if (workload_.limit == Limit::read) {
        rate = readBandwidth(view.data, std::int64_t(n), threads_, 2e-3);
      } else {
        rate = copyBandwidth(view.data, to_[i].view.data, std::int64_t(n), threads_, 2e-3);
        n *= 2;
      }
      bytes += n, time += n / rate;
    }
    return bytes / time;
  }

 private:
  const Workload& workload_;
  int threads_;
  std::string isa_;
  std::vector<AnyArray> from_, to_;
  std::optional<DeviceLimits> device_;
};

/// One caller of the workload, into memory of its own.
class Caller {
 public:
  Caller(const Workload& w, Runner& runner) : workload_(w), runner_(runner), inputs_(viewsOf(w.inputs)) {
    if (w.begin) w.begin(runner);
    rewind();
    results_ = runner.run(inputs_);
    views_ = viewsOf(results_);
  }
  void operator()() {
    rewind();
    runner_.run(inputs_, views_);
  }
  const std::vector<AnyArray>& results() const { return results_; }

 private:
  void rewind() {
    if (workload_.rewind) workload_.rewind(runner_);
  }
  const Workload& workload_;
  Runner& runner_;
  std::vector<ArrayView> inputs_, views_;
  std::vector<AnyArray> results_;
};

void keep(const std::string& path, const Workload& w, const Caller& caller) {
  const Signature& signature = w.executable->signature;
  Weights file;
  for (std::size_t i = 0; i < w.inputs.size(); ++i) file.add("input." + signature.inputs[i].name, w.inputs[i]);
  for (const auto& [name, array] : w.weights) file.add(name, array);
  for (std::size_t i = 0; i < caller.results().size(); ++i)
    file.add("result." + std::to_string(i), caller.results()[i]);
  save(path, file);
}

/// Seconds per call of `call`.
template <class Call>
double timed(Call&& call, int times, int threads) {
  double start = now(threads);
  for (int n = 0; n < times; ++n) call();
  return (now(threads) - start) / times;
}

/// Seconds of a call among so many.
using Timer = std::function<double(int times)>;

/// How many calls of `once` seconds fill so many.
int timesFor(double once, double seconds) { return int(std::clamp(seconds / std::max(once, 1e-7), 1., 1e6)); }

/// For a measurement beside other programs: says what it is, then for each number of seconds on stdin calls for so
/// long, and says how many seconds one call took. The first call is one of them where more would take too long.
void serve(const Timer& time, const Report& ready) {
  std::cout << ready.json() << std::endl;
  for (double seconds; std::cin >> seconds;) {
    const double once = time(1);
    std::cout << (once < seconds ? time(timesFor(once, seconds)) : once) << std::endl;
  }
}

/// What its error is.
Deviation requireRight(const Workload& w, Runner& runner) {
  Deviation error = w.error(runner);
  if (!(error.size <= w.tolerance))
    throw Error("heed-bench " + w.name,
                format("the error against f64 is %.2e, at element %lld of the result", error.size,
                       static_cast<long long>(error.at)),
                format("at most %.2e is possible", w.tolerance), "report it, with --dump");
  return error;
}

/// At least 5 ms of ours a round: shorter ones are noise.
constexpr double turn = 5e-3;

const char* nameOf(Limit limit) {
  const char* names[] = {"fma", "bf16", "tf32", "read", "copy"};
  return names[int(limit)];
}

}  // namespace

Report measure(const Workload& w, const Settings& settings) {
  if (w.weights.empty()) requireNoFewBits(w.name, settings);
  std::cerr << w.executable->explanation;  // before the target is asked for: it may not be here
  Runner runner(w.executable, settings.options.threads);
  if (!w.weights.empty()) runner.bindAll(w.weights);
  int threads = runner.session().threads();

  const bool device = settings.options.target.kind == "cuda";

  const Deviation error = requireRight(w, runner);
  Report report;
  report.add("workload", w.name, w.name);
  report.add(w.shape);
  report.add("threads", threads, "threads=" + std::to_string(threads));
  report.add("isa", w.executable->statistics.target, "isa=" + w.executable->statistics.target);
  report.add("target", settings.target);
  report.add("compile_ms", w.executable->statistics.compile_ms);
  report.add("max_error", error.size, settings.check ? format("error %.1e", error.size) : "");
  report.add("max_error_at", error.at);
  report.add("tolerance", w.tolerance);
  if (device) report.add("kernels", runner.explain());
  if (settings.check && settings.save.empty()) return report;

  Caller caller(w, runner);
  if (!settings.save.empty()) keep(settings.save, w, caller);
  if (settings.check) return report;
  Timer seconds = [&](int times) { return device ? runner.replay(times) : timed(caller, times, threads); };
  const Timer wall = device ? seconds : [&](int n) { return timed(caller, n, 2); };
  if (settings.steps) return serve(wall, report), Report();

  int times = timesFor(wall(1), turn);
  Ceiling ceiling(w, threads, device);
  std::vector<double> time, rival, speedup, peak, of_peak, bandwidth, of_bandwidth;
  for (double begin = now(2); now(2) - begin < settings.seconds || time.size() < 5;) {
    double peak_before = ceiling.peak(), moved_before = ceiling.moves() ? ceiling.bandwidth() : 0;
    time.push_back(seconds(times));
    if (ceiling.moves()) {
      bandwidth.push_back((moved_before + ceiling.bandwidth()) / 2);
      of_bandwidth.push_back(w.bytes / time.back() * 1e-9 / bandwidth.back());
    }
    peak.push_back((peak_before + ceiling.peak()) / 2);
    of_peak.push_back(w.flops / time.back() * 1e-9 / peak.back());
    if (w.rival) {
      rival.push_back(timed(w.rival, 1, threads));
      speedup.push_back(rival.back() / time.back());
    }
  }
  double p10 = quantile(time, 0.1), p90 = quantile(time, 0.9);
  report.add("median_s", median(time), format("\n  %.4f ms (%.4f .. %.4f)", median(time) * 1e3, p10 * 1e3, p90 * 1e3));
  report.add("p10_s", p10);
  report.add("p90_s", p90);
  report.add("rounds", std::int64_t(time.size()));
  report.add("limit", nameOf(w.limit));
  report.add("flops", w.flops);
  report.add("gflops", w.flops / median(time) * 1e-9);
  report.add("peak_gflops", median(peak));
  report.add(
      "fraction_of_peak", median(of_peak),
      format("%.1f Gflop/s of %.1f (%.3f of peak)", w.flops / median(time) * 1e-9, median(peak), median(of_peak)));
  if (ceiling.moves()) {
    double rate = w.bytes / median(time) * 1e-9;
    report.add("gbytes_per_s", rate);
    report.add("bandwidth_gbytes_per_s", median(bandwidth));
    report.add("fraction_of_bandwidth", median(of_bandwidth),
               format("%.1f GB/s of %.1f (%.3f of %s)", rate, median(bandwidth), median(of_bandwidth),
                      w.limit == Limit::read ? "reading" : "copying"));
  }
  const std::vector<double>& fraction = ceiling.moves() ? of_bandwidth : of_peak;
  double low = quantile(fraction, 0.1), high = quantile(fraction, 0.9);
  report.add("fraction", median(fraction));
  // What shares the machine slows a kernel that reads memory more than a limit out of registers.
  report.add("fraction_p10", low, high > 1.05 * low ? format("(%.3f .. %.3f from round to round)", low, high) : "");
  report.add("fraction_p90", high);
  if (w.rival) {
    report.add("rival", w.rival_name);
    report.add("rival_s", median(rival));
    report.add("speed_over_rival", median(speedup),
               format("%s %.3f ms (%.2f x)", w.rival_name.c_str(), median(rival) * 1e3, median(speedup)));
  }
  report.add("compile_ms", w.executable->statistics.compile_ms,
             format("compile %.0f ms", w.executable->statistics.compile_ms));
  report.add("max_error", error.size, format("error %.1e", error.size));
  report.add("arena_bytes", runner.session().memory().bytes);
  return report;
}

std::vector<std::vector<double>> race(const std::vector<Workload>& workloads, const Settings& settings) {
  struct Racer {
    Runner runner;
    Caller caller;
    int threads, times;
    std::vector<double> shares{};
    Racer(const Workload& w, int asked)
        : runner(ready(w, asked)), caller(w, runner), threads(runner.session().threads()) {
      times = timesFor(timed(caller, 1, 2), turn);
    }
    static Runner ready(const Workload& w, int threads) {
      Runner runner(w.executable, threads);
      if (!w.weights.empty()) runner.bindAll(w.weights);
      requireRight(w, runner);
      return runner;
    }
  };
  std::deque<Racer> racers;
  for (const Workload& w : workloads) racers.emplace_back(w, settings.options.threads);
  Ceiling ceiling(workloads[0], racers[0].threads, /*device=*/false);
  const double begin = now(2);
  for (std::size_t round = 0; round < 5 || now(2) - begin < settings.seconds; ++round) {
    double before = ceiling.peak();
    for (std::size_t n = 0; n < racers.size(); ++n) {
      const std::size_t at = (round + n) % racers.size();  // none is always the first
      Racer& racer = racers[at];
      const double time = timed(racer.caller, racer.times, racer.threads), after = ceiling.peak();
      racer.shares.push_back(workloads[at].flops / time * 1e-9 / ((before + after) / 2));
      before = after;
    }
  }
  std::vector<std::vector<double>> shares;
  for (Racer& racer : racers) shares.push_back(std::move(racer.shares));
  return shares;
}

}  // namespace heed::bench
