// Code on disk: found by the next compile, never when it is not whole, not ours or not for this graph.
#include "heed/driver/cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "causal.h"
#include "heed/codegen/cpu/target.h"
#include "heed/driver/bundle.h"
#include "heed/driver/compile.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/error.h"
#include "heed/runtime/runner.h"
#include "heed/runtime/seal.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

class CacheFolder : public ::testing::Test {
 protected:
  CacheFolder() : folder(fs::path(::testing::TempDir()) / ("heed_cache_" + std::to_string(getpid()))) {
    fs::remove_all(folder);
    setenv("HEED_CACHE", folder.c_str(), 1);
  }
  ~CacheFolder() override {
    unsetenv("HEED_CACHE");
    fs::remove_all(folder);
  }

  /// exp(x) * factor of three numbers, compiled or not.
  static float run(double factor, bool expectCompiled) {
    Sketch sketch;
    auto n = sketch.axis("n", 3);
    auto x = sketch.input("x", DType::f32, {n});
    sketch.results({sketch.pointwise("mul", {sketch.pointwise("exp", {x}), sketch.number(factor)})});
    std::int64_t before = compileCount(), sizes[] = {3};
    Runner run(compile(sketch.view(), {.explain = true}), 1);
    EXPECT_EQ(compileCount() - before, expectCompiled);
    EXPECT_NE(run.executable().explanation.find("kernel 1"), std::string::npos);
    AnyArray in(DType::f32, sizes);
    std::fill_n(static_cast<float*>(in.view.data), 3, 0.f);
    std::vector<ArrayView> inputs{in.view};
    return static_cast<float*>(run.run(inputs)[0].view.data)[2];
  }
  std::vector<fs::path> entries() const {
    std::vector<fs::path> all;
    for (auto& file : fs::directory_iterator(folder)) all.push_back(file.path());
    return all;
  }

  fs::path folder;
};

TEST_F(CacheFolder, TheNextCompileFindsIt) {
  EXPECT_EQ(run(2, true), 2);
  EXPECT_EQ(run(2, false), 2);
  EXPECT_EQ(run(3, true), 3);  // another graph
  EXPECT_EQ(entries().size(), 2u);
}

TEST_F(CacheFolder, CodeInTf32IsOtherCode) {
  Sketch sketch;
  auto m = sketch.axis("m"), n = sketch.axis("n", 8), k = sketch.axis("k", 16);
  auto x = sketch.input("x", DType::f32, {m, k}), y = sketch.input("y", DType::f32, {k, n});
  sketch.results({sketch.over("contract", {x, y}, {k})});
  for (bool there : {false, true})
    for (const char* chip : {"sm_80", "sm_80+tf32"}) {
      std::int64_t before = compileCount();
      auto code = compile(sketch.view(), {.target = {"cuda", chip}, .explain = true});
      EXPECT_EQ(compileCount() - before, !there);
      const bool asked = code->explanation.find("product by mma.sync in tf32") != std::string::npos;
      EXPECT_EQ(asked, chip == std::string("sm_80+tf32")) << code->explanation;
    }
  EXPECT_EQ(entries().size(), 2u);
}

TEST_F(CacheFolder, KeepsWhichWeightsAreRounded) {
  Sketch sketch;
  auto m = sketch.axis("m"), n = sketch.axis("n", 8), k = sketch.axis("k", 16);
  auto x = sketch.input("x", DType::f32, {m, k}), w = sketch.parameter("w", DType::f32, {k, n});
  sketch.results({sketch.over("contract", {x, w}, {k})});
  for (bool there : {false, true})
    for (const char* features : {"avx2", "avx2+int8", "avx2+int4"}) {
      std::int64_t before = compileCount();
      auto code = compile(sketch.view(), {.target = {"cpu", features}});
      EXPECT_EQ(compileCount() - before, !there);
      std::vector<RoundedWeight> want;
      if (const int bits = features[4] ? features[8] - '0' : 0) want.push_back({0, bits, DType::f32, {0}});
      EXPECT_EQ(code->rounded, want);
    }
  EXPECT_EQ(entries().size(), 3u);
}

TEST_F(CacheFolder, ACorruptEntryIsAMiss) {
  run(2, true);
  fs::path entry = entries().at(0);
  std::ifstream in(entry, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  auto write = [&](const std::string& bytes) { std::ofstream(entry, std::ios::binary | std::ios::trunc) << bytes; };
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 40 + 1) {
    std::string broken = whole;
    broken[at] ^= 4;
    write(broken);
    EXPECT_EQ(run(2, true), 2) << at;
    write(whole.substr(0, at));
    EXPECT_EQ(run(2, true), 2) << at;
  }
  EXPECT_EQ(run(2, false), 2);  // what the misses left is whole again
}

TEST_F(CacheFolder, WhatOthersCanWriteIsNotRun) {
  run(2, true);
  chmod(entries().at(0).c_str(), 0666);
  EXPECT_EQ(run(2, true), 2);
  chmod(folder.c_str(), 0777);
  try {
    run(2, true);
    FAIL() << "a folder that all can write was taken";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("no folder that only you can write"), std::string::npos) << e.what();
  }
}

