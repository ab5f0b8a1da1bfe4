// How many threads, and whose.
//
// Invariant: a session's number of threads never changes; it is the number of scratch buffers it has.
// Read tests/runtime/session_test.cpp.
#pragma once

namespace heed {

/// `wanted` if positive, else HEED_THREADS, else the cores this process may use.
/// Throws heed::Error if either is not a whole number from 1 to 4096.
int threadCount(int wanted = 0);

/// One job for every worker; a plain pair, so that handing it over allocates nothing.
struct Job {
  void (*function)(void* context, int worker);
  void* context;
  void operator()(int worker) const { function(context, worker); }
};

/// The user's own threads. Inherit, give it to a Kernel or Session, keep it alive as long as them.
class ThreadPool {
 public:
  virtual ~ThreadPool() = default;
  /// The number of workers, at least 1; constant.
  virtual int workers() const = 0;
  /// Runs job(w) once for every w in [0, workers()), concurrently or not, and returns when all are done. A job takes
  /// tasks until there are none left, so a pool whose threads are busy may run fewer of them at the same time.
  virtual void run(Job job) = 0;
};

}  // namespace heed
