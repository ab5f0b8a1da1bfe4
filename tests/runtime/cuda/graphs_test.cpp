// Calls that come again are one graph, which does what its kernels would do one by one; where it cannot be made,
// nothing is lost but time.
#include "heed/runtime/cuda/graphs.h"

#include "on_fake.h"

namespace heed::cuda {
namespace {

using namespace test;
using testing::errorOf;

class CudaGraphs : public OnFake {};

const char *image = "ptx", *embed = "embed", *attend = "attend", *project = "project";

/// The call of a step that has seen `past` tokens: the second kernel reads how many, and has a block for each 8.
struct Step {
  int past;
  Launches call() const {
    int fixed[] = {1, 2}, seen[] = {3, past};
    return callOf({{image, embed, 4, 128, 0, fixed, sizeof fixed},
                   {image, attend, 1 + past / 8, 64, 1024, seen, sizeof seen},
                   {image, project, 4, 128, 0, fixed, sizeof fixed}});
  }
};

/// What the driver starts for a step, graph or not.
std::vector<Launched> started(Fake& fake, Device& device, Step step) {
  fake.launches.clear();
  device.run(step.call());
  return fake.launches;
}

std::vector<Launched> oneByOne(Step step) {
  std::vector<Launched> all;
  Launches call = step.call();
  for (std::size_t n = 0; n < call.size(); ++n)
    all.push_back({call[n].kernel, unsigned(call[n].blocks), unsigned(call[n].threads), unsigned(call[n].shared_bytes),
                   std::string(static_cast<const char*>(call[n].record), std::size_t(call[n].record_bytes))});
  return all;
}

TEST_F(CudaGraphs, aStepIsOneLaunchFromItsSecondTimeOn) {
  open(ampere);
  const struct {
    int past, graph_launches, updates;
    const char* why;
  } steps[] = {{5, 0, 0, "the first time"},         {6, 1, 0, "a graph of the call as it is"},
               {7, 2, 1, "one record has changed"}, {7, 3, 1, "nothing has changed"},
               {8, 4, 2, "blocks have changed"},    {6, 5, 3, "back again"}};
  for (auto [past, graph_launches, updates, why] : steps) {
    EXPECT_EQ(started(fake, *device, {past}), oneByOne({past})) << why;
    EXPECT_EQ(fake.graph_launches, graph_launches) << why;
    EXPECT_EQ(fake.updates, updates) << why;
    EXPECT_EQ(fake.runs, graph_launches > 0) << why;
    EXPECT_SAYS(device->explain(Step{past}.call()),
                graph_launches ? "3 kernels, one graph" : "the same kernels have not come twice");
  }
}

TEST_F(CudaGraphs, aReplayIsTheGraph) {
  open(ampere);
  Launches call = Step{3}.call();
  device->run(call);
  device->replay(call, 5);
  EXPECT_EQ(fake.graph_launches, 5);
  EXPECT_EQ(fake.launches.size(), 18u);
}

TEST_F(CudaGraphs, oneKernelNeedsNone) {
  open(ampere);
  Launches one = callOf({{image, embed, 4, 128, 0, nullptr, 0}});
  for (int n = 0; n < 3; ++n) device->run(one);
  device->replay(one, 2);
  EXPECT_EQ(fake.launches.size(), 5u);
  EXPECT_EQ(fake.graph_launches, 0);
  EXPECT_SAYS(device->explain(one), "embed: 4 blocks");
}

TEST_F(CudaGraphs, listsOfKernelsTakeTurnsAndOldOnesGo) {
  open(ampere);
  auto pairOf = [&](const char* second) {
    return callOf({{image, embed, 1, 32, 0, nullptr, 0}, {image, second, 1, 32, 0, nullptr, 0}});
  };
  for (int n = 0; n < 3; ++n)  // a prompt and a step
    for (const char* second : {attend, project}) device->run(pairOf(second));
  EXPECT_EQ(fake.runs, 2);
  EXPECT_EQ(fake.graph_launches, 4);
  const char* others[] = {"a", "b", "c", "d"};
  for (const char* second : others)
    for (int n = 0; n < 2; ++n) {
      device->run(pairOf(second));
      EXPECT_LE(fake.runs, 4) << second;
    }
  EXPECT_EQ(fake.runs, 4);
  EXPECT_EQ(fake.graphs, 4);
  device->run(pairOf(attend));
  EXPECT_EQ(fake.graph_launches, 8) << "forgotten, so it is new";
}

TEST_F(CudaGraphs, whereNoneCanBeMadeKernelsAreLaunchedOneByOne) {
  for (auto [entry, symbol] :
       {std::pair("createGraph", "cuGraphCreate"), std::pair("addKernel", "cuGraphAddKernelNode"),
        std::pair("instantiate", "cuGraphInstantiateWithFlags")}) {
    fake.failing = "";
    open(ampere);
    fake.failing = entry;
    for (int past : {1, 2, 3}) {
      EXPECT_EQ(started(fake, *device, {past}), oneByOne({past})) << entry;
      EXPECT_EQ(fake.graphs + fake.runs, 0) << entry;
      EXPECT_EQ(fake.depth, 0) << entry;
    }
    std::string text = device->explain(Step{3}.call());
    EXPECT_SAYS(text, "3 kernels, launched one by one: " + std::string(symbol) + ": CUDA_ERROR_OF_THE_FAKE");
    close();
  }
}

TEST_F(CudaGraphs, oneThatDoesNotTakeAChangeIsMadeAnew) {
  open(ampere);
  for (int past : {1, 2}) device->run(Step{past}.call());
  fake.failing = "setKernel";
  for (int past : {3, 4}) EXPECT_EQ(started(fake, *device, {past}), oneByOne({past}));
  EXPECT_EQ(fake.graph_launches, 3);
  EXPECT_EQ(fake.runs, 1);
}

TEST_F(CudaGraphs, oneThatDoesNotStartIsAnErrorAndTheDeviceGoesOn) {
  open(ampere);
  for (int past : {1, 2}) device->run(Step{past}.call());
  fake.failing = "launchGraph";
  std::string text = errorOf([&] { device->run(Step{3}.call()); });
  EXPECT_SAYS(text, "a graph of 3 kernels: CUDA_ERROR_OF_THE_FAKE: it was told to");
  EXPECT_SAYS(text, "HEED_GRAPHS=0");
  EXPECT_EQ(fake.graphs + fake.runs + fake.depth, 0);
  fake.failing = "";
  for (int past : {3, 4}) EXPECT_EQ(started(fake, *device, {past}), oneByOne({past}));
  EXPECT_EQ(fake.graph_launches, 2);
}

TEST_F(CudaGraphs, whatFailsAtTheEndKeepsNothing) {
  for (const char* entry : {"destroyRun", "destroyGraph"}) {
    SCOPED_TRACE(entry);
    fake.failing = "";
    open(ampere);
    for (int past : {1, 2}) device->run(Step{past}.call());
    fake.failing = entry;
    close();
  }
}

TEST_F(CudaGraphs, aDriverWithoutThem) {
  table.instantiate = nullptr;  // CUDA 11.1 to 11.3
  open(ampere);
  for (int past : {1, 2, 3}) EXPECT_EQ(started(fake, *device, {past}), oneByOne({past}));
  EXPECT_EQ(fake.graph_launches, 0);
  EXPECT_SAYS(device->explain(Step{3}.call()), "graphs need a driver of CUDA 11.4 or later");
}

TEST_F(CudaGraphs, switchedOff) {
  struct Variable {
    explicit Variable(const char* value) { setenv("HEED_GRAPHS", value, 1); }
    ~Variable() { unsetenv("HEED_GRAPHS"); }
  };
  {
    Variable off("0");
    open(ampere);
    for (int past : {1, 2, 3}) device->run(Step{past}.call());
    EXPECT_EQ(fake.launches.size(), 9u);
    EXPECT_EQ(fake.graph_launches, 0);
    EXPECT_SAYS(device->explain(Step{3}.call()), "launched one by one: HEED_GRAPHS=0");
  }
  Variable wrong("yes");
  EXPECT_SAYS(errorOf([&] { open(ampere); }), "HEED_GRAPHS: is 'yes'; must be 0 or 1");
}

}  // namespace
}  // namespace heed::cuda
