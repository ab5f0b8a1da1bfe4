// Attention kernels for a GPU, by the SIMT interpreter, against f64 loops: every kernel of the CPU's tests as it is,
// then with tensor cores; ragged extents, hidden keys, races.
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "heed/runtime/device_session.h"
#include "heed/runtime/session.h"
#include "heed/tests/codegen/attention/kernel_run.h"
#include "simulated.h"

namespace heed::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct OnGpu : KernelRun {
  simt::Code code;
  explicit OnGpu(KernelCase k) : KernelRun{std::move(k), {}}, code(simt::compileTiled(kernel.text())) {
    call = [this](const std::vector<Data*>& data, std::vector<void*>& arguments, int) {
      auto device = std::make_unique<simt::Simulated>(code.program);
      for (Data* x : data) device->lend(x->memory(), std::int64_t(x->bytes()));
      Session session(1);
      session.device([&] { return std::move(device); });
      code.host.entry(&session, arguments.data());
    };
  }
  std::int64_t count(const char* op) const { return code.program->count(op); }
};

/// The same on narrow numbers, of known extents: what tensor cores multiply.
KernelCase narrow(KernelCase kernel, const std::string& type, std::int64_t depth, std::int64_t columns) {
  kernel = narrow(std::move(kernel), type);
  kernel.known = {{"d", depth}, {"v", columns}};
  return kernel;
}

class Numbers32 : public ::testing::TestWithParam<Named> {};

TEST_P(Numbers32, AgreeWithLoops) {
  OnGpu compiled(GetParam().kernel);
  for (auto [rows, keys, depth, values] : {std::array<std::int64_t, 4>{1, 1, 1, 1},
                                           {17, 40, 5, 9},
                                           {70, 33, 9, 3},
                                           {3, 0, 4, 4},
                                           {0, 5, 4, 4},
                                           {20, 70, 3, 65}}) {
    ASSERT_NO_THROW(compiled.run(sizesOf(compiled.kernel, rows, keys, depth, values)));
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Numbers32, ::testing::ValuesIn(kernels()), [](auto& info) { return info.param.name; });

class Cores : public ::testing::TestWithParam<std::tuple<Named, std::string>> {};

TEST_P(Cores, AgreeWithLoops) {
  auto& [named, type] = GetParam();
  double tolerance = type == "bf16" ? 1.2e-2 : 2e-3;  // weights are rounded to 9 and 12 bits
  for (auto [depth, columns] : {std::pair(16, 16), std::pair(40, 24), std::pair(5, 7)}) {
    OnGpu compiled(narrow(named.kernel, type, depth, columns));
    for (auto [rows, keys] :
         {std::pair(1, 1), std::pair(17, 70), std::pair(130, 64), std::pair(70, 129), std::pair(5, 0)}) {
      ASSERT_NO_THROW(compiled.run(sizesOf(compiled.kernel, rows, keys, depth, columns), {}, true, 1, true, tolerance));
      if (HasFailure()) return;
    }
    EXPECT_GT(compiled.count("nvvm.mma.sync"), 0);
  }
}

std::vector<Named> dotProducts() {
  std::vector<Named> all;
  for (Named& named : kernels())
    for (const char* name : {"sdpa", "lse", "padded", "grouped", "causal", "lengths", "documents", "window",
                             "maskTensor", "biasTensor", "alibi", "softcap", "dropout", "sink", "scoreMinusInfinity"})
      if (named.name == name) all.push_back(named);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, Cores,
                         ::testing::Combine(::testing::ValuesIn(dotProducts()), ::testing::Values("bf16", "f16")),
                         [](auto& info) { return std::get<0>(info.param).name + "_" + std::get<1>(info.param); });

TEST(GpuAttention, NarrowNumbersWithoutTensorCores) {
  // A body that is no product, and extents that nobody knows: numbers one by one.
  for (KernelCase kernel : {gaussian(), sdpa()}) {
    kernel = narrow(kernel, "bf16");
    OnGpu compiled(kernel);
    compiled.run(sizesOf(kernel, 20, 40, 6, 9));
    EXPECT_EQ(compiled.count("nvvm.mma.sync"), 0);
  }
}

TEST(GpuAttention, AnyWidthOfTheResult) {
  for (std::int64_t columns : {1, 8, 120, 128, 136, 200}) {
    KernelCase kernel = causal(withLse(sdpa()));
    kernel.known["v"] = columns;
    OnGpu(kernel).run(sizesOf(kernel, 18, 35, 4, columns));
    KernelCase wide = narrow(kernel, "bf16", 16, columns);
    OnGpu(wide).run(sizesOf(wide, 18, 35, 16, columns), {}, true, 1, true, 1.2e-2);
  }
}

TEST(GpuAttention, HiddenKeysContributeNothingWhateverTheyHold) {
  for (const char* type : {"f32", "bf16"}) {
    KernelCase kernel = lengths(withLse(sdpa()));
    if (type != std::string("f32")) kernel = narrow(kernel, type, 8, 9);
    OnGpu compiled(kernel);
    for (std::int64_t keys : {17, 70, 200})
      compiled.run(
          sizesOf(kernel, 70, keys, 8, 9),
          [&](std::vector<Data*>& data) {
            for (std::int64_t o = 0; o < 2; ++o) {
              std::int64_t length = o == 0 ? keys / 2 : 0;
              data[2]->set(o, double(length));
              for (std::int64_t k = length; k < keys; ++k)
                for (int d = 0; d < 9; ++d) {
                  if (d < 8) data[1]->set(data[1]->index({{"o", o}, {"k", k}, {"d", d}}), nan);
                  data[3]->set(data[3]->index({{"o", o}, {"k", k}, {"v", d}}), nan);
                }
            }
          },
          true, 1, true, type == std::string("f32") ? 4e-6 : 1.2e-2);
  }
}

TEST(GpuAttention, RepeatedRowsSeeNothing) {
  for (const char* type : {"f32", "bf16"}) {
    KernelCase kernel = causal(sdpa());
    if (type != std::string("f32")) kernel = narrow(kernel, type, 8, 9);
    OnGpu compiled(kernel);
    compiled.run(
        sizesOf(kernel, 20, 40, 8, 9),
        [&](std::vector<Data*>& data) {
          for (std::int64_t o = 0; o < 2; ++o)
            for (std::int64_t k = 20; k < 40; ++k) data[2]->set(data[2]->index({{"o", o}, {"k", k}, {"v", 3}}), nan);
        },
        true, 1, true, type == std::string("f32") ? 4e-6 : 1.2e-2);
  }
}

TEST(GpuAttention, TilesThatNobodySeesAreSkipped) {
  // Causal: of 4 x 4 tiles the 6 above the diagonal are not multiplied.
  auto products = [](KernelCase kernel) {
    OnGpu compiled(narrow(kernel, "bf16", 16, 16));
    Sizes sizes = sizesOf(compiled.kernel, 256, 256, 16, 16);
    compiled.run(sizes, {}, true, 1, true, 1.2e-2);
    return compiled.count("nvvm.mma.sync");
  };
  EXPECT_EQ(products(causal(sdpa())) * 16, products(sdpa()) * 10);
}

std::string outputOf(const std::string& command, int& status) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c; pipe && (c = std::fgetc(pipe)) != EOF;) text += char(c);
  status = pipe ? pclose(pipe) : -1;
  return text;
}

