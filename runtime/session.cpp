// Arena and parallel loop; the C functions that compiled code calls.
//
// Invariant: tasks are handed out in ascending order (longest first, if the code numbers them so), each exactly once.
// Read tests/runtime/session_test.cpp.
#include "heed/runtime/session.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "heed/runtime/device_session.h"
#include "heed/runtime/error.h"
#include "heed/runtime/memory.h"

namespace heed {
namespace {

// Workers' scratch begins on its own page: no cache line is shared, and each page is first touched by its worker.
constexpr std::int64_t page = 4096;

std::int64_t roundUp(std::int64_t bytes, std::int64_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

struct Session::Loop {
  std::int64_t tasks;
  std::int64_t stride;
  std::byte* scratch;
  abi::Task task;
  void* captures;
  std::atomic<bool>* stop;
  // On a line of its own: every worker writes it.
  alignas(64) std::atomic<std::int64_t> next{0};
  alignas(64) std::atomic<bool> failed{false};
  std::exception_ptr failure{};

  void work(int worker) {
    void* mine = scratch + worker * stride;
    try {
      while (!stop->load(std::memory_order_relaxed) && !failed.load(std::memory_order_relaxed)) {
        const std::int64_t t = next.fetch_add(1, std::memory_order_relaxed);
        if (t >= tasks) return;
        task(captures, t, mine);
      }
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
};

Session::Session(int threads, ThreadPool* pool) : threads_(pool ? pool->workers() : threadCount(threads)), pool_(pool) {
  if (threads_ < 1)
    throw Error("pool", std::to_string(threads_) + " workers", "at least 1 is required",
                "return a count from workers()");
}

Session::~Session() {
  std::free(arena_.data);
  std::free(shared_.data);
  std::free(scratch_.data);
}

Session::Turn::Turn(Session& session) : session_(session) {
  if (session.busy_.exchange(true, std::memory_order_acquire))
    throw Error("session", "a second call while the first is running", "one session serves one call at a time",
                "copy the kernel: the copy has a session of its own");
}

template <class Body>
void Session::cancellable(Body body) {
  struct Reset {
    std::atomic<bool>& flag;
    ~Reset() { flag.store(false, std::memory_order_relaxed); }
  } reset{cancelled_};
  body();
  if (cancelled_.load(std::memory_order_relaxed))
    throw Error("cancelled", "cancel() came before the call was done", "its results are undefined", "call it again");
}

void Session::call(const Executable& executable, void** arguments) {
  cancellable([&] { executable.call(*this, arguments); });
}

std::int64_t Session::pack(const Executable& executable, std::int64_t argument, void* weight, void* memory) {
  std::int64_t bytes = 0;
  cancellable([&] { bytes = executable.pack(*this, argument, weight, memory); });
  return bytes;
}

void Session::grow(Block& block, std::int64_t bytes) {
  if (bytes <= block.size) return;
  std::free(block.data);
  block = {};
  block.data = reserve(bytes, page);
  if (!block.data)
    throw Error("memory", std::to_string(bytes) + " bytes of working memory were wanted",
                "the system must have as much", "use smaller extents or fewer threads");
  block.size = bytes;
  ++allocations_;
}

DeviceSession& Session::device(const DeviceFactory& open) {
  if (!device_) device_ = std::make_unique<DeviceSession>(open());
  return *device_;
}

void Session::parametersChanged() {
  if (device_) device_->forgetParameters();
}

void Session::statesBegun() {
  if (device_) device_->forgetStates();
}

void Session::launch(const Launch& launch) {
  if (launch.blocks > 0) device_->launch(launch);
}

void Session::encode(const TensorMap& map, void* to) { device_->device().encode(map, to); }

double Session::replay(int times) {
  if (!device_)
    throw Error("replay", "no call has run on a device yet", "what is run again are a call's kernels there",
                "call it first");
  return device_->replay(times);
}

std::string Session::explain() { return device_ ? device_->explain() : ""; }

void* Session::arena(std::int64_t bytes) {
  if (device_) return device_->arena(bytes);
  grow(arena_, std::max(bytes, page));
  return arena_.data;
}

void* Session::shared(std::int64_t bytes) {
  if (device_) return device_->shared(bytes);
  grow(shared_, std::max(bytes, page));
  return shared_.data;
}

void Session::parallel(std::int64_t tasks, std::int64_t scratch_bytes, abi::Task task, void* captures) {
  if (tasks <= 0) return;
  const std::int64_t stride = roundUp(std::max<std::int64_t>(scratch_bytes, 1), page);
  grow(scratch_, stride * threads_);
  Loop loop{tasks, stride, static_cast<std::byte*>(scratch_.data), task, captures, &cancelled_};
  if (tasks == 1 || threads_ == 1) {
    loop.work(0);
  } else {
    const Job job{[](void* context, int worker) { static_cast<Loop*>(context)->work(worker); }, &loop};
    if (!pool_ && !team_) team_ = std::make_unique<Team>(threads_);
    pool_ ? pool_->run(job) : team_->run(job);
  }
  if (loop.failure) std::rethrow_exception(loop.failure);
}

namespace abi {

void* heed_arena(void* session, std::int64_t bytes) { return static_cast<Session*>(session)->arena(bytes); }

void* heed_shared(void* session, std::int64_t bytes) { return static_cast<Session*>(session)->shared(bytes); }

std::int64_t heed_workers(void* session) { return static_cast<Session*>(session)->threads(); }

void heed_parallel(void* session, std::int64_t tasks, std::int64_t scratch_bytes, Task task, void* captures) {
  static_cast<Session*>(session)->parallel(tasks, scratch_bytes, task, captures);
}

void heed_tensor_map(void* session, void* to, std::int64_t bf16, std::int64_t rank, std::int64_t address,
                     const std::int64_t* sizes, const std::int64_t* strides, const std::int64_t* box) {
  static_cast<Session*>(session)->encode({bf16 != 0, rank, address, sizes, strides, box}, to);
}

void heed_launch(void* session, const void* image, const char* kernel, std::int64_t blocks, std::int64_t threads,
                 std::int64_t shared_bytes, const void* record, std::int64_t record_bytes) {
  static_cast<Session*>(session)->launch({image, kernel, blocks, threads, shared_bytes, record, record_bytes});
}

}  // namespace abi
}  // namespace heed
