// Memory is linear in the sequence: at 65,536 queries and keys nothing of their product is ever stored.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "heed/driver/compile.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/runner.h"

namespace heed {
namespace {

/// The most anonymous memory this process has held so far is at least this, in bytes.
std::int64_t anonymous() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::stoll(line.substr(8)) * 1024;
  return 0;
}

TEST(Memory, IsLinearInTheSequence) {
  Sketch sketch;
  auto seq = sketch.axis("seq"), key = sketch.axis("key", -1, "seq"), depth = sketch.axis("depth", 16);
  auto q = sketch.input("q", DType::f32, {seq, depth}), k = sketch.input("k", DType::f32, {key, depth});
  auto weights = sketch.over("softmax", {sketch.over("contract", {q, k}, {depth})}, {key});
  sketch.results({sketch.over("contract", {weights, k}, {key})});
  Runner run(compile(sketch.view()));

  std::int64_t before = anonymous(), n = 65536, sizes[] = {n, 16};
  AnyArray x(DType::f32, sizes);
  std::fill_n(static_cast<float*>(x.view.data), n * 16, .25f);
  std::vector<ArrayView> inputs{x.view, x.view};
  auto out = run.run(inputs);
  EXPECT_NEAR(static_cast<float*>(out[0].view.data)[n * 16 - 1], .25f, 1e-5f);
  std::int64_t arrays = 2 * n * 16 * 4;
  EXPECT_LT(anonymous() - before, arrays + (64 << 20));
  EXPECT_LT(run.session().memory().bytes, 64 << 20);
}

}  // namespace
}  // namespace heed
