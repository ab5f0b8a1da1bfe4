// A session with a device: what is copied there and back, and when; by a device in memory of the host.
#include "heed/runtime/device_session.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "axes.h"
#include "heed/runtime/error.h"
#include "heed/runtime/runner.h"

namespace heed::testing {
namespace {

struct Log {
  int allocated = 0, uploads = 0, downloads = 0, launches = 0;
};

class Heap : public Device {
 public:
  explicit Heap(Log& log) : log_(log) {}
  ~Heap() override { EXPECT_EQ(live_, 0) << "memory of the device is left"; }
  void* allocate(std::int64_t bytes) override { return ++live_, ++log_.allocated, std::malloc(bytes); }
  void release(void* memory) noexcept override {
    live_ -= memory != nullptr;
    std::free(memory);
  }
  void upload(void* to, const void* from, std::int64_t bytes) override { ++log_.uploads, std::memcpy(to, from, bytes); }
  void download(void* to, const void* from, std::int64_t bytes) override {
    ++log_.downloads, std::memcpy(to, from, bytes);
  }
  void run(const Launches& call) override {
    for (std::size_t n = 0; n < call.size(); ++n) count(call[n]);
  }
  void encode(const TensorMap&, void*) override {}
  double replay(const Launches& call, int times) override {
    for (int n = 0; n < times; ++n) run(call);
    return 0;
  }
  std::string explain(const Launches&) override { return ""; }

