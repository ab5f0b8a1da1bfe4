// DLPack both ways: no copy, one deleter call, and every refusal.
#include "heed/runtime/dlpack.h"

#include <gtest/gtest.h>

#include <optional>

#include "axes.h"

namespace heed::testing {
namespace {

using Matrix = Array<f32, Seq, Depth>;

/// A tensor as another library would make it; counts calls of its deleter.
template <class M>
struct Foreign {
  float data[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  std::int64_t shape[2] = {4, 3}, strides[2] = {3, 1};
  int deleted = 0;
  M managed;
  Foreign() {
    managed.tensor = {data, {1, 0}, 2, {2, 32, 1}, shape, strides, 0};
    managed.context = this;
    managed.deleter = [](M* self) { ++static_cast<Foreign*>(self->context)->deleted; };
  }
};
template <class M>
class Dlpack : public ::testing::Test {};
using Forms = ::testing::Types<dlpack::Managed, dlpack::ManagedVersioned>;
TYPED_TEST_SUITE(Dlpack, Forms);

TYPED_TEST(Dlpack, comesInWithoutACopyAndIsDeletedOnce) {
  Foreign<TypeParam> foreign;
  {
    Matrix a = fromDlpack<Matrix>(&foreign.managed);
    EXPECT_EQ(a.data(), foreign.data);
    EXPECT_EQ(a(3, 2), 11);
    auto shared = a.reordered<Depth, Seq>();
    a = Matrix();
    EXPECT_EQ(foreign.deleted, 0);
    EXPECT_EQ(shared(1, 2), 7);
  }
  EXPECT_EQ(foreign.deleted, 1);
}

TYPED_TEST(Dlpack, nullStridesAreRowMajorAndOffsetsCount) {
  Foreign<TypeParam> foreign;
  foreign.managed.tensor.strides = nullptr;
  foreign.managed.tensor.byte_offset = 12;
  foreign.shape[0] = 3;
  EXPECT_EQ(fromDlpack<Matrix>(&foreign.managed)(0, 0), 3);
}

TYPED_TEST(Dlpack, aRefusedTensorStaysTheCallers) {
  Foreign<TypeParam> foreign;
  foreign.shape[1] = 4;
  foreign.shape[0] = 3;
  EXPECT_EQ(errorOf([&] { fromDlpack<Matrix>(&foreign.managed); }),
            "extent mismatch on axis depth: 4 given; the type fixes it to 3; choose the array type that fits");
  EXPECT_EQ(foreign.deleted, 0);
}

/// What comes of a tensor that was changed by `spoil`.
template <class A = Matrix, class F>
std::string refusal(F spoil) {
  Foreign<dlpack::ManagedVersioned> foreign;
  spoil(foreign.managed);
  std::string message = errorOf([&] { fromDlpack<A>(&foreign.managed); });
  EXPECT_EQ(foreign.deleted, message.empty() ? 1 : 0);
  return message;
}

TEST(DlpackRefuses, otherDevices) {
  EXPECT_EQ(refusal([](auto& m) { m.tensor.device.type = 2; }),
            "dlpack: memory of device type 2; memory of the host is required (type 1 or 3); copy the tensor to the CPU "
            "first");
}

TEST(DlpackRefuses, otherElementTypes) {
  EXPECT_EQ(
      refusal([](auto& m) {
        m.tensor.dtype = {2, 64, 1};
      }),
      "dlpack: elements of type code 2, 64 bits, 1 lanes; bool, int32, float16, bfloat16 or float32 of one lane is "
      "required; convert the tensor first");
  EXPECT_NE(refusal([](auto& m) { m.tensor.dtype = {2, 32, 4}; }), "");
  EXPECT_EQ(refusal([](auto& m) {
              m.tensor.dtype = {0, 32, 1};
            }),
            "array: i32 with 2 axes; the type: f32[seq, depth 3]; choose the array type that fits");
}

TEST(DlpackRefuses, ranksAndShapes) {
  EXPECT_EQ(refusal([](auto& m) { m.tensor.ndim = -1; }), "dlpack: -1 axes; 0 to 8 are possible; reshape the tensor");
  EXPECT_NE(refusal([](auto& m) { m.tensor.ndim = 1 << 30; }), "");
  EXPECT_EQ(refusal([](auto& m) { m.tensor.shape = nullptr; }),
            "dlpack: a null shape for 2 axes; a shape is required; check who made the tensor");
  EXPECT_NE(refusal([](auto& m) { m.tensor.shape[0] = -4; }), "");
  EXPECT_NE(refusal([](auto& m) { m.tensor.shape[0] = INT64_MAX; }), "");
}

TEST(DlpackRefuses, memoryThatCannotBeRead) {
  EXPECT_EQ(refusal([](auto& m) { m.tensor.data = nullptr; }),
            "dlpack: null data for 12 elements; only an array without elements may have none; give it memory");
  EXPECT_EQ(
      refusal([](auto& m) { m.tensor.byte_offset = 2; }),
      "dlpack: data is not aligned to its elements; f32 needs an address divisible by 4; copy it to aligned memory");
  EXPECT_EQ(
      refusal([](auto& m) { m.tensor.strides[0] = INT64_MAX / 2; }),
      "dlpack: stride 4611686018427387903 on axis number 0; all elements must lie in one address space; check the "
      "strides; they count elements");
}

TEST(DlpackRefuses, otherVersionsAndReadOnlyMemory) {
  EXPECT_EQ(refusal([](auto& m) { m.major = 2; }),
            "dlpack: version 2.0; version 1 is required; ask the other library for version 1");
  auto lock = [](auto& m) { m.flags = 1; };
  EXPECT_EQ(refusal(lock),
            "dlpack: a tensor marked read-only; an Array that may be written needs one that is not; use "
            "Array<const f32, ...>, or copy the tensor first");
  EXPECT_EQ((refusal<Array<const f32, Seq, Depth>>(lock)), "");
  EXPECT_EQ(errorOf([] { fromDlpack<Matrix>(static_cast<dlpack::Managed*>(nullptr)); }),
            "dlpack: a null tensor; a tensor is required; check the capsule");
}

TEST(DlpackTakes, emptyTensorsWithoutData) {
  EXPECT_EQ(refusal([](auto& m) {
              m.tensor.shape[0] = 0;
              m.tensor.data = nullptr;
            }),
            "");
}

TEST(DlpackOut, sharesTheMemoryBeyondTheArray) {
  std::optional<Matrix> a(Matrix{1, 2, 3, 4, 5, 6});
  dlpack::ManagedVersioned* out = toDlpack(a->reordered<Depth, Seq>());
  const float* memory = a->data();
  a.reset();
  EXPECT_EQ(out->tensor.data, memory);
  EXPECT_EQ(out->tensor.shape[0], 3);
  EXPECT_EQ(out->tensor.strides[1], 3);
  EXPECT_EQ(static_cast<float*>(out->tensor.data)[5], 6);
  EXPECT_EQ(out->flags, 0u);
  out->deleter(out);
}

TEST(DlpackOut, roundTripsEveryElementType) {
  auto trip = [](auto array) {
    using A = decltype(array);
    const void* memory = array.data();
    A back = fromDlpack<A>(toDlpackUnversioned(array));
    EXPECT_EQ(back.data(), memory);
  };
  trip(Array<i1, Seq>{true}), trip(Array<i32, Seq>{1}), trip(Array<f16, Seq>{1});
  trip(Array<bf16, Seq>{1}), trip(Array<f32, Seq>{1}), trip(Array<f32>{1});
}

TEST(DlpackOut, readOnlyStaysReadOnly) {
  Matrix a{1, 2, 3};
  dlpack::ManagedVersioned* out = toDlpack(a.readonly());
  EXPECT_EQ(out->flags, 1u);
  EXPECT_NE(errorOf([&] { fromDlpack<Matrix>(out); }), "");
  out->deleter(out);
}

}  // namespace
}  // namespace heed::testing
