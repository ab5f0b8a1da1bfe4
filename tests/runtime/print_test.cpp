// Arrays as text, character by character.
#include "heed/runtime/print.h"

#include <gtest/gtest.h>

#include <sstream>

#include "axes.h"

namespace heed::testing {
namespace {

template <class A>
std::string text(const A& array, PrintOptions options = {}) {
  std::ostringstream out;
  print(out, array, options);
  return out.str();
}

TEST(Print, twoAxesAreATable) {
  EXPECT_EQ(text(Array<f32, Seq, Depth>{.43, .15, .89, -10.5, .87, .66}, {.decimals = 2}),
            "f32 [seq 2, depth 3]\n"
            "    0.43    0.15    0.89\n"
            "  -10.50    0.87    0.66\n");
}

TEST(Print, outerAxesAreHeadings) {
  Array<i32, Batch, Heads, Seq, Depth> a(1, 1);
  EXPECT_EQ(text(a),
            "i32 [batch 1, heads 2, seq 1, depth 3]\n"
            "batch 0, heads 0\n    0    0    0\n"
            "batch 0, heads 1\n    0    0    0\n");
}

TEST(Print, longAxesShowTheirEnds) {
  Array<i32, Seq> a(100);
  a.fill([](auto i) { return i; });
  EXPECT_EQ(text(a, {.most = 4}), "i32 [seq 100]\n    0    1  ...   98   99\n");
}

TEST(Print, everyElementType) {
  EXPECT_EQ(text(Array<i1, Seq>{true, false}), "i1 [seq 2]\n   true  false\n");
  EXPECT_EQ(text(Array<bf16, Seq>{1.5f}), "bf16 [seq 1]\n  1.5000\n");
  EXPECT_EQ(text(Array<f16, Seq>{-1.5f}), "f16 [seq 1]\n  -1.5000\n");
  EXPECT_EQ(text(Array<f32>{2.f}), "f32 []\n  2.0000\n");
  EXPECT_EQ(text(Array<f32, Seq>(0)), "f32 [seq 0]\n");
}

TEST(Print, readsThroughStrides) {
  Array<i32, Seq, Depth> a{1, 2, 3, 4, 5, 6};
  std::ostringstream out;
  out << a.reordered<Depth, Seq>();
  EXPECT_EQ(out.str(), "i32 [depth 3, seq 2]\n    1    4\n    2    5\n    3    6\n");
}

}  // namespace
}  // namespace heed::testing