 private:
  void count(const Launch& launch) {
    ++log_.launches;
    // The one kernel there is: z[i] = x[i] + w[i], and memory[i] += 1.
    struct Record {
      const float *x, *w;
      float *memory, *z;
      std::int64_t count;
    };
    auto& r = *static_cast<const Record*>(launch.record);
    for (std::int64_t i = 0; i < r.count; ++i) r.z[i] = r.x[i] + r.w[i] + r.memory[i]++;
  }
  Log& log_;
  int live_ = 0;
};

/// z[seq] = x[seq] + w[seq] + how many calls there were.
std::shared_ptr<const Executable> countCalls(Log& log) {
  auto executable = std::make_shared<Executable>();
  auto tensor = [](std::string name) { return TensorSpec{std::move(name), DType::f32, {axisSpec<Seq>()}}; };
  executable->signature.inputs = {tensor("x")};
  executable->signature.parameters = {tensor("w")};
  executable->signature.states = {{tensor("memory"), axisSpec<Depth>().symbol, 0}};
  executable->signature.results = {tensor("z")};
  abi::Entry entry = [](void* session, void** arguments) {
    struct {
      void* of[4];
      std::int64_t count;
    } record;
    for (int i = 0; i < 4; ++i) record.of[i] = static_cast<abi::Descriptor<1>*>(arguments[i])->aligned;
    record.count = static_cast<abi::Descriptor<1>*>(arguments[0])->sizes[0];
    abi::heed_arena(session, 64);
    abi::heed_launch(session, "code", "count", 1, 32, 0, &record, sizeof record);
  };
  executable->call = deviceCall(entry, executable->signature, [&log] { return std::make_unique<Heap>(log); });
  return executable;
}

struct Vector {
  std::vector<float> values;
  ArrayView view() {
    std::int64_t size = std::int64_t(values.size());
    return ArrayView(DType::f32, values.data(), {&size, 1});
  }
};

TEST(DeviceSession, copiesWhatMustBeCopied) {
  Log log;
  Runner run(countCalls(log), 1);
  Vector x{{1, 2, 3}}, w{{10, 20, 30}}, z{{0, 0, 0}};
  run.bind("w", AnyArray(w.view()));
  run.begin({extent<Seq>(3)});
  std::vector<ArrayView> inputs{x.view()}, results{z.view()};
  run.run(inputs, results);
  EXPECT_EQ(z.values, (std::vector<float>{11, 22, 33}));
  EXPECT_EQ(log.uploads, 3);  // x, w, memory
  int allocated = log.allocated;
  run.run(inputs, results);
  EXPECT_EQ(z.values, (std::vector<float>{12, 23, 34})) << "the memory stays on the device";
  EXPECT_EQ(log.uploads, 4) << "x alone";
  EXPECT_EQ(log.allocated, allocated) << "a known shape allocates nothing";
  w.values = {100, 200, 300};
  run.bind("w", AnyArray(w.view()));
  run.begin({extent<Seq>(3)});
  run.run(inputs, results);
  EXPECT_EQ(z.values, (std::vector<float>{101, 202, 303})) << "bound and begun again";
  EXPECT_EQ(log.uploads, 7);
  EXPECT_EQ(log.downloads, 3);
}

TEST(DeviceSession, sharedMemoryOfEarlierKernelsStaysUntilTheNextCall) {
  Log log;
  auto executable = std::make_shared<Executable>();
  static std::vector<void*> given;
  abi::Entry entry = [](void* session, void**) {
    given = {abi::heed_shared(session, 0), abi::heed_shared(session, 64), abi::heed_shared(session, 4096),
             abi::heed_shared(session, 64)};
    if (given[1]) *static_cast<char*>(given[1]) = 1;  // a kernel that was given it may run as late as here
  };
  executable->call = deviceCall(entry, {}, [&log] { return std::make_unique<Heap>(log); });
  Runner run(executable, 1);
  run.run(std::span<const ArrayView>());
  EXPECT_EQ(given[0], nullptr) << "nothing was wanted";
  EXPECT_NE(given[1], given[2]);
  EXPECT_EQ(given[2], given[3]);
  int allocated = log.allocated;
  run.run(std::span<const ArrayView>());
  EXPECT_EQ(given[1], given[2]);
  EXPECT_EQ(log.allocated, allocated) << "a known shape allocates nothing";
}

TEST(DeviceSession, elementsBetweenThoseOfAResultStay) {
  Log log;
  auto executable = std::make_shared<Executable>();
  TensorSpec square{"z", DType::f32, {axisSpec<Seq>(), axisSpec<Depth>()}};
  executable->signature.inputs = {square};
  executable->signature.results = {square};
  abi::Entry entry = [](void*, void** arguments) {
    auto &x = *static_cast<abi::Descriptor<2>*>(arguments[0]), &z = *static_cast<abi::Descriptor<2>*>(arguments[1]);
    for (int i = 0; i < x.sizes[0]; ++i)
      for (int j = 0; j < x.sizes[1]; ++j)
        static_cast<float*>(z.aligned)[i * z.strides[0] + j] =
            2 * static_cast<float*>(x.aligned)[x.offset + i * x.strides[0] + j];
  };
  executable->call = deviceCall(entry, executable->signature, [&log] { return std::make_unique<Heap>(log); });
  const std::int64_t rows = 3, columns = axisSpec<Depth>().extent > 0 ? axisSpec<Depth>().extent : 2;
  std::vector<float> x(rows * columns, 4), z(rows * (columns + 1), 7);
  std::int64_t sizes[] = {rows, columns};
  ArrayView in(DType::f32, x.data(), sizes), out(DType::f32, z.data(), sizes);
  out.strides[0] = columns + 1;
  Runner run(executable, 1);
  std::vector<ArrayView> inputs{in}, results{out};
  run.run(inputs, results);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j <= columns; ++j)
      if (i + 1 < rows || j < columns) EXPECT_EQ(z[i * (columns + 1) + j], j < columns ? 8 : 7);
}

TEST(DeviceSession, aCallThatFailsOnTheHostLaunchesNothing) {
  Log log;
  auto executable = std::make_shared<Executable>();
  static bool fails;
  abi::Entry entry = [](void* session, void**) {
    std::int64_t record[5] = {};
    abi::heed_launch(session, "code", "count", 1, 32, 0, record, sizeof record);
    if (fails) throw Error("memory", "none", "some is required");
  };
  executable->call = deviceCall(entry, {}, [&log] { return std::make_unique<Heap>(log); });
  Runner run(executable, 1);
  fails = true;
  EXPECT_THROW(run.run(std::span<const ArrayView>()), Error);
  EXPECT_EQ(log.launches, 0);
  fails = false;
  run.run(std::span<const ArrayView>());
  EXPECT_EQ(log.launches, 1);
  run.replay(3);
  EXPECT_EQ(log.launches, 4);
}

TEST(DeviceSession, aDeviceThatIsNotThereIsTheCallersError) {
  auto executable = std::make_shared<Executable>();
  executable->call = deviceCall([](void*, void**) {}, {},
                                []() -> std::unique_ptr<Device> {
                                  throw Error("cuda", "nothing there", "a GPU is required", "compile for cpu");
                                });
  Runner run(executable, 1);
  EXPECT_THROW(run.run(std::span<const ArrayView>()), Error);
}

}  // namespace
}  // namespace heed::testing
