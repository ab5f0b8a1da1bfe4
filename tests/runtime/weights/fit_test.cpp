// Tensors to parameters: what fits, and all that does not in one message.
#include <gtest/gtest.h>

#include <algorithm>

#include "files.h"
#include "heed/driver/kernel.h"
#include "stand_in.h"

namespace heed::testing {
namespace {

template <class D, class... A>
struct Tensor {};  // as the language's

using X = Tensor<f32, Seq, Depth>;
using AddRow = Kernel<std::tuple<X, Tensor<f32, Seq>>(X)>;
const Array<f32, Seq, Depth> x{1, 2, 3};

float first(AddRow& run) { return std::get<0>(run(x))(0, 0); }

std::string fault(const std::vector<TensorSpec>& parameters, const Weights& weights, const BindOptions& options = {}) {
  return errorOf([&] { fit(weights, parameters, options); });
}

const Array<f32, Depth> w{10, 20, 30};
const Array<bf16, Depth> half{10, 20, 30};
const Array<i32, Depth> whole{1, 2, 3};
const TensorSpec vector{"w", DType::f32, {axisSpec<Depth>()}};

TEST(Fit, aKernelIsBoundToAFile) {
  const Folder folder;
  save(folder.path("m.safetensors"), {{"w", w.any()}});
  AddRow run(addRow(), 1);
  run.bind(load(folder.path("m.safetensors")));  // the mapping is the kernel's now
  EXPECT_EQ(first(run), 11);
}

TEST(Fit, elementsBecomeTheGraphs) {
  AddRow run(addRow(), 1);
  run.bind(Weights{{"w", half.any()}});
  EXPECT_EQ(first(run), 11);
}

TEST(Fit, namesBecomeTheGraphs) {
  AddRow run(addRow(), 1);
  run.bind({{"model.w", w.any()}}, {.rename = {{"model.", ""}}});
  run.bind({{"other", w.any()}}, {.rename = [](std::string_view) { return std::string("w"); }});
  run.bind({{"model.w", w.any()}, {"h.0.bias", w.any()}, {"h.1.bias", w.any()}},
           {.rename = {{"model.", ""}}, .ignore = {"h.*.bias"}});
  EXPECT_EQ(first(run), 11);
}

TEST(Fit, everythingThatDoesNotFitIsListed) {
  struct Rows : axis<"rows", 4> {};
  const std::vector<TensorSpec> parameters{{"a.w", DType::f32, {axisSpec<Heads>(), axisSpec<Depth>()}},
                                           {"a.b", DType::f32, {axisSpec<Depth>()}},
                                           {"t", DType::f32, {axisSpec<Rows>(), axisSpec<Heads>(), axisSpec<Depth>()}},
                                           {"ids", DType::i32, {axisSpec<Depth>()}},
                                           {"gone", DType::f32, {}}};
  const Array<f32, Seq, Depth> t(8);
  const Array<f32, Seq> wrong{1, 2, 3, 4};
  const Array<f32, Seq, Rows> transposed(6);
  const Weights weights{{"a.w", t.any()}, {"a.b", whole.any()},     {"t", transposed.any()},
                        {"ids", w.any()}, {"lm_head", wrong.any()}, {"\n", wrong.any()}};
  EXPECT_EQ(fault(parameters, weights),
            "weights: 1 missing, 2 extra, 2 mis-shaped, 2 mis-typed; each parameter needs a tensor of its name, shape "
            "and element type; weights of another size? heads is 8, the graph has 2\n"
            "  missing: gone: f32[]\n"
            "  extra: \"\\x0a\", F32[4]\n"
            "  extra: \"lm_head\", F32[4]\n"
            "  mis-shaped: \"a.w\", F32[8, 3]; the graph wants a.w: f32[heads 2, depth 3]\n"
            "  mis-shaped: \"t\", F32[6, 4]; the graph wants t: f32[rows 4, heads 2, depth 3]; transposed it fits: "
            "declare its axes in the stored order\n"
            "  mis-typed: \"a.b\", I32[3]; the graph wants a.b: f32[depth 3]\n"
            "  mis-typed: \"ids\", F32[3]; the graph wants ids: i32[depth 3]");
}

TEST(Fit, publishedNamesAreShown) {
  const Array<i32, Depth> ids{1, 2, 3};
  const BindOptions options{.rename = {{"model.", ""}, {"*.c_proj.*", "*.out.*"}}};
  const TensorSpec out{"a.out.w", DType::f32, {axisSpec<Depth>()}}, b{"b", DType::f32, {}};
  const std::string error =
      fault({out, b, vector}, {{"model.a.c_proj.w", ids.any()}, {"model.x", w.any()}, {"model.w", w.any()}}, options);
  EXPECT_NE(error.find("missing: \"model.b\" for b: f32[]"), std::string::npos) << error;
  EXPECT_NE(error.find("extra: \"model.x\", F32[3]"), std::string::npos) << error;
  EXPECT_NE(error.find("mis-typed: \"model.a.c_proj.w\", I32[3]; the graph wants a.out.w: f32"), std::string::npos)
      << error;
}

TEST(Fit, theAdviceFindsTheSize) {
  const Array<f32, Seq> four{1, 2, 3, 4};
  EXPECT_NE(fault({vector}, {{"w", four.any()}}).find("; weights of another size? depth is 4, the graph has 3\n"),
            std::string::npos);
}

TEST(Fit, aFailureBindsNothing) {
  AddRow run(addRow(), 1);
  run.bind("w", w);
  EXPECT_NE(errorOf([&] { run.bind({{"w", Array<f32, Depth>{0, 0, 0}.any()}, {"v", w.any()}}); }), "");
  EXPECT_EQ(first(run), 11);
}

TEST(Fit, theAdviceFindsThePrefix) {
  EXPECT_NE(fault({vector}, {{"model.w", w.any()}}).find("; .rename = {{\"model.\", \"\"}}\n"), std::string::npos);
  EXPECT_NE(fault({{"gpt.w", DType::f32, {}}}, {{"w", w.any()}}).find("; .rename = {{\"*\", \"gpt.*\"}}\n"),
            std::string::npos);
}

TEST(Fit, twoTensorsForOneNameAreRefusedUnlessOneIsIgnored) {
  const Array<f32, Depth> v{1, 2, 3};
  const Weights both{{"a.w", w.any()}, {"b.w", v.any()}};
  BindOptions options{.rename = {{"a.", ""}, {"b.", ""}}};
  EXPECT_NE(fault({vector}, both, options).find("renamed to one name: \"a.w\" and \"b.w\" to \"w\""),
            std::string::npos);
  options.ignore = {"a."};
  EXPECT_EQ(fit(both, std::span(&vector, 1), options)[0].second.view.data, v.data());
  options.ignore = {"b.w"};
  EXPECT_EQ(fit(both, std::span(&vector, 1), options)[0].second.view.data, w.data());
}

TEST(Fit, anOptionalParameterKeepsWhatItHas) {
  AddRow run(addRow(), 1);
  run.bind("w", w);
  run.bind(Weights(), {.optional = {"w"}});
  EXPECT_EQ(first(run), 11);
}

TEST(Fit, typesThatCannotBeBoundMatterOnlyWhereTheyAreWanted) {
  const std::vector<std::uint8_t> bytes(8);
  Weights weights{{"w", w.any()}};
  weights.add("mask", Weight{storedType("F64"), {1}, reinterpret_cast<const std::byte*>(bytes.data()), 8, nullptr});
  EXPECT_EQ(fault({vector}, weights, {.ignore = {"mask"}}), "");
  EXPECT_NE(fault({vector, {"mask", DType::f32, {}}}, weights).find("mis-typed: \"mask\", F64[1]"), std::string::npos);
}

TEST(Fit, aLongListIsCut) {
  std::vector<TensorSpec> parameters;
  for (int i = 0; i < 250; ++i) parameters.push_back({"p" + std::to_string(i), DType::f32, {}});
  const std::string error = fault(parameters, {});
  EXPECT_NE(error.find("250 missing"), std::string::npos);
  EXPECT_TRUE(error.ends_with("\n  missing: p9: f32[]\n  and 240 more")) << error;
  // Each kind has its share of ten lines.
  parameters[0].dtype = DType::i32;
  const std::string kinds = fault(parameters, {{"p0", w.any()}, {"a", w.any()}});
  EXPECT_EQ(std::ranges::count(kinds, '\n'), 7) << kinds;
}

}  // namespace
}  // namespace heed::testing
