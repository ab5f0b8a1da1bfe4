// Every way in which arguments can be wrong has one message, and this is where it is written down.
#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "axes.h"
#include "heed/runtime/bind.h"

namespace heed::testing {
namespace {

TensorSpec spec(std::string name, DType dtype, std::vector<AxisSpec> axes) { return {name, dtype, axes}; }
const AxisSpec batch{"batch", "batch", -1}, seq{"seq", "seq", -1}, key{"key", "seq", -1}, other{"other", "other", -1},
    depth{"depth", "depth", 4};

/// q[batch, seq, depth 4], k[batch, key, depth 4] with key sharing seq's extent, valid[batch]; parameter w[depth 4];
/// result o[batch, seq].
struct Call {
  Signature signature;
  std::optional<Arguments> arguments;
  AnyArray q = make(DType::f32, {2, 3, 4}), k = make(DType::f32, {2, 3, 4}), valid = make(DType::i32, {2}),
           w = make(DType::f32, {4}), o = make(DType::f32, {2, 3});

  Call() {
    signature.inputs = {spec("q", DType::f32, {batch, seq, depth}), spec("k", DType::f32, {batch, key, depth}),
                        spec("valid", DType::i32, {batch})};
    signature.parameters = {spec("w", DType::f32, {depth})};
    signature.results = {spec("o", DType::f32, {batch, seq})};
    arguments.emplace(signature);
  }
  static AnyArray make(DType dtype, std::vector<std::int64_t> sizes) { return {dtype, sizes}; }
  /// Binds everything, as a kernel does.
  void bindAll() {
    arguments->bind("w", w);
    const ArrayView inputs[] = {q.view, k.view, valid.view};
    arguments->inputs(inputs);
    arguments->results({&o.view, 1});
  }
  std::string error() {
    return errorOf([&] { bindAll(); });
  }
  template <int Rank>
  const abi::Descriptor<Rank>& descriptor(int i) {
    return *static_cast<abi::Descriptor<Rank>*>(arguments->descriptors()[i]);
  }
};

TEST(Binding, describesEveryArgumentInOrder) {
  Call call;
  EXPECT_EQ(call.error(), "");
  const auto& q = call.descriptor<3>(0);
  EXPECT_EQ(q.aligned, call.q.view.data);
  EXPECT_EQ(q.offset, 0);
  EXPECT_EQ(q.sizes[1], 3);
  EXPECT_EQ(q.strides[0], 12);
  EXPECT_EQ(q.strides[2], 1);
  EXPECT_EQ(call.descriptor<1>(2).aligned, call.valid.view.data);
  EXPECT_EQ(call.descriptor<1>(3).aligned, call.w.view.data);
  EXPECT_EQ(call.descriptor<2>(4).aligned, call.o.view.data);
}

TEST(Binding, numberOfArguments) {
  Call call;
  call.arguments->bind("w", call.w);
  EXPECT_EQ(errorOf([&] {
              call.arguments->inputs({&call.q.view, 1});
            }),
            "arguments: 1 given; 3 are required: q, k, valid; give them in this order");
}

TEST(Binding, numberOfResults) {
  Call call;
  call.bindAll();
  EXPECT_EQ(errorOf([&] { call.arguments->results({}); }),
            "results: 0 given; 1 are required: o; give them in this order");
}

TEST(Binding, rank) {
  Call call;
  call.k = Call::make(DType::f32, {3, 4});
  EXPECT_EQ(call.error(), "k: an array with 2 axes; 3 are required, k: f32[batch, key, depth 4]; reshape it");
}

TEST(Binding, elementType) {
  Call call;
  call.valid = Call::make(DType::f32, {2});
  EXPECT_EQ(call.error(),
            "valid: elements of f32; i32 is required; give an array of that type, or bind(Weights{...}), which "
            "converts");
}

TEST(Binding, fixedExtent) {
  Call call;
  call.q = Call::make(DType::f32, {2, 3, 8});
  EXPECT_EQ(call.error(),
            "extent mismatch on axis depth: q has 8; the graph fixes it to 4; reshape the array, or declare the axis "
            "without an extent");
}

TEST(Binding, extentOfOneAxisInTwoArrays) {
  Call call;
  call.valid = Call::make(DType::i32, {5});
  EXPECT_EQ(
      call.error(),
      "extent mismatch on axis batch: q has 2, valid has 5; one axis has one extent in a call; check the shapes of "
      "q and valid");
}

TEST(Binding, extentOfTwoAxesThatShareIt) {
  Call call;
  call.k = Call::make(DType::f32, {2, 7, 4});
  EXPECT_EQ(
      call.error(),
      "extent mismatch on axis seq: q has 3, k has 7 on axis key; seq and key share one extent; check the shapes of "
      "q and k");
}

TEST(Binding, extentOfTheResult) {
  Call call;
  call.o = Call::make(DType::f32, {2, 4});
  EXPECT_EQ(
      call.error(),
      "extent mismatch on axis seq: q has 3, o has 4; one axis has one extent in a call; check the shapes of q and "
      "o");
}

TEST(Binding, nullData) {
  Call call;
  call.k.view.data = nullptr;
  EXPECT_EQ(call.error(), "k: null data for 24 elements; only an array without elements may have none; give it memory");
}

TEST(Binding, misalignedData) {
  Call call;
  call.q.view.data = static_cast<char*>(call.q.view.data) + 1;
  EXPECT_EQ(call.error(),
            "q: data is not aligned to its elements; f32 needs an address divisible by 4; copy it to aligned memory");
}

TEST(Binding, stridesBeyondTheAddressSpace) {
  Call call;
  call.q.view.strides[0] = INT64_MAX;
  EXPECT_EQ(call.error(),
            "q: stride 9223372036854775807 on axis number 0; all elements must lie in one address space; check the "
            "strides; they count elements");
}

TEST(Binding, extentsMadeByHandAreChecked) {
  Call call;
  call.valid.view.sizes[0] = -1;
  EXPECT_EQ(call.error(), "array: an axis has extent -1; extents are 0 or more; look for an overflow");
  call.valid.view.sizes[0] = INT64_MAX;
  EXPECT_EQ(call.error(), "array: 9223372036854775807 elements of i32; the bytes must fit 63 bits; check the extents");
}

TEST(Binding, aResultNeedsMemoryOfItsOwn) {
  Call call;
  call.o.view.data = call.q.view.data;
  EXPECT_EQ(call.error(), "o: it shares memory with q; a result needs memory of its own; give it another array");
  call.o.view.data = static_cast<float*>(call.w.view.data) + 3;
  EXPECT_EQ(call.error(), "o: it shares memory with w; a result needs memory of its own; give it another array");
}

TEST(Binding, aResultDoesNotOverlapItself) {
  Call call;
  call.o.view.strides[0] = 0;
  EXPECT_EQ(
      call.error(),
      "o: strides that give two elements one address; each element of a result needs memory of its own; check the "
      "strides");
}

TEST(Binding, missingParameters) {
  Call call;
  const ArrayView inputs[] = {call.q.view, call.k.view, call.valid.view};
  EXPECT_EQ(errorOf([&] { call.arguments->inputs(inputs); }),
            "parameters: missing: w; all must be bound before a call; bind(name, array)");
}

TEST(Binding, unknownParameter) {
  Call call;
  EXPECT_EQ(errorOf([&] { call.arguments->bind("v", call.w); }),
            "parameters: unknown: v; the graph has w; check the spelling");
}

TEST(Binding, allParametersAtOnce) {
  Call call;
  const NamedArray wrong[] = {{"v", call.w}, {"u", call.w}};
  EXPECT_EQ(errorOf([&] { call.arguments->bindAll(wrong); }),
            "parameters: missing: w; unknown: v, u; the names given must be the names of the graph; compare with "
            "toString(signature)");
  const NamedArray right[] = {{"w", call.w}};
  EXPECT_EQ(errorOf([&] { call.arguments->bindAll(right); }), "");
}

TEST(Binding, parametersAreCheckedWhenBound) {
  Call call;
  EXPECT_EQ(errorOf([&] { call.arguments->bind("w", Call::make(DType::f32, {5})); }),
            "extent mismatch on axis depth: w has 5; the graph fixes it to 4; reshape the array, or declare the axis "
            "without an extent");
}

TEST(Binding, anUnknownElementTypeIsNamed) {
  Call call;
  call.valid.view.dtype = DType(77);
  EXPECT_EQ(
      call.error(),
      "valid: elements of an unknown type; i32 is required; give an array of that type, or bind(Weights{...}), which "
      "converts");
}

TEST(Binding, whatRemembersNothingTakesNoExtents) {
  Call call;
  const Extent extents[] = {{"batch", 4}};
  EXPECT_EQ(errorOf([&] { call.arguments->begin(extents); }),
            "begin: an extent of batch; the graph has no state of such an axis; begin({}), or none");
  EXPECT_EQ(errorOf([&] { call.arguments->begin({}); }), "");
}

TEST(Binding, aResultsAxisMustComeFromAnArgument) {
  Signature signature;
  signature.inputs = {spec("q", DType::f32, {seq})};
  signature.results = {spec("o", DType::f32, {seq, other})};
  EXPECT_EQ(errorOf([&] { Arguments arguments(signature); }),
            "axis other: result o has it, but no input and no parameter; a symbolic extent must come from an argument; "
            "add an argument with this axis, or give the axis a fixed extent");
}

TEST(Binding, zeroExtentsNeedNoData) {
  Call call;
  call.q = call.k = Call::make(DType::f32, {2, 0, 4});
  call.q.view.data = call.k.view.data = nullptr;
  call.o = Call::make(DType::f32, {2, 0});
  EXPECT_EQ(call.error(), "");
  EXPECT_EQ(call.descriptor<3>(0).sizes[1], 0);
}

TEST(Binding, viewsWithAnInnerStrideArePacked) {
  Call call;
  AnyArray wide = Call::make(DType::f32, {2, 3, 8});
  for (int i = 0; i < 48; ++i) static_cast<float*>(wide.view.data)[i] = i;
  call.q = wide;
  call.q.view.sizes[2] = 4;
  call.q.view.strides[2] = 2;
  EXPECT_EQ(call.error(), "");
  EXPECT_EQ(call.arguments->packed(), 1);
  const auto& q = call.descriptor<3>(0);
  EXPECT_EQ(q.strides[2], 1);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(static_cast<float*>(q.aligned)[i], 2 * i);
}

TEST(Binding, outerStridesAreNotPacked) {
  Call call;
  AnyArray wide = Call::make(DType::f32, {2, 3, 8});
  call.q = wide;
  call.q.view.sizes[2] = 4;
  call.k.view.strides[0] = 0;  // one row for all of the batch
  EXPECT_EQ(call.error(), "");
  EXPECT_EQ(call.arguments->packed(), 0);
  EXPECT_EQ(call.descriptor<3>(0).strides[1], 8);
  EXPECT_EQ(call.descriptor<3>(1).strides[0], 0);
}

TEST(Binding, negativeStridesArePacked) {
  Call call;
  static_cast<std::int32_t*>(call.valid.view.data)[0] = 5;
  static_cast<std::int32_t*>(call.valid.view.data)[1] = 6;
  call.valid.view.data = static_cast<std::int32_t*>(call.valid.view.data) + 1;
  call.valid.view.strides[0] = -1;
  EXPECT_EQ(call.error(), "");
  EXPECT_EQ(static_cast<std::int32_t*>(call.descriptor<1>(2).aligned)[0], 6);
  EXPECT_EQ(static_cast<std::int32_t*>(call.descriptor<1>(2).aligned)[1], 5);
}

TEST(Binding, packedResultsAreCopiedBack) {
  Call call;
  AnyArray wide = Call::make(DType::f32, {3, 2});
  std::memset(wide.view.data, 0, 24);
  call.o.view.data = wide.view.data;
  call.o.view.strides[0] = 1;
  call.o.view.strides[1] = 2;
  EXPECT_EQ(call.error(), "");
  for (int i = 0; i < 6; ++i) static_cast<float*>(call.descriptor<2>(4).aligned)[i] = i;
  call.arguments->finish();
  EXPECT_EQ(static_cast<float*>(wide.view.data)[2 * 2 + 1], 5);
  EXPECT_EQ(static_cast<float*>(wide.view.data)[1 * 2 + 0], 1);
}

TEST(Binding, stridesOfExtentOneDoNotMatter) {
  Call call;
  call.q = call.k = Call::make(DType::f32, {2, 1, 4});
  call.q.view.strides[1] = -99;
  call.o = Call::make(DType::f32, {2, 1});
  call.o.view.strides[1] = 77;
  EXPECT_EQ(call.error(), "");
  EXPECT_EQ(call.arguments->packed(), 0);
  EXPECT_EQ(call.descriptor<3>(0).strides[1], 4);
  EXPECT_EQ(call.descriptor<2>(4).strides[1], 1);
}

}  // namespace
}  // namespace heed::testing
