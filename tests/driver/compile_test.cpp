// compile(): once per graph, dumps, explanations, the reference switches, clear refusals.
#include "heed/driver/compile.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "causal.h"
#include "heed/driver/reference.h"
#include "heed/driver/sketch.h"
#include "heed/runtime/element.h"
#include "heed/runtime/error.h"
#include "heed/runtime/runner.h"
#include "heed/tests/said.h"

namespace heed {
namespace {

using test::Causal;

/// Which PTX knows a generation: the back end takes no answer that is wrong, it ends the process.
TEST(Compile, ForEveryGeneration) {
  Causal causal;
  for (const char* name : {"sm_80", "sm_86", "sm_87", "sm_89", "sm_90", "sm_90a", "sm_100", "sm_100a", "sm_103",
                           "sm_103a", "sm_120", "sm_120a", "sm_121", "sm_121a"})
    EXPECT_EQ(compile(causal.graph(), {.target = {"cuda", name}})->statistics.kernels, 1) << name;
  for (const char* name : {"sm_75", "sm_080", "sm_99", "sm_80a", "sm_", "80"})
    EXPECT_SAYS(testing::errorOf([&] { compile(causal.graph(), {.target = {"cuda", name}}); }), "sm_80");
}

template <class T>
double numberAt(const ArrayView& view, int n) {
  return double(float(static_cast<const T*>(view.data)[n]));
}

TEST(Compile, MasksAndIntegersAsNarrowNumbers) {
  for (DType narrow : {DType::bf16, DType::f16}) {
    Sketch sketch;
    auto seq = sketch.axis("seq");
    auto whole = sketch.input("whole", DType::i32, {seq});
    auto positive = sketch.pointwise("lt", {sketch.number(0, DType::i32), whole});
    sketch.results({sketch.cast(positive, narrow), sketch.cast(whole, narrow)});
    Runner run(compile(sketch.view(), {}));
    std::int64_t sizes[] = {40};
    AnyArray in(DType::i32, sizes);
    for (int n = 0; n < 40; ++n) static_cast<std::int32_t*>(in.view.data)[n] = n - 20;
    std::vector<ArrayView> inputs{in.view};
    auto out = run.run(inputs);
    double (*get)(const ArrayView&, int) = narrow == DType::bf16 ? numberAt<bfloat16> : numberAt<float16>;
    for (int n = 0; n < 40; ++n) {
      EXPECT_EQ(get(out[0].view, n), n > 20);
      EXPECT_EQ(get(out[1].view, n), n - 20);
    }
  }
}

struct Variable {
  const char* name;
  Variable(const char* name, const std::string& value) : name(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name); }
};

TEST(Compile, AnotherShapeCompilesNothing) {
  auto code = compile(Causal().graph());
  std::int64_t before = compileCount();
  for (std::int64_t rows : {1, 7, 64, 200}) EXPECT_EQ(Causal::run(code, rows).size(), std::size_t(rows * 8));
  EXPECT_EQ(compileCount(), before);
}

TEST(Compile, DumpsEveryStageUnderItsName) {
  auto folder = std::filesystem::temp_directory_path() / ("heed_dump_" + std::to_string(getpid()));
  compile(Causal().graph(), {.dump = folder.string()});
  std::vector<std::string> names;
  for (auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.is_regular_file()) {
      names.push_back(file.path().filename().string());
      EXPECT_GT(file.file_size(), 0u) << file.path();
    }
  std::sort(names.begin(), names.end());
  std::filesystem::remove_all(folder);
  EXPECT_EQ(names, (std::vector<std::string>{".program", "1_graph.mlir", "2_heed.mlir", "3_fused.mlir", "4_tiled.mlir",
                                             "5_lowered.mlir", "6_llvm.ll", "7_asm.s"}));
}

TEST(Compile, ExplainsTheKernel) {
  auto code = compile(Causal().graph(), {.explain = true});
  EXPECT_EQ(code->statistics.kernels, 1);
  EXPECT_NE(code->explanation.find("one fused attention kernel"), std::string::npos) << code->explanation;
}

TEST(Compile, InterpretGivesTheReference) {
  std::shared_ptr<const Executable> reference;
  {
    Variable interpret("HEED_INTERPRET", "1");
    reference = compile(Causal().graph());
  }
  auto want = Causal::run(reference, 33), got = Causal::run(compile(Causal().graph()), 33);
  for (std::size_t x = 0; x < want.size(); ++x) EXPECT_NEAR(got[x], want[x], 1e-6);
}

TEST(Compile, VerifyPassesWhatIsRight) {
  Variable verify("HEED_VERIFY", "1");
  EXPECT_EQ(Causal::run(compile(Causal().graph()), 70).size(), 560u);
}

TEST(Compile, VerifyCatchesWhatIsWrong) {
  auto reference = referenceOf(Causal().graph());
  Executable code{.signature = reference->signature(),
                  .call = verifyCall(reference, DType::f32, [](Session&, void**) {})};
  EXPECT_THROW(Causal::run(std::make_shared<Executable>(code), 5), Error);
}

TEST(Compile, VerifyNamesWhatMakesMuchOfSmallDifferences) {
  auto jumpOf = [](auto of) {
    Sketch sketch;
    auto seq = sketch.axis("seq");
    auto given = sketch.input("given", DType::f32, {seq});
    sketch.results({of(sketch, given, sketch.pointwise("exp", {given}), seq)});
    auto reference = referenceOf(sketch.view());
    Executable code{.signature = reference->signature(),
                    .call = verifyCall(reference, DType::f32, [](Session&, void**) {})};
    Runner run(std::make_shared<Executable>(code));
    std::int64_t sizes[] = {3};
    AnyArray in(DType::f32, sizes);
    std::fill_n(static_cast<float*>(in.view.data), 3, 2.f);
    const std::string said = testing::errorOf([&] { run.run(std::vector<ArrayView>{in.view}); });
    EXPECT_SAYS(said, "this is a mistake of heed");
    EXPECT_EQ(said.find("makes much of small differences") == said.npos, reference->jump().empty()) << said;
    return reference->jump();
  };
  auto above = [](Sketch& s, auto x) { return s.where(s.pointwise("lt", {s.number(.5), x}), s.number(7), 9); };
  EXPECT_EQ(jumpOf([&](Sketch& s, auto given, auto, auto) { return above(s, given); }), "");
  EXPECT_EQ(jumpOf([&](Sketch&, auto, auto made, auto) { return made; }), "");
  EXPECT_TRUE(jumpOf([&](Sketch& s, auto, auto made, auto) { return above(s, made); }).starts_with("`lt`"));
  EXPECT_TRUE(jumpOf([&](Sketch& s, auto, auto made, auto seq) {
                auto key = s.axis("key", -1, "seq");
                return s.rename(above(s, s.rename(made, seq, key)), key, seq);
              }).starts_with("`lt`"));
  EXPECT_TRUE(
      jumpOf([&](Sketch& s, auto, auto made, auto) { return s.pointwise("floor", {made}); }).starts_with("`floor`"));
  EXPECT_TRUE(jumpOf([&](Sketch& s, auto, auto made, auto) {
                return s.cast(s.cast(made, DType::i32), DType::f32);
              }).starts_with("`cast`"));
  EXPECT_EQ(jumpOf([&](Sketch& s, auto, auto, auto seq) { return above(s, s.cast(s.index(seq), DType::f32)); }), "");
  EXPECT_TRUE(jumpOf([&](Sketch& s, auto given, auto, auto) {
                return above(s, s.cast(s.cast(given, DType::bf16), DType::f32));
              }).starts_with("`lt`"));
}

TEST(Compile, VerifyAllowsWhatTf32RoundsWhereItWasAskedFor) {
  auto reference = referenceOf(Causal().graph());
  auto nearly = [exactly = interpretCall(reference)](Session& session, void** arguments) {
    exactly(session, arguments);
    auto* words = static_cast<std::int64_t*>(arguments[2]);  // of the result: memory, first element, offset, extents
    auto* numbers = reinterpret_cast<float*>(words[1]);
    for (std::int64_t n = 0; n < words[3] * words[4]; ++n) numbers[n] *= 1 + 0x1p-10f;
  };
  auto verified = [&](bool tf32) {
    Executable code{.signature = reference->signature(), .call = verifyCall(reference, DType::f32, nearly, tf32)};
    return std::make_shared<Executable>(code);
  };
  EXPECT_NO_THROW(Causal::run(verified(true), 20));
  EXPECT_THROW(Causal::run(verified(false), 20), Error);
}

TEST(Errors, NaNIsLargerThanAnyOther) {
  const std::vector<std::int64_t> three{3};
  AnyArray got(DType::f32, three), exact(DType::f32, three);
  for (std::size_t wrong : {0u, 1u, 2u}) {
    for (std::size_t n = 0; n < 3; ++n) {
      static_cast<float*>(exact.view.data)[n] = 1;
      static_cast<float*>(got.view.data)[n] = n == wrong ? NAN : 5;
    }
    Errors errors = errorsOf(got.view, exact.view, exact.view);
    EXPECT_TRUE(std::isnan(errors.most));
    EXPECT_EQ(errors.at, std::int64_t(wrong));
    for (int order : {0, 1}) {
      Errors sum;
      for (int n : {0, 1}) sum.addRelative(n == order ? errors : errorsOf(exact.view, exact.view, exact.view));
      EXPECT_TRUE(std::isnan(sum.most)) << order;
    }
  }
}

TEST(Compile, ASwitchIsZeroOrOne) {
  Variable verify("HEED_VERIFY", "yes");
  EXPECT_THROW(compile(Causal().graph()), Error);
}

TEST(Compile, TheReferenceIsNotVerifiedAgainstItself) {
  Variable interpret("HEED_INTERPRET", "1"), verify("HEED_VERIFY", "1");
  EXPECT_THROW(compile(Causal().graph()), Error);
}

TEST(Compile, AnUnknownTargetIsRefused) {
  EXPECT_THROW(parseTarget("tpu"), Error);
  EXPECT_THROW(compile(Causal().graph(), {.target = {"cpu", "avx1024"}}), Error);
}

TEST(Compile, Tf32IsAWordBehindAGpu) {
  EXPECT_EQ(parseTarget("cuda:sm_80+tf32").features, "sm_80+tf32");
  EXPECT_EQ(parseTarget("cuda:sm_90a+tf32").features, "sm_90a+tf32");
  for (bool asked : {false, true}) {
    auto code = compile(Causal().graph(), {.target = {"cuda", asked ? "sm_80+tf32" : "sm_80"}, .explain = true});
    EXPECT_EQ(code->explanation.find("attention by mma.sync in tf32") != std::string::npos, asked) << code->explanation;
    EXPECT_EQ(code->statistics.target, asked ? "sm_80+tf32" : "sm_80");
  }
}

TEST(Compile, WeightsInFewBitsAreAWordBehindACpu) {
  EXPECT_EQ(parseTarget("cpu").features, "");
  EXPECT_EQ(parseTarget("cpu+int8").features, "+int8");
  EXPECT_EQ(parseTarget("cpu:avx2+int4").features, "avx2+int4");
  auto code = compile(Causal().graph(), {.target = {"cpu", "avx2+int4"}, .explain = true});
  EXPECT_EQ(code->statistics.target, "avx2+int4");
  EXPECT_SAYS(code->explanation, "products read 0 of 0 parameters in 4 bits");
  for (const char* target : {"cpu+int2", "cpu:int8", "cpu+", "cpu:avx2+int8+int8", "cpu+int8:avx2"})
    EXPECT_THROW(parseTarget(target), Error) << target;
  std::string said;
  try {
    parseTarget("cuda:sm_80+int8");
  } catch (const Error& error) {
    said = error.what();
  }
  EXPECT_SAYS(said, "target: 'cuda:sm_80+int8' was given; weights in few bits are for a CPU: a cpu target is required");
}

TEST(Compile, TilesAreDigitsBehindACpu) {
  EXPECT_EQ(parseTarget("cpu:avx2+int4+tiles=0010").features, "avx2+int4+tiles=0010");
  auto code = compile(Causal().graph(), {.target = {"cpu", "avx2+tiles=0010"}, .explain = true});
  EXPECT_EQ(code->statistics.target, "avx2+tiles=0010");
  EXPECT_SAYS(code->explanation, "tiles of masked attention: 3x4x4, strips 3x4x4, blocks of 48\n");
  auto usual = compile(Causal().graph(), {.target = {"cpu", "avx2+tiles=0000"}, .explain = true});
  EXPECT_EQ(usual->statistics.target, "avx2");
  EXPECT_EQ(usual->explanation.find("tiles of"), std::string::npos) << usual->explanation;
  for (const char* target :
       {"cpu:avx2+tiles=010", "cpu:avx2+tiles=0070", "cpu:avx2+int8+tiles=", "cpu:avx2+tiles=001x"})
    EXPECT_SAYS(testing::errorOf([&] { parseTarget(target); }),
                std::string("target: '") + target +
                    "' was given; tiles of avx2 are 4 digits: attention 0 to 2, deep attention 0 to 2, masked "
                    "attention 0 to 2, products 0 to 2; leave them out");
  for (const char* target : {"cpu:avx2+tiles=0010+int8", "cpu:tiles=0000", "cuda:sm_80+tiles=0000"})
    EXPECT_SAYS(testing::errorOf([&] { parseTarget(target); }), std::string("target: '") + target + "' was given");
}

TEST(Compile, ACpuHasNoTf32) {
  for (const char* target : {"cpu+tf32", "cpu:avx2+tf32"}) {
    std::string said;
    try {
      parseTarget(target);
    } catch (const Error& error) {
      said = error.what();
    }
    EXPECT_SAYS(said, std::string("target: '") + target + "' was given; tf32 is for tensor cores: a cuda target");
  }
  EXPECT_THROW(compile(Causal().graph(), {.target = {"cpu", "avx2+tf32"}}), Error);
  EXPECT_THROW(parseTarget("cuda:sm_80+tf64"), Error);
}

TEST(Compile, AnUnknownElementTypeIsRefused) {
  for (DType element : {DType(99), DType::i32}) EXPECT_THROW(compile(Causal().graph(), {.element = element}), Error);
}

TEST(Compile, ATapeOfAnotherVersionIsRefused) {
  Causal causal;
  GraphView graph = causal.graph();
  graph.version = 999;
  EXPECT_THROW(compile(graph), Error);
}

TEST(Compile, ATapeWithAnUnknownWordIsRefused) {
  Sketch sketch;
  auto x = sketch.input("x", DType::f32, {sketch.axis("seq")});
  sketch.results({sketch.pointwise("frobnicate", {x})});
  EXPECT_THROW(compile(sketch.view()), Error);
}

}  // namespace
}  // namespace heed