class KeptTiles : public CacheFolder {
 protected:
  std::shared_ptr<const Executable> code(const std::string& features = "avx2") const {
    return compile(causal.graph(), {.target = {"cpu", features}, .explain = true});
  }
  void keep(const std::string& digits) const { Cache(folder.string()).keepTiles(*codegen::targetFor("avx2"), digits); }
  test::Causal causal;
};

TEST_F(KeptTiles, AreThoseOfTheNextCompile) {
  const auto usual = code();
  EXPECT_EQ(usual->statistics.target, "avx2");
  keep("0010");
  const std::int64_t before = compileCount();
  const auto kept = code();
  EXPECT_EQ(compileCount() - before, 1) << "code by other tiles was taken out of the cache";
  EXPECT_EQ(kept->statistics.target, "avx2+tiles=0010");
  EXPECT_NE(kept->explanation.find("tiles of masked attention: 3x4x4"), std::string::npos) << kept->explanation;
  code();
  EXPECT_EQ(compileCount() - before, 1);
  EXPECT_EQ(code("avx2+int8")->statistics.target, "avx2+int8+tiles=0010");
  if (!codegen::targetFor("avx2")->runsHere) return;
  const std::vector<float> x = causal.run(usual, 200), y = causal.run(kept, 200);
  for (std::size_t n = 0; n < x.size(); ++n) EXPECT_NEAR(x[n], y[n], 2e-6);
}

TEST_F(KeptTiles, GiveWayToWhatATargetSays) {
  keep("0010");
  EXPECT_EQ(code("avx2+tiles=0000")->statistics.target, "avx2");
  EXPECT_EQ(code("avx2+tiles=0020")->statistics.target, "avx2+tiles=0020");
  EXPECT_EQ(code("baseline")->statistics.target, "baseline");  // another table
  EXPECT_EQ(compile(causal.graph(), {.target = {"cuda", "sm_80"}})->statistics.target, "sm_80");
}

TEST_F(KeptTiles, AreNotABundles) {
  keep("0010");
  for (const char* features : {"avx2", "avx2+tiles=0020"}) {
    const std::string path = (folder / "bundle").string();
    saveBundle(causal.graph(), {.target = {"cpu", features}}, path);
    if (codegen::targetFor("avx2")->runsHere) EXPECT_EQ(loadBundle(path)->statistics.target, features);
  }
}

TEST_F(KeptTiles, OfAnotherTableAreAMiss) {
  for (const char* digits : {"", "0", "00100", "0090", "00x0", "../.."}) {
    keep(digits);
    EXPECT_EQ(code()->statistics.target, "avx2") << digits;
  }
}

TEST_F(KeptTiles, OfABrokenFileAreAMiss) {
  const codegen::Target target = *codegen::targetFor("avx2");
  const Cache cache(folder.string());
  cache.keepTiles(target, "0010");
  ASSERT_EQ(cache.tiles(target), "0010");
  const fs::path file = entries().at(0);
  std::ifstream in(file, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  auto write = [&](const std::string& bytes) { std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes; };
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string broken = whole;
    broken[at] ^= 4;
    write(broken);
    EXPECT_FALSE(cache.tiles(target)) << at;
    write(whole.substr(0, at));
    EXPECT_FALSE(cache.tiles(target)) << at;
  }
  write(whole);
  EXPECT_EQ(cache.tiles(target), "0010");
  chmod(file.c_str(), 0666);
  EXPECT_FALSE(cache.tiles(target));
  fs::remove(file);
  fs::create_symlink("/dev/zero", file);
  EXPECT_FALSE(cache.tiles(target));
  EXPECT_EQ(code()->statistics.target, "avx2");
}

/// A file under another's name, and parts that say they are longer than the file.
TEST_F(KeptTiles, OfAHostileFileAreAMiss) {
  const codegen::Target target = *codegen::targetFor("avx2"), other = *codegen::targetFor("baseline");
  const Cache cache(folder.string());
  cache.keepTiles(target, "0010");
  const fs::path file = entries().at(0), moved = folder / "moved";
  fs::rename(file, moved);
  cache.keepTiles(other, "0000");
  fs::path name;
  for (const fs::path& entry : entries())
    if (entry != moved) name = entry;
  fs::rename(moved, name);
  EXPECT_FALSE(cache.tiles(other));
  for (std::uint64_t length : {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{65}}) {
    std::string body = "heed tiles 1\n" + std::string(reinterpret_cast<const char*>(&length), 8) + std::string(64, 'a');
    std::ofstream(file, std::ios::binary) << body << sealOf(body);
    EXPECT_FALSE(cache.tiles(target)) << length;
  }
}

TEST_F(CacheFolder, ManyMayFillItAtOnce) {
  Sketch sketch;
  auto x = sketch.input("x", DType::f32, {sketch.axis("n", 3)});
  sketch.results({sketch.pointwise("exp", {x})});
  std::vector<std::thread> all;
  for (int n = 0; n < 4; ++n) all.emplace_back([&] { compile(sketch.view()); });
  for (std::thread& thread : all) thread.join();
  EXPECT_EQ(entries().size(), 1u);
}

}  // namespace
}  // namespace heed
