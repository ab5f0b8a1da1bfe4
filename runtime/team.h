// The threads of a session: they wait for the next region awake for a moment, then asleep.
//
// Invariant: a region ends when the caller and every thread that came have no task left; a thread that the system did
// not run in time is not waited for. (A barrier waits for all: with other work on the machine it took ten times as
// long.) Threads live as long as the team.
// Read tests/runtime/team_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "heed/runtime/threads.h"

namespace heed {

class Team {
 public:
  /// `size` threads, the caller's among them. Throws heed::Error where the system has not as many.
  explicit Team(int size);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Runs job(0) on the caller's thread and job(w), 0 < w < size, on those of the others that come before that is done.
  /// For jobs that take tasks until there are none left, and do not throw.
  void run(Job job);

 private:
  void serve(int worker);
  void stop();

  Job job_{};
  // The least bit: whether threads may enter; above it how many are inside.
  alignas(64) std::atomic<std::uint32_t> gate_{0};
  alignas(64) std::atomic<std::uint32_t> region_{0};  // how many have begun
  std::atomic<bool> ends_{false};
  std::vector<std::thread> threads_;
};

}  // namespace heed