/// The kernels that speed is claimed for: ptxas takes them, and nothing leaves the registers.
TEST(GpuAttention, AssemblesWithoutSpills) {
  const char* named = std::getenv("HEED_PTXAS");
  const std::string ptxas = named ? named : "ptxas";
  int status;
  outputOf(ptxas + " --version", status);
  if (status != 0) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, chip] : {std::pair(64, "sm_80"), std::pair(128, "sm_80"), std::pair(128, "sm_90")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa()))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "bf16", depth, depth).text(), chip);
      EXPECT_NE(ptx.find("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"), ptx.npos);
      EXPECT_NE(ptx.find("ldmatrix.sync.aligned.m8n8.x4.trans"), ptx.npos);
      EXPECT_NE(ptx.find("cp.async.cg.shared.global"), ptx.npos);
      std::string file = ::testing::TempDir() + "heed_attention_" + std::to_string(getpid()) + ".ptx";
      std::ofstream(file) << ptx;
      std::string said = outputOf(ptxas + " -v -arch=" + chip + " " + file + " -o /dev/null", status);
      std::remove(file.c_str());
      EXPECT_EQ(status, 0) << said;
      EXPECT_NE(said.find("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"), said.npos) << said;
      EXPECT_EQ(said.find("warning"), said.npos) << said;
      std::cout << chip << " depth " << depth << ": "
                << said.substr(said.find("Used"), said.find(',', said.find("Used")) - said.find("Used")) << "\n";
    }
}

}  // namespace
}  // namespace heed::testing
