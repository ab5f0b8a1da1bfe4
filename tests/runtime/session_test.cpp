// Arena, scratch, threads, pools, cancellation: what compiled code may rely on.
#include "heed/runtime/session.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "allocations.h"
#include "axes.h"
#include "heed/runtime/abi.h"

namespace heed::testing {
namespace {

/// Runs `f(task, scratch)` as compiled code would run a task.
template <class F>
void parallel(Session& session, std::int64_t tasks, std::int64_t scratch, F&& f) {
  abi::heed_parallel(
      &session, tasks, scratch,
      [](void* captures, std::int64_t t, void* mine) { (*static_cast<F*>(captures))(t, mine); }, &f);
}
Executable make(Executable::Call call) {
  Executable executable;
  executable.call = std::move(call);
  return executable;
}

TEST(Session, runsEveryTaskOnce) {
  for (int threads : {1, 2, 5}) {
    Session session(threads);
    for (std::int64_t tasks : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> runs(tasks);
      parallel(session, tasks, 0, [&](std::int64_t t, void*) { ++runs[t]; });
      for (auto& n : runs) EXPECT_EQ(n, 1);
    }
  }
}

TEST(Session, tasksStartInAscendingOrder) {
  Session session(1);
  std::vector<std::int64_t> order;
  parallel(session, 100, 0, [&](std::int64_t t, void*) { order.push_back(t); });
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Session, scratchIsAlignedAndPrivate) {
  Session session(4);
  parallel(session, 400, 1000, [&](std::int64_t t, void* scratch) {
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(scratch) % 64, 0u);
    auto* bytes = static_cast<unsigned char*>(scratch);
    std::memset(bytes, static_cast<int>(t), 1000);
    std::this_thread::yield();
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(bytes[i], static_cast<unsigned char>(t));
  });
}

TEST(Session, theArenaGrowsOnlyForMore) {
  Session session(1);
  void* small = abi::heed_arena(&session, 100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small) % 64, 0u);
  abi::heed_arena(&session, 1 << 20);
  const auto grown = session.memory();
  abi::heed_arena(&session, 1 << 20);
  abi::heed_arena(&session, 0);
  EXPECT_EQ(session.memory().allocations, grown.allocations);
  EXPECT_EQ(session.memory().bytes, grown.bytes);
  EXPECT_EQ(grown.allocations, 2);
}

TEST(Session, whatTasksShareIsNeitherTheArenaNorTheirScratch) {
  Session session(2);
  constexpr int words = 1000, tasks = 8;
  auto* arena = static_cast<int*>(abi::heed_arena(&session, words * sizeof(int)));
  auto* shared = static_cast<int*>(abi::heed_shared(&session, words * tasks * sizeof(int)));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(shared) % 64, 0u);
  std::fill_n(arena, words, -1);
  parallel(session, tasks, words * sizeof(int), [&](std::int64_t t, void* scratch) {
    std::fill_n(static_cast<int*>(scratch), words, -2);
    std::fill_n(shared + t * words, words, int(t));
  });
  for (int i = 0; i < words * tasks; ++i) ASSERT_EQ(shared[i], i / words);
  const auto grown = session.memory();
  EXPECT_EQ(abi::heed_shared(&session, 100), shared);
  EXPECT_EQ(session.memory().bytes, grown.bytes);
}

TEST(Session, tellsHowManyWorkersThereAre) {
  for (int threads : {1, 3}) {
    Session session(threads);
    EXPECT_EQ(abi::heed_workers(&session), threads);
  }
}

TEST(Session, memoryThatIsNotThereIsAnError) {
  Session session(1);
  EXPECT_EQ(
      errorOf([&] { abi::heed_arena(&session, 1ll << 60); }),
      "memory: 1152921504606846976 bytes of working memory were wanted; the system must have as much; use smaller "
      "extents or fewer threads");
  abi::heed_arena(&session, 64);
}

TEST(Session, aKnownShapeAllocatesNothing) {
  Session session(2);
  auto executable = make([](Session& s, void**) {
    s.arena(1 << 16);
    parallel(s, 64, 1 << 12, [](std::int64_t, void*) {});
  });
  session.call(executable, nullptr);
  const auto before = allocations();
  for (int i = 0; i < 10; ++i) session.call(executable, nullptr);
  EXPECT_EQ(allocations(), before);
}

