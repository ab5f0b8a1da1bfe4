// Every function of every .mlir file of this folder, and random attention graphs, mean the same after fusion.
#include "meaning.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "heed/passes/fusion/passes.h"
#include "llvm/Support/MemoryBuffer.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "random_graph.h"
#include "random_rows.h"

namespace {

using namespace mlir;

unsigned seed() {
  const char* given = std::getenv("HEED_SEED");
  return given ? unsigned(std::atol(given)) : 20240607u;
}

struct Meaning : ::testing::Test {
  static void SetUpTestSuite() { heed::fusion::registerFusionPasses(); }
};

TEST_F(Meaning, ofEveryLitTestIsKept) {
  MLIRContext context;
  heed::test::prepare(context);
  int functions = 0;
  for (const auto& file : std::filesystem::directory_iterator(HEED_TEST_FOLDER)) {
    if (file.path().extension() != ".mlir") continue;
    auto buffer = openInputFile(file.path().string());
    ASSERT_TRUE(buffer) << file.path();
    SmallVector<StringRef> parts;
    buffer->getBuffer().split(parts, "// -----");
    for (StringRef part : parts) {
      auto module = parseSourceString<ModuleOp>(part, ParserConfig(&context));
      ASSERT_TRUE(module) << file.path();
      for (auto function : module->getOps<func::FuncOp>()) {
        int fused = 0;
        EXPECT_EQ(heed::test::differenceAfterFusion(function, seed(), 12, fused), "") << file.path();
        ++functions;
      }
    }
  }
  EXPECT_GT(functions, 30);
}

TEST_F(Meaning, ofRandomGraphsIsKept) {
  const char* many = std::getenv("HEED_CASES");
  int cases = many ? std::atoi(many) : 300, formed = 0;
  for (int n = 0; n < cases && !HasFailure(); ++n) {
    MLIRContext context;
    heed::test::prepare(context);
    OwningOpRef<ModuleOp> module = heed::test::randomAttention(context, seed() + unsigned(n));
    ASSERT_TRUE(succeeded(verify(*module))) << "case " << n;
    int fused = 0;
    EXPECT_EQ(
        heed::test::differenceAfterFusion(*module->getOps<func::FuncOp>().begin(), seed() + unsigned(n), 8, fused), "")
        << "HEED_SEED=" << seed() << " case " << n;
    formed += fused > 0;
  }
  EXPECT_EQ(formed, cases) << "every random graph is attention";
}

TEST_F(Meaning, ofRandomChainsIsKept) {
  const char* many = std::getenv("HEED_CASES");
  int cases = many ? std::atoi(many) : 300;
  for (int n = 0; n < cases && !HasFailure(); ++n) {
    MLIRContext context;
    heed::test::prepare(context);
    OwningOpRef<ModuleOp> module = heed::test::randomRows(context, seed() + unsigned(n));
    ASSERT_TRUE(succeeded(verify(*module))) << "case " << n;
    int fused = 0;
    EXPECT_EQ(
        heed::test::differenceAfterFusion(*module->getOps<func::FuncOp>().begin(), seed() + unsigned(n), 4, fused), "")
        << "HEED_SEED=" << seed() << " case " << n;
  }
}

}  // namespace
