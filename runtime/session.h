// What one caller of compiled code owns: arena, scratch, threads, cancellation.
//
// Invariant: memory only grows, and only when a call needs more than any before it; otherwise a call allocates nothing
// and takes no lock. One session serves one call at a time (checked); cancel() alone may come from any thread.
// Read tests/runtime/session_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>

#include "heed/runtime/abi.h"
#include "heed/runtime/device.h"
#include "heed/runtime/executable.h"
#include "heed/runtime/team.h"
#include "heed/runtime/threads.h"

namespace heed {

class DeviceSession;

class Session {
 public:
  /// threads: 0 means HEED_THREADS, else all cores. A pool, if given, brings its own number and must outlive us.
  explicit Session(int threads = 0, ThreadPool* pool = nullptr);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int threads() const { return threads_; }
  ThreadPool* pool() const { return pool_; }

  /// One caller's turn, from checking the arguments to the results. Throws heed::Error if another turn is going on.
  class Turn {
   public:
    explicit Turn(Session& session);
    ~Turn() { session_.busy_.store(false, std::memory_order_release); }
    Turn(const Turn&) = delete;

   private:
    Session& session_;
  };

  /// Calls the executable with descriptors that are already checked. Throws heed::Error "cancelled" after a cancel(),
  /// and what a task threw.
  void call(const Executable& executable, void** arguments);

  /// Packs a parameter, as abi::Pack says. Throws what call() throws: then the memory is not filled.
  std::int64_t pack(const Executable& executable, std::int64_t argument, void* weight, void* memory);

  /// Ends the call that is running (or else the next one) after the tasks that are under way; results are undefined.
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

  /// Grown memory so far: how many times, and how much there is now. A call of a known shape leaves both as they are.
  struct Memory {
    std::int64_t allocations = 0;
    std::int64_t bytes = 0;
  };
  Memory memory() const { return {allocations_, arena_.size + shared_.size + scratch_.size}; }

  /// The device side; made by `open` when it is first asked for.
  DeviceSession& device(const DeviceFactory& open);
  /// The same if there is one, else null.
  DeviceSession* device() { return device_.get(); }
  /// What a device keeps between calls must be copied there again.
  void parametersChanged();
  void statesBegun();

  /// The services of abi.h; compiled code reaches them as heed_arena, heed_shared, heed_parallel and heed_launch, and
  /// threads() as heed_workers. Not from within a task. They throw heed::Error when memory runs out, so an entry must
  /// be code that can be unwound.
  void* arena(std::int64_t bytes);
  void* shared(std::int64_t bytes);
  void parallel(std::int64_t tasks, std::int64_t scratch_bytes, abi::Task task, void* captures);
  void launch(const Launch& launch);
  void encode(const TensorMap& map, void* to);

  /// See Device::replay. Throws heed::Error where no call was made, or code runs on the CPU.
  double replay(int times);
  /// See Device::explain; nothing where no call ran on a device.
  std::string explain();

 private:
  struct Block {
    void* data = nullptr;
    std::int64_t size = 0;
  };
  struct Loop;
  void grow(Block& block, std::int64_t bytes);
  template <class Body>
  void cancellable(Body body);

  const int threads_;
  ThreadPool* const pool_;
  Block arena_, shared_, scratch_;
  std::unique_ptr<Team> team_;  // without a pool: from the first region on that has several tasks
  std::unique_ptr<DeviceSession> device_;
  std::int64_t allocations_ = 0;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> busy_{false};
};

}  // namespace heed
