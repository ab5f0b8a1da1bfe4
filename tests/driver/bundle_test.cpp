// Bundles: what is saved here and loaded again does what the compiler's own code does, for a CPU of any kind and, on a
// driver of our own, for a GPU; broken files are refused.
#include "heed/driver/bundle.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <random>

#include "heed/driver/sketch.h"
#include "heed/heed.h"
#include "heed/runtime/error.h"
#include "heed/tests/said.h"

namespace heed::test {
namespace {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 2> {};
struct Depth : axis<"a name with: spaces", 8> {};

constexpr auto sdpa(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k,
                    Tensor<f32, Batch, Heads, Key, Depth> v) -> Tensor<f32, Batch, Heads, Seq, Depth> {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);
  return contract<Key>(softmax<Key>(where(index<Key>() <= index<Seq>(), scores, -inf)), v);
}
constexpr auto graph = trace<sdpa>("q", "k", "v");

using testing::errorOf;

struct File {
  std::string path = ::testing::TempDir() + "heed_" + std::to_string(getpid()) + ".bundle";
  ~File() { std::remove(path.c_str()); }
  void fill(const std::string& bytes) const { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }
};

TEST(Bundle, DoesWhatTheCompilersCodeDoes) {
  for (const char* target : {"cpu:baseline", "cpu:avx2", "cpu:avx512", "cpu:amx"}) {
    Options options{.target = parseTarget(target)};
    File file;
    saveBundle(graph, options, file.path);
    std::shared_ptr<const Executable> loaded;
    if (std::string text = errorOf([&] { loaded = loadBundle(file.path); }); !loaded) {
      EXPECT_SAYS(text, "this CPU lacks instructions");
      continue;
    }
    EXPECT_EQ(loaded->statistics.kernels, 1);
    auto compiled = jit(graph, options);
    EXPECT_EQ(loaded->signature, compiled.executable().signature);
    KernelOf<decltype(graph)> own(loaded, 2);
    Array<f32, Batch, Heads, Seq, Depth> q(2, 37);
    Array<f32, Batch, Heads, Key, Depth> k(2, 37), v(2, 37);
    for (auto* x : {q.span().data(), k.span().data(), v.span().data()})
      for (std::size_t i = 0; i < q.span().size(); ++i) x[i] = float((i * 7919 + std::size_t(x) / 64) % 101) / 50 - 1;
    auto want = compiled(q, k, v), got = own(q, k, v);
    for (std::size_t i = 0; i < want.span().size(); ++i) ASSERT_NEAR(got.span()[i], want.span()[i], 2e-6) << target;
  }
}

TEST(Bundle, SaysWhichWeightsAreRounded) {
  Sketch sketch;
  auto m = sketch.axis("m"), n = sketch.axis("n", 40), k = sketch.axis("k", 70);
  auto x = sketch.input("x", heed::DType::f32, {m, k}), w = sketch.parameter("w", DType::f32, {n, k});
  sketch.results({sketch.over("contract", {x, w}, {k})});
  File file;
  const Options options{.target = parseTarget("cpu:baseline+int8")};
  saveBundle(sketch.view(), options, file.path);
  auto loaded = loadBundle(file.path), compiled = compile(sketch.view(), options);
  EXPECT_EQ(loaded->statistics.target, "baseline+int8");
  ASSERT_EQ(loaded->rounded.size(), 1u);
  EXPECT_EQ(loaded->rounded, compiled->rounded);
  std::vector<std::vector<float>> results;
  for (const auto& code : {loaded, compiled}) {
    Runner run(code, 1);
    AnyArray a(DType::f32, std::vector<std::int64_t>{3, 70}), b(DType::f32, std::vector<std::int64_t>{40, 70});
    for (const ArrayView* view : {&a.view, &b.view})
      for (std::int64_t i = 0; i < view->size(); ++i)
        static_cast<float*>(view->data)[i] = float(i * 7919 % 101) / 50 - 1;
    run.bind("w", b);
    const AnyArray result = run.run(std::vector<ArrayView>{a.view})[0];
    results.emplace_back(static_cast<float*>(result.view.data), static_cast<float*>(result.view.data) + 120);
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(Bundle, WhatTheRuntimeThrowsGoesThrough) {
  File file;
  saveBundle(graph, {}, file.path);
  KernelOf<decltype(graph)> run(loadBundle(file.path), 1);
  Array<f32, Batch, Heads, Seq, Depth> q(1, 4);
  Array<f32, Batch, Heads, Key, Depth> k(1, 5), v(1, 5);
  EXPECT_SAYS(errorOf([&] { run(q, k, v); }), "extent mismatch");
}

TEST(Bundle, OfAGpuAsksForItWhenItIsCalled) {
  File file;
  saveBundle(graph, {.target = parseTarget("cuda:sm_80")}, file.path);
  auto loaded = loadBundle(file.path);
  EXPECT_EQ(loaded->statistics.target, "sm_80");
  KernelOf<decltype(graph)> run(loaded, 1);
  Array<f32, Batch, Heads, Seq, Depth> q(1, 4);
  Array<f32, Batch, Heads, Key, Depth> k(1, 4), v(1, 4);
  std::string text = errorOf([&] { run(q, k, v); });
  if (text.empty()) return;  // there is one
  EXPECT_SAYS(text, "cuda");
}

TEST(Bundle, OtherFilesAreRefused) {
  EXPECT_SAYS(errorOf([] { loadBundle("/nowhere/heed.bundle"); }), "cannot be opened");
  File file;
  file.fill("no library");
  EXPECT_SAYS(errorOf([&] { loadBundle(file.path); }), "it is not whole");
  file.fill(
      "\x7f"
      "ELF, 13:heed bundle 2 9:cpu:avx2 ");
  EXPECT_SAYS(errorOf([&] { loadBundle(file.path); }), "it is of version \"heed bundle 2\"");
  EXPECT_SAYS(errorOf([] { loadBundle(::testing::TempDir()); }), "cannot be opened");
}

TEST(Bundle, DamageIsSeenBeforeAnythingIsOpened) {
  File file;
  saveBundle(graph, {}, file.path);
  std::ifstream in(file.path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    file.fill(whole.substr(0, size));
    EXPECT_SAYS(errorOf([&] { loadBundle(file.path); }), "bundle " + file.path + ": it ") << size;
  }
  std::mt19937 random(7);
  for (int n = 0; n < 200; ++n) {
    std::string broken = whole;
    const std::size_t bit = random() % (8 * whole.size());
    broken[bit / 8] ^= char(1 << bit % 8);
    file.fill(broken);
    EXPECT_SAYS(errorOf([&] { loadBundle(file.path); }), "it is not whole") << bit;
  }
  file.fill(whole);
  EXPECT_EQ(errorOf([&] { loadBundle(file.path); }), "");
}

}  // namespace
}  // namespace heed::test
