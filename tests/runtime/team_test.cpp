// Every task is done once, whoever comes; threads that sleep are woken; nobody is inside when run() returns.
#include "heed/runtime/team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace heed::testing {
namespace {

struct Tasks {
  std::vector<std::atomic<int>> runs;
  std::atomic<int> next{0}, inside{0};
  std::atomic<unsigned> workers{0};
  std::chrono::microseconds each{0};
  explicit Tasks(int count) : runs(count) {}

  void run(Team& team) {
    team.run({[](void* context, int worker) { static_cast<Tasks*>(context)->work(worker); }, this});
    EXPECT_EQ(inside, 0);
    for (auto& n : runs) EXPECT_EQ(n, 1);
  }
  void work(int worker) {
    ++inside;
    workers |= 1u << worker;
    for (int t; (t = next++) < int(runs.size()); ++runs[t]) std::this_thread::sleep_for(each);
    --inside;
  }
};

TEST(Team, doesEveryTaskOnce) {
  for (int size : {1, 2, 5}) {
    Team team(size);
    for (int turn = 0; turn < 2000; ++turn) Tasks(turn % 7).run(team);
  }
}

TEST(Team, allComeWhereThereIsEnoughToDo) {
  Team team(3);
  for (auto pause : {0, 5}) {  // awake; asleep
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    Tasks tasks(300);
    tasks.each = std::chrono::microseconds(1000);
    tasks.run(team);
    EXPECT_EQ(tasks.workers, 7u);
  }
}

TEST(Team, endsWhileItsThreadsSleepOrWait) {
  for (auto pause : {0, 1}) {
    Team team(4);
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
  }
}

}  // namespace
}  // namespace heed::testing
