// What ptxas makes of attention kernels: registers, spills, and the order of the machine code. Skipped where it is not.
#include <iostream>
#include <sstream>

#include "ptxas.h"
#include "variants.h"

namespace heed::testing {
namespace {

/// documents() with ids as they are, as they are written where speed counts.
KernelCase sameDocument(KernelCase kernel) {
  kernel = documents(std::move(kernel));
  kernel.keep = "%e = arith.cmpi eq, %a0, %a1 : i32\ntile.yield %e : i1";
  kernel.classify =
      "%s0 = arith.cmpi sle, %a4, %a7 : i32\n%s1 = arith.cmpi sle, %a6, %a5 : i32\n%s = arith.andi %s0, %s1 : i1\n"
      "%f0 = arith.cmpi eq, %a4, %a5 : i32\n%f1 = arith.cmpi eq, %a6, %a7 : i32\n%f2 = arith.cmpi eq, %a4, %a6 : i32\n"
      "%f3 = arith.andi %f0, %f1 : i1\n%f = arith.andi %f3, %f2 : i1\ntile.yield %s, %f : i1, i1";
  return kernel;
}

/// sameDocument() and causal().
KernelCase causalDocuments(KernelCase kernel) {
  const KernelCase before = causal(sdpa());
  kernel = sameDocument(std::move(kernel));
  auto both = [](std::string all, const std::string& text, const std::string& yield, const std::string& now) {
    all.erase(all.rfind("tile.yield"));
    return all + text.substr(0, text.rfind("tile.yield")) + yield + now;
  };
  kernel.keep = both(kernel.keep, before.keep, "%b = arith.andi %c, %e : i1\n", "tile.yield %b : i1");
  std::string causal = before.classify;
  for (auto [from, to] : {std::pair("%s ", "%s2 "), std::pair("%f ", "%f4 ")})
    for (std::size_t at; (at = causal.find(from)) != causal.npos;) causal.replace(at, 3, to);
  kernel.classify = both(kernel.classify, causal, "%s3 = arith.andi %s, %s2 : i1\n%f5 = arith.andi %f, %f4 : i1\n",
                         "tile.yield %s3, %f5 : i1, i1");
  return kernel;
}

KernelCase cappedBias() {
  KernelCase kernel = biasTensor(sdpa());
  kernel.post =
      "%h = arith.constant 0.5 : f32\n%c = arith.constant 2.0 : f32\n%x = arith.mulf %a0, %h : f32\n"
      "%t = math.tanh %x : f32\n%p = arith.mulf %c, %t : f32\n%s = arith.addf %p, %a1 : f32\ntile.yield %s : f32";
  return kernel;
}

/// ptxas takes all kernels of `ptx`, where these words stand, and nothing leaves the registers.
Ptxas expectClean(const std::string& ptx, const std::string& chip, int depth,
                  std::initializer_list<const char*> words) {
  for (const char* word : words) EXPECT_NE(ptx.find(word), ptx.npos) << word;
  Ptxas said = *assemble(ptx, chip);
  EXPECT_TRUE(said.accepted) << said.said;
  EXPECT_EQ(said.clean, said.kernels) << said.said;
  std::cout << chip << " depth " << depth << ": " << said.registers() << "\n";
  return said;
}

/// The kernels that speed is claimed for: ptxas takes them, and nothing leaves the registers.
TEST(GpuAttention, AssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, columns, chip] :
       {std::tuple(64, 64, "sm_80"), std::tuple(128, 128, "sm_80"), std::tuple(128, 128, "sm_90"),
        std::tuple(192, 128, "sm_80"), std::tuple(256, 256, "sm_80"), std::tuple(64, 64, "sm_90a"),
        std::tuple(128, 128, "sm_90a"), std::tuple(192, 128, "sm_90a"), std::tuple(256, 256, "sm_90a")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa())), causal(withLse(groupsOf(8, grouped()))), gemma(4096),
                              sameDocument(withLse(sdpa()))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "bf16", depth, columns).text(), chip);
      const bool hopper = chip == std::string("sm_90a");
      EXPECT_EQ(ptx.find("wgmma.mma_async.sync.aligned.m64n") != ptx.npos, hopper);
      EXPECT_EQ(ptx.find("cp.async.bulk.tensor") != ptx.npos, hopper);
      const Ptxas said = expectClean(ptx, chip, depth,
                                     {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
                                      "ldmatrix.sync.aligned.m8n8.x4.trans", "cp.async.cg.shared.global"});
      EXPECT_EQ(said.kernels, hopper ? 3 : 2) << "one merges parts";
    }
}