TEST(Session, whatATaskThrowsComesOut) {
  for (int threads : {1, 3}) {
    Session session(threads);
    auto executable = make([](Session& s, void**) {
      parallel(s, 100, 0, [](std::int64_t t, void*) {
        if (t == 7) throw Error("task seven");
      });
    });
    EXPECT_EQ(errorOf([&] { session.call(executable, nullptr); }), "task seven");
    EXPECT_EQ(errorOf([&] { session.call(make([](Session&, void**) {}), nullptr); }), "");
  }
}

TEST(Session, cancelEndsALongCall) {
  Session session(2);
  std::atomic<std::int64_t> done{0};
  auto executable = make([&](Session& s, void**) {
    parallel(s, 1'000'000'000, 0, [&](std::int64_t, void*) {
      ++done;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    });
  });
  std::thread other([&] {
    while (done < 10) std::this_thread::yield();
    session.cancel();
  });
  EXPECT_EQ(errorOf([&] { session.call(executable, nullptr); }),
            "cancelled: cancel() came before the call was done; its results are undefined; call it again");
  other.join();
  EXPECT_EQ(errorOf([&] { session.call(make([](Session&, void**) {}), nullptr); }), "");
}

TEST(Session, servesOneTurnAtATime) {
  Session session(1);
  Session::Turn turn(session);
  EXPECT_EQ(
      errorOf([&] { Session::Turn second(session); }),
      "session: a second call while the first is running; one session serves one call at a time; copy the kernel: "
      "the copy has a session of its own");
}

/// One thread per worker, started anew each time.
struct Threads : ThreadPool {
  int count, runs = 0;
  explicit Threads(int count) : count(count) {}
  int workers() const override { return count; }
  void run(Job job) override {
    ++runs;
    std::vector<std::thread> threads;
    for (int w = 0; w < count; ++w) threads.emplace_back([=] { job(w); });
    for (auto& t : threads) t.join();
  }
};
/// Runs all workers one after another on the caller's thread.
struct Serial : ThreadPool {
  int workers() const override { return 3; }
  void run(Job job) override {
    for (int w = 0; w < 3; ++w) job(w);
  }
};

TEST(Pool, theUsersThreadsRunTheTasks) {
  Threads pool(3);
  Session session(8, &pool);
  EXPECT_EQ(session.threads(), 3);
  std::vector<std::atomic<int>> runs(500);
  std::atomic<int> on_caller{0};
  const auto caller = std::this_thread::get_id();
  parallel(session, 500, 64, [&](std::int64_t t, void*) {
    ++runs[t];
    on_caller += std::this_thread::get_id() == caller;
  });
  for (auto& n : runs) EXPECT_EQ(n, 1);
  EXPECT_EQ(on_caller, 0);
  EXPECT_EQ(pool.runs, 1);
}

TEST(Pool, mayRunItsWorkersOneAfterAnother) {
  Serial pool;
  Session session(0, &pool);
  std::int64_t sum = 0;
  parallel(session, 100, 0, [&](std::int64_t t, void*) { sum += t; });
  EXPECT_EQ(sum, 99 * 100 / 2);
}

TEST(Pool, needsAWorker) {
  Threads none(0);
  EXPECT_EQ(errorOf([&] { Session session(1, &none); }),
            "pool: 0 workers; at least 1 is required; return a count from workers()");
}

struct WithThreads {
  explicit WithThreads(const char* value) { setenv("HEED_THREADS", value, 1); }
  ~WithThreads() { unsetenv("HEED_THREADS"); }
};

TEST(Threads, comeFromTheCallTheVariableOrTheMachine) {
  unsetenv("HEED_THREADS");
  cpu_set_t cores;
  ASSERT_EQ(sched_getaffinity(0, sizeof cores, &cores), 0);
  EXPECT_EQ(threadCount(), CPU_COUNT(&cores));
  WithThreads variable("3");
  EXPECT_EQ(threadCount(), 3);
  EXPECT_EQ(Session().threads(), 3);
  EXPECT_EQ(threadCount(5), 5);
}

TEST(Threads, aVariableThatIsNoCountIsAnError) {
  for (const char* value : {"0", "-1", "many", "2x", " 2", "", "99999999999"}) {
    WithThreads variable(value);
    EXPECT_EQ(errorOf([] { threadCount(); }),
              "HEED_THREADS: \"" + std::string(value) +
                  "\"; a whole number of threads from 1 to 4096 is required; leave it out to use all cores");
  }
  EXPECT_EQ(errorOf([] { threadCount(-2); }),
            "threads: \"-2\"; a whole number of threads from 1 to 4096 is required; leave it out to use all cores");
}

}  // namespace
}  // namespace heed::testing
