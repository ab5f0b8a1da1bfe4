// Construction, layout, access and lifetime of typed arrays.
#include "heed/runtime/array.h"

#include <gtest/gtest.h>

#include <numeric>

#include "axes.h"

namespace heed::testing {
namespace {

using Four = Array<f32, Batch, Heads, Seq, Depth>;

TEST(Array, extentsOfSymbolicAxesOrOfAll) {
  Four a(4, 5), b(4, 2, 5, 3);
  EXPECT_EQ(a.size(), 4 * 2 * 5 * 3);
  EXPECT_EQ(a.extent<Seq>(), 5);
  EXPECT_EQ(a.extent<Heads>(), 2);
  EXPECT_EQ(b.stride<Batch>(), 2 * 5 * 3);
  EXPECT_EQ(a(3, 1, 4, 2), 0);
}

TEST(Array, isAlignedToCacheLines) {
  for (int n : {1, 3, 17, 1000}) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Array<i1, Seq>(n).data()) % 64, 0u);
}

TEST(Array, aFixedExtentCannotBeAnother) {
  EXPECT_EQ(errorOf([] { Four(4, 8, 5, 3); }),
            "extent mismatch on axis heads: 8 given; the type fixes it to 2; give the extents of symbolic axes only");
}

TEST(Array, negativeAndHugeExtentsAreRefused) {
  EXPECT_EQ(errorOf([] { Array<f32, Seq>(-1); }),
            "array: an axis has extent -1; extents are 0 or more; look for an overflow");
  EXPECT_EQ(errorOf([] { Array<f32, Batch, Seq>(1ll << 40, 1ll << 40); }),
            "array: 1099511627776 x 1099511627776 elements of f32; the bytes must fit 63 bits; check the extents");
  EXPECT_EQ(errorOf([] { (Array<f32, Batch, Seq>(0, -5)); }),
            "array: an axis has extent -5; extents are 0 or more; look for an overflow");
}

TEST(Array, memoryThatIsNotThereIsAnError) {
  EXPECT_EQ(errorOf([] { Array<f32, Seq>(1ll << 58); }),
            "memory: 1152921504606846976 bytes were wanted; the system must have as much; use smaller extents");
}

TEST(Array, valuesGiveTheOneSymbolicExtent) {
  Array<f32, Seq, Depth> x{.43, .15, .89, .55, .87, .66};
  EXPECT_EQ(x.extent<Seq>(), 2);
  EXPECT_EQ(x(1, 2), .66f);
  Array<i32, Batch> valid{2, 6};
  EXPECT_EQ(valid.extent<Batch>(), 2);
  EXPECT_EQ(valid(1), 6);
}