/// What is read for each pair of a row and a key has no registers of its own for long. Not so in the kernel by threads
/// for operands that the copy engine cannot reach.
TEST(GpuAttention, TensorsOfPairsAssembleWithoutSpills) {
  if (!assemble("", "sm_90a")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, columns] : {std::pair(64, 64), std::pair(128, 128), std::pair(192, 128), std::pair(256, 256)})
    for (KernelCase kernel : {maskTensor(sdpa()), biasTensor(sdpa()), cappedBias(), dropout(sdpa()),
                              causalDocuments(withLse(sdpa())), threeTensors()}) {
      Ptxas said = *assemble(simt::ptxOf(narrow(kernel, "bf16", depth, columns).text(), "sm_90a"), "sm_90a");
      EXPECT_TRUE(said.accepted) << said.said;
      EXPECT_NE(said.said.find("Function properties for kernel_0\n    0 bytes stack frame, 0 bytes spill stores"),
                std::string::npos)
          << depth << "\n"
          << said.said;
    }
}

TEST(GpuAttention, SinglePrecisionAssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, chip] : {std::pair(64, "sm_80"), std::pair(96, "sm_80"), std::pair(64, "sm_90")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa())), causal(withLse(groupsOf(8, grouped())))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "f32", depth, depth).text(), chip);
      expectClean(ptx, chip, depth, {"cp.async.cg.shared.global", "ld.shared.v4"});
    }
}

TEST(GpuAttention, Tf32AssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, columns, chip] : {std::tuple(64, 64, "sm_80"), std::tuple(128, 128, "sm_80"),
                                      std::tuple(128, 128, "sm_90"), std::tuple(192, 128, "sm_80")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa())), causal(withLse(groupsOf(8, grouped()))), gemma(4096),
                              sameDocument(withLse(sdpa()))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "f32", depth, columns).text(), chip + std::string("+tf32"));
      expectClean(ptx, chip, depth,
                  {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "ldmatrix.sync.aligned.m8n8.x4.shared"});
    }
}

/// Products of two tiles are under way when a warpgroup makes weights: it waits for the scores, makes them, and only
/// then waits for the sums. It has passed its turn before it waits: then the other one asks for its products.
TEST(GpuAttention, WeightsAreMadeWhileSumsAreAddedUp) {
  if (!machineCode(".version 8.0\n.target sm_90a\n.address_size 64\n", "sm_90a"))
    GTEST_SKIP() << "no ptxas or no nvdisasm on PATH, and HEED_PTXAS and HEED_NVDISASM are not set";
  for (int depth : {64, 128})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa()))}) {
      std::istringstream code(
          *machineCode(simt::ptxOf(narrow(kernel, "bf16", depth, depth).text(), "sm_90a"), "sm_90a"));
      int products = 0, powers = 0, maxima = 0, between = 0;
      bool waited = false, passed = false;
      for (std::string line; std::getline(code, line);) {
        auto has = [&](const char* word) { return line.find(word) != line.npos; };
        EXPECT_FALSE(has("LDL") || has("STL")) << line;
        products += has("HGMMA");
        if (has("HGMMA")) passed = false;
        if (has("BAR.ARV")) passed = true;
        if (has("WARPGROUP.DEPBAR.LE gsb0, 0x1")) {
          EXPECT_TRUE(passed);
          waited = true, ++between;
        }
        if (has("WARPGROUP.DEPBAR.LE gsb0, 0x0")) waited = false;
        powers += waited && has("MUFU.EX2"), maxima += waited && has("FMNMX");
      }
      EXPECT_EQ(between, 1);
      EXPECT_GE(products, 2 * (depth / 16 + 8));
      EXPECT_GE(powers, 64) << "one of each score of a thread: 128 keys, 64 rows, 128 threads";
      EXPECT_GE(maxima, 64);
    }
}

}  // namespace
}  // namespace heed::testing
