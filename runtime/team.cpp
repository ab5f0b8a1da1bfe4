// A gate that is open while the caller works: whoever passes it is counted in and out.
//
// Invariant: job_ changes only while the gate is closed and nobody is inside.
// Read tests/runtime/team_test.cpp.
#include "heed/runtime/team.h"

#include <chrono>
#include <string>
#include <system_error>

#include "heed/runtime/error.h"

namespace heed {
namespace {

constexpr std::uint32_t open = 1, one = 2;

/// Regions of a model follow each other within microseconds; waking a thread takes some tens of them.
constexpr std::chrono::microseconds awake{200};

void pause() {
#ifdef __x86_64__
  __builtin_ia32_pause();
#endif
}

/// Waits until value is not `old`: awake for a moment, then asleep.
void await(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  const auto end = std::chrono::steady_clock::now() + awake;
  do {
    for (int turn = 0; turn < 64; ++turn) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(int size) {
  try {
    for (int worker = 1; worker < size; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
  } catch (const std::system_error&) {
    const std::string started = std::to_string(threads_.size() + 1);
    stop();
    throw Error("threads", std::to_string(size) + " wanted", "the system gave " + started, "use fewer");
  }
}

Team::~Team() { stop(); }

void Team::stop() {
  ends_ = true;
  region_.fetch_add(1, std::memory_order_release);
  region_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(Job job) {
  job_ = job;
  gate_.store(open, std::memory_order_release);
  region_.fetch_add(1, std::memory_order_release);
  region_.notify_all();
  job(0);
  std::uint32_t inside = gate_.fetch_sub(open, std::memory_order_acq_rel) - open;
  while (inside != 0) {
    await(gate_, inside);
    inside = gate_.load(std::memory_order_acquire);
  }
}

void Team::serve(int worker) {
  std::uint32_t seen = 0;
  for (;;) {
    await(region_, seen);
    seen = region_.load(std::memory_order_acquire);
    if (ends_) return;
    std::uint32_t gate = gate_.load(std::memory_order_acquire);
    while ((gate & open) && !gate_.compare_exchange_weak(gate, gate + one, std::memory_order_acq_rel)) {
    }
    if (!(gate & open)) continue;  // too late
    job_(worker);
    if (gate_.fetch_sub(one, std::memory_order_acq_rel) == one) gate_.notify_one();
  }
}

}  // namespace heed
