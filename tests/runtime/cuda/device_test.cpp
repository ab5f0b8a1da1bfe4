// The layer over the CUDA driver, on a driver of our own: what goes wrong is one clear error, and nothing is left
// behind.
#include "heed/runtime/cuda/device.h"

#include "on_fake.h"

namespace heed::cuda {
namespace {

using namespace test;
using testing::errorOf;

class CudaDevice : public OnFake {};

TEST(CudaDriver, aMachineWithoutOneSaysSo) {
  std::string text = errorOf([] { loadDriver("libheed_no_such_driver.so"); });
  EXPECT_SAYS(text, "the NVIDIA driver is not there");
  EXPECT_SAYS(text, "compile for cpu");
}

TEST(CudaDriver, aLibraryThatLacksEntriesIsTooOld) {
  std::string text = errorOf([] { loadDriver("libc.so.6"); });
  EXPECT_SAYS(text, "lacks cuInit");
  EXPECT_SAYS(text, "CUDA 11.1");
}

TEST_F(CudaDevice, anOldDriverIsNamedWithWhatIsNeeded) {
  fake.release = 11040;
  std::string text = errorOf([&] { open(hopper); });
  EXPECT_SAYS(text, "the driver is of CUDA 11.4");
  EXPECT_SAYS(text, "sm_90 needs one of CUDA 12.0");
  EXPECT_TRUE(fake.clean());
}

TEST_F(CudaDevice, noGpu) {
  fake.gpus = 0;
  EXPECT_SAYS(errorOf([&] { open(ampere); }), "shows no GPU");
}

TEST_F(CudaDevice, anotherGeneration) {
  for (auto [capability, code, fits] :
       {std::tuple(80, hopper, false), std::tuple(90, hopper, true), std::tuple(100, hopper, true),
        std::tuple(100, hopperOnly, false), std::tuple(90, hopperOnly, true), std::tuple(86, ampere, true)}) {
    fake.capability = capability;
    std::string text = errorOf([&, &code = code] { open(code); });
    close();
    if (fits)
      EXPECT_EQ(text, "");
    else
      EXPECT_SAYS(text, "compile for cuda:sm_" + std::to_string(capability));
  }
}

TEST_F(CudaDevice, outOfMemoryNamesBothNumbersAndTheDeviceGoesOn) {
  fake.free_bytes = 1000;
  open(hopper);
  std::string text = errorOf([&] { device->allocate(1001); });
  EXPECT_SAYS(text, "1001 bytes of memory were wanted");
  EXPECT_SAYS(text, "1000 of 1048576 bytes free");
  EXPECT_EQ(fake.depth, 0);
  device->release(device->allocate(1000));
}

TEST_F(CudaDevice, codeThatIsRefusedComesWithTheDriversWords) {
  fake.loading = invalid_ptx;
  fake.log = "line 7: unexpected token";
  open(hopper);
  Launch launch{"ptx", "k", 1, 32, 0, nullptr, 0};
  EXPECT_SAYS(errorOf([&] { device->run(callOf({launch})); }), "line 7: unexpected token");
}

TEST_F(CudaDevice, launchesWithTheRecordAndLoadsTheCodeOnce) {
  open(hopper);
  const char *image = "ptx", *first = "first", *second = "second";
  const int record[] = {1, 2, 3};
  for (const char* name : {first, second, first}) device->run(callOf({{image, name, 7, 128, 1024, record, sizeof record}}));
  ASSERT_EQ(fake.launches.size(), 3u);
  const Launched& last = fake.launches[2];
  EXPECT_EQ(last.kernel, "first");
  EXPECT_EQ(last.blocks, 7u);
  EXPECT_EQ(last.threads, 128u);
  EXPECT_EQ(last.record, std::string(reinterpret_cast<const char*>(record), sizeof record));
  EXPECT_EQ(fake.modules, 1);
  EXPECT_EQ(fake.shared_asked, 0);
  device->run(callOf({{image, first, 1, 128, 100000, record, sizeof record}}));
  EXPECT_EQ(fake.shared_asked, 100000);
}

TEST_F(CudaDevice, replaysACallWithItsRecords) {
  table.createGraph = nullptr;
  open(hopper);
  const char *image = "ptx", *first = "first", *second = "second";
  int record[] = {1};
  Launches call;
  for (const char* name : {first, second}) ++record[0], call.add({image, name, 7, 128, 0, record, sizeof record});
  record[0] = 100;
  device->run(call);
  EXPECT_NEAR(device->replay(call, 3), 2e-3, 1e-9);
  EXPECT_SAYS(device->explain(call), "second: 7 blocks of 128, 96 registers, 0 bytes of stack and spills");
  ASSERT_EQ(fake.launches.size(), 8u);
  for (int n : {2, 4, 6}) {
    EXPECT_EQ(fake.launches[n].kernel, "first");
    EXPECT_EQ(fake.launches[n].record, fake.launches[0].record);
    EXPECT_EQ(fake.launches[n + 1].record, fake.launches[1].record);
  }
  fake.launching = 700;
  EXPECT_SAYS(errorOf([&] { device->replay(call, 1); }), "kernel first");
}

TEST_F(CudaDevice, refusesWhatTheGpuCannotGive) {
  fake.shared = 100 * 1024;
  open(ampere);
  EXPECT_SAYS(errorOf([&] { device->run(callOf({{"ptx", "k", 1, 128, 120 * 1024, nullptr, 0}})); }), "has 102400");
  EXPECT_SAYS(errorOf([&] { device->run(callOf({{"ptx", "k", std::int64_t(1) << 31, 128, 0, nullptr, 0}})); }), "blocks");
  fake.launching = 700;
  EXPECT_SAYS(errorOf([&] { device->run(callOf({{"ptx", "k", 1, 128, 0, nullptr, 0}})); }), "kernel k: CUDA_ERROR");
  EXPECT_EQ(fake.depth, 0);
}

}  // namespace
}  // namespace heed::cuda
