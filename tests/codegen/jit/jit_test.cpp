// A module of text becomes code: it runs, tells its stages, outlives its context, and refuses what it should.
#include <gtest/gtest.h>

#include "heed/tests/codegen/jit/compile_text.h"

namespace heed::testing {
namespace {

constexpr const char* twice = R"(
  func.func @main(%x: memref<?x?xf32, strided<[?, 1]>>, %y: memref<?x?xf32, strided<[?, 1]>>) {
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                    iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<?x?xf32, strided<[?, 1]>>) outs(%y : memref<?x?xf32, strided<[?, 1]>>) {
      ^bb0(%a: f32, %b: f32):
        %s = arith.addf %a, %a : f32
        linalg.yield %s : f32
    }
    return
  })";

std::string messageFor(const std::string& text) {
  try {
    CompiledText compiled(text);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "it compiled";
}

TEST(Jit, RunsWithItsOwnStridesAndTimesItself) {
  CompiledText run(twice);  // its context is gone: the code lives through the handle alone
  Tensor<float> x({7, 33}, {}, 3), y({7, 33}, {}, 5);
  x.each([n = 0.f](auto&, float& value) mutable { value = n++; });
  run(x, y);
  y.each([&](auto& at, float value) { EXPECT_EQ(value, 2 * x[at]); });
  EXPECT_GT(run.code.times.generate, 0);
  EXPECT_TRUE(run.code.llvm.empty());
}

TEST(Jit, KeepsTheCodeAsLongAsAHandle) {
  codegen::Compiled copy;
  {
    CompiledText run(twice);
    copy = run.code;
  }
  Tensor<float> x({1, 5}), y({1, 5});
  x[{0, 4}] = 3;
  void* arguments[] = {x.descriptor(), y.descriptor()};
  heed::Session session(1);
  copy.entry(&session, arguments);
  EXPECT_EQ((y[{0, 4}]), 6);
}

TEST(Jit, ShowsItsStages) {
  CompiledText run(twice, *codegen::targetFor(), {.llvmText = true, .assemblyText = true});
  EXPECT_NE(run.code.llvm.find("define void @heed_entry"), std::string::npos);
  EXPECT_NE(run.code.assembly.find("heed_entry:"), std::string::npos);
  EXPECT_NE(run.code.entry, nullptr);
}

TEST(Jit, EmitsTextForAMachineThatIsNotThis) {
  CompiledText run(twice, *codegen::targetFor("avx512"), {.assemblyText = true, .execute = false});
  EXPECT_NE(run.code.assembly.find("zmm"), std::string::npos);
  EXPECT_EQ(run.code.entry, nullptr);
}

TEST(Jit, OptimisesOnRequest) {
  CompiledText run(twice, *codegen::targetFor(), {.optimize = true});
  Tensor<float> x({2, 40}), y({2, 40});
  x[{1, 39}] = 4;
  run(x, y);
  EXPECT_EQ((y[{1, 39}]), 8);
}

TEST(Jit, WantsOneExportedFunction) {
  EXPECT_NE(messageFor("func.func private @f(%x: memref<?xf32>)").find("no public function"), std::string::npos);
  EXPECT_NE(messageFor("func.func @f() { return }\nfunc.func @g() { return }").find("second public function"),
            std::string::npos);
  EXPECT_NE(messageFor("func.func @f(%x: f32) { return }").find("neither a memref"), std::string::npos);
}

TEST(Jit, NamesACallThatItDoesNotKnow) {
  std::string message = messageFor(R"(
    func.func private @expf(f32) -> f32
    func.func @main(%x: memref<f32>) {
      %a = memref.load %x[] : memref<f32>
      %e = func.call @expf(%a) : (f32) -> f32
      memref.store %e, %x[] : memref<f32>
      return
    })");
  EXPECT_NE(message.find("expf"), std::string::npos) << message;
}

}  // namespace
}  // namespace heed::testing
