// Which folder the stages of a graph go into: none that another program or process beside this one has.
#include "heed/driver/dump.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace heed::test {
namespace {

using std::filesystem::path;

class DumpTest : public testing::Test {
 protected:
  DumpTest()
      : folder(testing::TempDir() + "heed_" + testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
               std::to_string(getpid())) {
    std::filesystem::remove_all(folder);
  }
  ~DumpTest() override { std::filesystem::remove_all(folder); }

  void dump(const std::string& text, const char* graph = "sdpa") {
    Dump(folder, graph).stage("asm", "s", llvm::StringRef(text));
  }
  std::string read(const std::string& name) {
    std::ifstream file(folder / path(name) / "1_asm.s");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// A process that dumps, says so and goes on until it is told to end.
  struct Process {
    pid_t id;
    int talk[2];
    explicit Process(const std::function<void()>& work) {
      EXPECT_EQ(pipe(talk), 0);
      int done[2];
      EXPECT_EQ(pipe(done), 0);
      id = fork();
      char byte = 0;
      if (id == 0) {
        close(talk[1]);
        work();
        (void)!write(done[1], &byte, 1);
        (void)!::read(talk[0], &byte, 1);
        _exit(0);
      }
      EXPECT_EQ(::read(done[0], &byte, 1), 1);
      close(done[0]), close(done[1]), close(talk[0]);
    }
    void end() {
      close(talk[1]);
      waitpid(id, nullptr, 0);
    }
  };

  std::string folder;
};

TEST_F(DumpTest, GraphsOfOneNameHaveFoldersOfTheirOwn) {
  dump("one"), dump("two"), dump("three", "s d/p\na");
  EXPECT_EQ(read("sdpa"), "one");
  EXPECT_EQ(read("sdpa.2"), "two");
  EXPECT_EQ(read("sdpa.3"), "three");
}

TEST_F(DumpTest, AProcessThatRunsKeepsWhatItWroteAndOneThatRanDoesNot) {
  Process other([&] { dump("other"); });
  dump("own");
  EXPECT_EQ(read("sdpa"), "other");
  EXPECT_EQ(read("sdpa.2"), "own");
  other.end();
  dump("again");
  EXPECT_EQ(read("sdpa"), "again");
}

TEST_F(DumpTest, WhatAnotherProgramWroteStays) {
  std::filesystem::create_directories(folder + "/sdpa");
  std::ofstream(folder + "/sdpa/.program") << "1 /no/such/program";
  std::ofstream(folder + "/sdpa/1_asm.s") << "theirs";
  dump("own");
  EXPECT_EQ(read("sdpa"), "theirs");
  EXPECT_EQ(read("sdpa.2"), "own");
}

}  // namespace
}  // namespace heed::test
