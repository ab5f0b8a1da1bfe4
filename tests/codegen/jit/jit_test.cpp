// A module of text becomes code: it runs, tells its stages, outlives its context, and refuses what it should.
#include <gtest/gtest.h>

#include "heed/codegen/jit/link.h"
#include "heed/codegen/jit/parallel.h"
#include "heed/tests/codegen/jit/compile_text.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/SourceMgr.h"

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

TEST(Jit, WeighsABranchByWhatIsExpected) {
  CompiledText run(R"(
    func.func @main(%x: memref<?xf32>, %y: memref<?xf32>) {
      %zero = arith.constant 0 : index
      %limit = arith.constant 1.0 : f32
      %yes = arith.constant true
      %a = memref.load %x[%zero] : memref<?xf32>
      %small = arith.cmpf olt, %a, %limit : f32
      %likely = llvm.intr.expect %small, %yes : i1
      scf.if %likely {
        memref.store %a, %y[%zero] : memref<?xf32>
      } else {
        memref.store %limit, %y[%zero] : memref<?xf32>
      }
      return
    })",
                   *codegen::targetFor(), {.llvmText = true});
  EXPECT_NE(run.code.llvm.find("!\"branch_weights\", i32 2000, i32 1"), std::string::npos);
  Tensor<float> x({1}), y({1});
  x[{0}] = 7;
  run(x, y);
  EXPECT_EQ((y[{0}]), 1);
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

/// heed_entry sets *arguments[0], a float, to what `calls` functions, each of many instructions, count together: each
/// multiplies a number that all share by 3, which a table of constants says.
std::string longModule(int calls) {
  std::string text =
      "@total = internal global float 1.0\n@table = private constant [2 x float] [float 2.0, float 3.0]\n";
  for (int n = 0; n < calls; ++n) {
    text += "define internal void @part" + std::to_string(n) + "() {\n  %x0 = load float, ptr @total\n";
    int i = 0;
    for (; i < 700; ++i)
      text +=
          "  %x" + std::to_string(i + 1) + " = fadd float %x" + std::to_string(i) + ", " + (i % 2 ? "-1.0\n" : "1.0\n");
    text +=
        "  %p = getelementptr [2 x float], ptr @table, i64 0, i64 1\n  %f = load float, ptr %p\n  %y = fmul float %x" +
        std::to_string(i) + ", %f\n  store float %y, ptr @total\n  ret void\n}\n";
  }
  text += "define void @heed_entry(ptr %session, ptr %arguments) {\n  store float 1.0, ptr @total\n";
  for (int n = 0; n < calls; ++n) text += "  call void @part" + std::to_string(n) + "()\n";
  return text +
         "  %x = load float, ptr @total\n  %to = load ptr, ptr %arguments\n  store float %x, ptr %to\n  ret void\n}\n"
         "define ptr @heed_pack(ptr, i64, ptr, ptr) {\n  ret ptr null\n}\n";
}

TEST(Jit, PartsMadeByThreadsAreOneModule) {
  for (unsigned threads : {1, 2, 3, 7}) {
    SCOPED_TRACE(threads);
    auto target = *codegen::targetFor();
    llvm::LLVMContext context;
    llvm::SMDiagnostic wrong;
    auto module = llvm::parseAssemblyString(longModule(5), wrong, context);
    ASSERT_NE(module, nullptr) << wrong.getMessage().str();
    auto machine = codegen::hostMachineFor(target);
    ASSERT_TRUE(bool(machine)) << llvm::toString(machine.takeError());
    module->setDataLayout((*machine)->createDataLayout());
    module->setTargetTriple((*machine)->getTargetTriple());
    const codegen::BackEnd backEnd{[&] { return codegen::hostMachineFor(target); }, codegen::Addresses::asStated};
    auto objects = codegen::generateObjects(std::move(module), backEnd, threads);
    ASSERT_TRUE(bool(objects)) << llvm::toString(objects.takeError());
    EXPECT_EQ(objects->size(), std::min(threads, 5u));
    auto linked = codegen::linkObjects(*objects);
    ASSERT_TRUE(bool(linked)) << llvm::toString(linked.takeError());
    float result = 0;
    void* arguments[] = {&result};
    heed::Session session(1);
    linked->entry(&session, arguments);
    EXPECT_EQ(result, 243);
  }
}

}  // namespace
}  // namespace heed::testing
