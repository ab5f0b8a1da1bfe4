// The container: adding, finding, arrays of any axes, one conversion for several kernels.
#include "heed/runtime/weights/weights.h"

#include <gtest/gtest.h>

#include "axes.h"

namespace heed::testing {
namespace {

struct Model : axis<"model", 6> {};

Array<f32, Model, Seq> matrix() {
  Array<f32, Model, Seq> w(4);
  w.fill([](auto m, auto s) { return 4 * m + s; });
  return w;
}

TEST(Weights, anArrayHasTheAxesThatAreAskedFor) {
  const Array<f32, Model, Seq> w = matrix();
  const Weights weights{{"w", w.any()}};
  const auto heads = weights.array<f32, Heads, Depth, Seq>("w");
  EXPECT_EQ(heads(1, 2, 3), 23);
  EXPECT_EQ(heads.data(), w.data());
  static_assert(std::is_same_v<decltype(heads), const Array<const f32, Heads, Depth, Seq>>);
  EXPECT_EQ((weights.array<bf16, Model, Seq>("w")(5, 3)), 23);
}

TEST(Weights, whatDoesNotFitIsNamed) {
  const Weights weights{{"w", matrix().any()}};
  EXPECT_EQ(errorOf([&] { weights.at("v"); }),
            "weights: no tensor \"v\"; it has 1 others; check the spelling: the names are what iterating gives");
  EXPECT_EQ(errorOf([&] { weights.array<f32, Depth>("w"); }),
            "weights: tensor \"w\": F32[6, 4] is stored; w: f32[depth 3] is wanted; each dim must be the product of a "
            "run of these axes");
  EXPECT_EQ(errorOf([&] { weights.array<i32, Model, Seq>("w"); }),
            "weights: tensor \"w\": F32[6, 4] is stored; i32 is wanted; only f32, f16 and bf16 convert to one another");
}

TEST(Weights, aNameComesOnce) {
  const auto w = matrix();
  EXPECT_EQ(errorOf([&] {
              Weights weights{{"w", w.any()}, {"w", w.any()}};
            }),
            "weights: tensor \"w\" is there already; a name comes once; choose another name");
}

TEST(Weights, bytesMustBeThoseOfTheShape) {
  Weights weights;
  EXPECT_NE(errorOf([&] { weights.add("w", Weight{storedType("F32"), {2}, nullptr, 4, nullptr}); }), "");
  EXPECT_NE(errorOf([&] { weights.add("w", Weight{nullptr, {2}, nullptr, 8, nullptr}); }), "");
  EXPECT_NE(errorOf([&] { weights.add("w", Weight{storedType("F32"), {2}, nullptr, 8, nullptr}); }), "");
  EXPECT_EQ(weights.size(), 0u);
}

TEST(Weights, areConvertedOnceForSeveralKernels) {
  const Array<i32, Seq> i{7};
  const Array<f32, Seq> f{1};
  const Weights weights{{"w", matrix().any()}, {"i", i.any()}};
  const Weights halves = weights.to(DType::bf16);
  EXPECT_EQ(toString(halves.at("w")), "BF16[6, 4]");
  EXPECT_EQ(halves.at("i").data, weights.at("i").data);
  const auto once = halves.array<bf16, Model, Seq>("w"), again = halves.array<bf16, Model, Seq>("w");
  EXPECT_EQ(once.data(), again.data());
  EXPECT_EQ(once(5, 3), 23);
  EXPECT_EQ(weights.to(DType::f32).at("w").data, weights.at("w").data);
}

TEST(Weights, ownWhatTheArrayOwned) {
  Weights weights;
  weights.add("w", matrix().any());
  EXPECT_EQ((weights.array<f32, Model, Seq>("w")(5, 3)), 23);
}

}  // namespace
}  // namespace heed::testing
