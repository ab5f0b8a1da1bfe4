// Axes, their algebra, and tensors as types.
#include <gtest/gtest.h>

#include <cmath>

#include "model.h"

namespace heed::test {
namespace {

using lang::broadcast, lang::has, lang::minus, lang::replace, lang::sameAxes, lang::subset, lang::unite;
using std::is_same_v;

static_assert(Depth::extent == 64 && Depth::size == 64 && Model::size == 512);
static_assert(Seq::extent == lang::symbolic && Key::extent == lang::symbolic);
static_assert(Key::symbol == Seq::symbol && !(Key::name == Seq::name));

static_assert(has<Seq, axes<Batch, Seq>> && !has<Key, axes<Batch, Seq>> && !has<Key, axes<>>);
static_assert(subset<axes<>, axes<Seq>> && subset<axes<Seq>, axes<Batch, Seq>> && !subset<axes<Seq, Key>, axes<Seq>>);
static_assert(sameAxes<axes<Seq, Batch>, axes<Batch, Seq>>);
static_assert(is_same_v<unite<axes<Batch, Seq>, axes<Key, Batch>>, axes<Batch, Seq, Key>>);
static_assert(is_same_v<minus<axes<Batch, Seq, Key>, axes<Seq>>, axes<Batch, Key>>);
static_assert(is_same_v<minus<axes<Seq>, axes<Seq>>, axes<>>);
static_assert(is_same_v<replace<axes<Batch, Model, Seq>, Model, axes<Heads, Depth>>, axes<Batch, Heads, Depth, Seq>>);
// The layout of the operand that has all axes wins, whichever side it is on.
static_assert(is_same_v<broadcast<axes<Model>, axes<Batch, Seq, Model>>, axes<Batch, Seq, Model>>);
static_assert(is_same_v<broadcast<axes<Batch, Seq, Model>, axes<Model>>, axes<Batch, Seq, Model>>);
static_assert(
    is_same_v<broadcast<axes<Seq, Batch>, axes<Batch, Seq>>, axes<Seq, Batch>>);  // the left one's, if both do
static_assert(is_same_v<broadcast<axes<Key>, axes<Seq>>, axes<Key, Seq>>);

TEST(Axis, InfoIsWhatTheTapeCarries) {
  const TypeInfo& info = Tensor<bf16, Batch, Key, Heads>::info;
  EXPECT_EQ(info.dtype, DType::bf16);
  ASSERT_EQ(info.rank, 3u);
  EXPECT_EQ(info.axes[1]->name, "key");
  EXPECT_EQ(info.axes[1]->symbol, "seq");
  EXPECT_EQ(info.axes[1]->extent, -1);
  EXPECT_EQ(info.axes[2]->symbol, "");
  EXPECT_EQ(info.axes[2]->extent, 8);
}

TEST(Axis, OneAxisIsOneObject) {
  EXPECT_EQ((Tensor<f32, Batch, Seq>::info.axes[0]), (Tensor<i32, Seq, Batch>::info.axes[1]));
}

TEST(Axis, RootsOfExtentsAreExactWhereTheyCanBe) {
  static_assert(rsqrt(Depth::size) == 0.125 && sqrt(Depth::size) == 8);
  for (std::int64_t n : {1, 2, 3, 48, 80, 96, 128, 1000, 1 << 30}) {
    EXPECT_DOUBLE_EQ(sqrt(n), std::sqrt(double(n)));
    EXPECT_DOUBLE_EQ(rsqrt(n), 1 / std::sqrt(double(n)));
  }
}

}  // namespace
}  // namespace heed::test