TEST(Array, valuesWithExtents) {
  Array<f32, Batch, Seq> x({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(x(1, 0), 4);
  Array<f32> scalar{1.5f};
  EXPECT_EQ(scalar(), 1.5f);
}

TEST(Array, theNumberOfValuesMustFit) {
  EXPECT_EQ(errorOf([] {
              Array<f32, Seq, Depth>{1, 2, 3, 4};
            }),
            "array: 4 values; 3 are required, array: f32[seq 1, depth 3]; give as many values as the extents say");
  EXPECT_EQ(errorOf([] {
              (Array<f32, Batch, Seq>({2, 3}, {1}));
            }),
            "array: 1 values; 6 are required, array: f32[batch 2, seq 3]; give as many values as the extents say");
}

TEST(Array, withoutExtentsItIsEmptyOrWhole) {
  Four empty;
  EXPECT_TRUE(empty.empty());
  Array<f32, Heads, Depth> whole;
  EXPECT_EQ(whole.size(), 6);
  EXPECT_EQ(whole(1, 2), 0);
}

TEST(Array, borrowsRowMajorMemory) {
  std::vector<float> memory(2 * 2 * 5 * 3);
  Four a = Four::borrow(memory.data(), {2, 5});
  a(1, 1, 4, 2) = 7;
  EXPECT_EQ(memory.back(), 7);
  EXPECT_EQ(a.data(), memory.data());
}

TEST(Array, borrowsMemoryOfAnotherAxisOrder) {
  std::vector<float> memory(2 * 5 * 2 * 3);
  std::iota(memory.begin(), memory.end(), 0.f);
  auto a = Four::borrow<Batch, Seq, Heads, Depth>(memory.data(), {2, 5});  // batch-seq-head, seen as batch-head-seq
  EXPECT_EQ(a(1, 0, 3, 2), memory[((1 * 5 + 3) * 2 + 0) * 3 + 2]);
  EXPECT_EQ(a.stride<Heads>(), 3);
  EXPECT_FALSE(a.contiguous());
}

TEST(Array, borrowsWithStrides) {
  std::vector<float> qkv(5 * 9);  // three arrays of depth 3 side by side
  qkv[4 * 9 + 3 + 1] = 6;
  auto k = Array<f32, Seq, Depth>::borrow(qkv.data() + 3, {5}, {9, 1});
  EXPECT_EQ(k(4, 1), 6);
  EXPECT_EQ(errorOf([&] { k.span(); }),
            "span: an array with strides, array: f32[seq 5, depth 3]; its elements must lie row-major without a gap; "
            "copy the array first");
}

TEST(Array, constMemoryIsReadOnly) {
  const std::vector<float> memory{1, 2, 3};
  auto a = Array<const f32, Seq>::borrow(memory.data(), {3});
  static_assert(std::is_same_v<decltype(a(0)), const float&>);
  EXPECT_EQ(a(2), 3);
  Array<f32, Seq> copy(3);
  copy.assign(a);
  EXPECT_EQ(copy(2), 3);
}

TEST(Array, aCopyOwnsItsElements) {
  std::vector<float> memory(2 * 5 * 2 * 3, 1.f);
  auto view = Four::borrow<Batch, Seq, Heads, Depth>(memory.data(), {2, 5});
  Four copy = view;
  EXPECT_TRUE(copy.contiguous());
  copy(0, 0, 0, 0) = 2;
  EXPECT_EQ(memory[0], 1);
}

TEST(Array, aMoveKeepsTheMemoryAndEmptiesTheSource) {
  Array<f32, Seq> a{1, 2, 3};
  const float* memory = a.data();
  Array<f32, Seq> b = std::move(a);
  EXPECT_EQ(b.data(), memory);
  EXPECT_EQ(a.data(), nullptr);
  EXPECT_TRUE(a.empty());
  a = std::move(b);
  EXPECT_EQ(a.data(), memory);
}

TEST(Array, assignWritesThroughAView) {
  std::vector<float> memory(3);
  auto view = Array<f32, Seq>::borrow(memory.data(), {3});
  view.assign(Array<f32, Seq>{4, 5, 6});
  EXPECT_EQ(memory[1], 5);
  EXPECT_EQ(
      errorOf([&] { view.assign(Array<f32, Seq>{1}); }),
      "extent mismatch on axis seq: assign() from 1 to 3; both arrays must have the same extents; use = to replace "
      "the whole array");
}

TEST(Array, reorderedSharesTheMemory) {
  Array<f32, Seq, Depth> a{1, 2, 3, 4, 5, 6};
  auto t = a.reordered<Depth, Seq>();
  t(2, 0) = 9;
  EXPECT_EQ(a(0, 2), 9);
  EXPECT_EQ(t.copy().span()[1], 4);
}

TEST(Array, atChecksItsIndices) {
  Array<f32, Seq, Depth> a{1, 2, 3};
  EXPECT_EQ(a.at(0, 2), 3);
  EXPECT_EQ(errorOf([&] { a.at(0, 3); }), "index: 3 on axis depth; it must lie in 0 .. 2; check the loop's bounds");
  EXPECT_EQ(errorOf([&] { a.at(-1, 0); }), "index: -1 on axis seq; it must lie in 0 .. 0; check the loop's bounds");
}

TEST(Array, fillsWithAValueOrAFunction) {
  Four a(2, 5);
  a.fill(3);
  EXPECT_EQ(std::accumulate(a.span().begin(), a.span().end(), 0.f), 180);
  auto view = Four::borrow<Batch, Seq, Heads, Depth>(a.data(), {2, 5});
  view.fill([](auto b, auto h, auto s, auto d) { return 1000 * b + 100 * h + 10 * s + d; });
  EXPECT_EQ(view(1, 1, 4, 2), 1142);
}

TEST(Array, takesAnUntypedArrayOfItsTypeOnly) {
  const std::int64_t sizes[] = {4, 3};
  AnyArray any(DType::f32, sizes);
  auto typed = Array<f32, Seq, Depth>::from(any);
  EXPECT_EQ(typed.data(), any.memory.get());
  EXPECT_EQ(errorOf([&] { Array<i32, Seq, Depth>::from(any); }),
            "array: f32 with 2 axes; the type: i32[seq, depth 3]; choose the array type that fits");
  EXPECT_EQ(errorOf([&] { Array<f32, Seq, Heads>::from(any); }),
            "extent mismatch on axis heads: 3 given; the type fixes it to 2; choose the array type that fits");
}

TEST(Array, isNotLargerThanItsViewAndOwner) {
  EXPECT_EQ(sizeof(Four), sizeof(AnyArray));
  static_assert(std::is_nothrow_move_constructible_v<Four>);
}

}  // namespace
}  // namespace heed::testing
