// Signatures: from the tape, as text, compared.
#include "heed/runtime/signature.h"

#include <gtest/gtest.h>

#include "axes.h"

namespace heed::testing {
namespace {

TEST(Signature, comesFromTheTape) {
  const AxisInfo key{"key", "seq", -1}, depth{"depth", "depth", 64};
  const AxisInfo* axes[] = {&key, &depth};
  const TensorSpec spec = describe("k", TypeInfo{DType::bf16, 2, axes});
  EXPECT_EQ(spec, (TensorSpec{"k", DType::bf16, {{"key", "seq", -1}, {"depth", "depth", 64}}}));
}

TEST(Signature, readsAsText) {
  Signature s;
  s.inputs = {{"q", DType::f32, {{"batch", "batch", -1}, {"depth", "depth", 64}}}};
  s.parameters = {{"w", DType::i32, {}}};
  s.results = {{"o", DType::i1, {{"batch", "batch", -1}}}};
  EXPECT_EQ(toString(s), "input q: f32[batch, depth 64]\nparameter w: i32[]\nresult o: i1[batch]\n");
}

TEST(Signature, isRequiredByTypeNotByName) {
  const TensorSpec q{"q", DType::f32, {{"seq", "seq", -1}}}, unnamed{"", DType::f32, {{"seq", "seq", -1}}};
  const TensorSpec keyed{"", DType::f32, {{"key", "seq", -1}}};
  Signature s{{q}, {}, {q}};
  EXPECT_EQ(errorOf([&] { requireSignature(s, {unnamed}, {unnamed}); }), "");
  EXPECT_EQ(
      errorOf([&] { requireSignature(s, {unnamed}, {keyed}); }),
      "kernel: the executable has result q: f32[seq]; the type of the kernel says q: f32[key]; use the signature it "
      "was traced with");
  EXPECT_EQ(errorOf([&] { requireSignature(s, {}, {unnamed}); }),
            "kernel: the executable has 1 inputs; the type of the kernel has 0; use the signature it was traced with");
}

}  // namespace
}  // namespace heed::testing
