// Into which blocks a product is divided for one, two and three workers: each element is of one block, all workers have
// about as much to do, and no bit of the result knows of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "heed/codegen/cpu/loops/passes.h"
#include "heed/runtime/element.h"
#include "heed/tests/codegen/loops/contract_text.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed::testing {
namespace {

using Shape = std::array<std::int64_t, 3>;

std::string textOf(const std::string& element) {
  const std::string matrix = type(2, 1, element);
  std::string text = productText(matrix, matrix, matrix);
  return text.insert(text.find(") {"), ", %asked: memref<3xi64>");
}

/// Of each loop over tasks one alone runs: asked[1], for asked[0] workers. asked[2] becomes how many there are.
void takeOneTask(mlir::ModuleOp module) {
  auto main = *module.getOps<mlir::func::FuncOp>().begin();
  auto asked = main.getArguments().back();
  auto number = [&](mlir::ImplicitLocOpBuilder& b, std::int64_t at) -> mlir::Value {
    mlir::Value place = mlir::arith::ConstantIndexOp::create(b, at);
    mlir::Value x = mlir::memref::LoadOp::create(b, asked, place);
    return mlir::arith::IndexCastOp::create(b, b.getIndexType(), x);
  };
  module.walk([&](tile::WorkersOp op) {
    mlir::ImplicitLocOpBuilder b(op.getLoc(), op);
    op.replaceAllUsesWith(number(b, 0));
  });
  module.walk([&](tile::ParallelOp op) {
    mlir::ImplicitLocOpBuilder b(op.getLoc(), op);
    mlir::Value count = mlir::arith::IndexCastOp::create(b, b.getI64Type(), op.getTasks());
    mlir::Value place = mlir::arith::ConstantIndexOp::create(b, 2);
    mlir::memref::StoreOp::create(b, count, asked, place);
    op.getBody().front().getArgument(0).replaceAllUsesWith(number(b, 1));
    op.getTasksMutable().assign(mlir::arith::ConstantIndexOp::create(b, 1));
  });
}

/// A product of matrices, task by task.
struct Product {
  codegen::Compiled code;

  Product(const std::string& element, const std::string& features) {
    mlir::DialectRegistry registry;
    codegen::registerCpuDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    const codegen::Target target = *codegen::targetFor(features);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(textOf(element), &context);
    mlir::PassManager blocks(&context), rest(&context);
    blocks.addPass(codegen::createLowerContract({features}));
    codegen::buildCpuPipeline(rest, target);
    codegen::buildLlvmPipeline(rest);
    if (failed(blocks.run(*module))) throw std::runtime_error("tile-lower-contract failed");
    takeOneTask(*module);
    if (failed(rest.run(*module))) throw std::runtime_error("the pipeline failed");
    auto compiled = codegen::jit(*module, target);
    if (!compiled) throw std::runtime_error(llvm::toString(compiled.takeError()));
    code = std::move(*compiled);
  }

  /// How many tasks there are.
  template <class T>
  std::int64_t run(Tensor<T>& a, Tensor<T>& b, Tensor<T>& c, std::int64_t workers, std::int64_t task) const {
    Tensor<std::int64_t> asked({3});
    asked[{0}] = workers, asked[{1}] = task;
    void* arguments[] = {a.descriptor(), b.descriptor(), c.descriptor(), asked.descriptor()};
    heed::Session session(1);
    code.entry(&session, arguments);
    return asked[{2}];
  }
};

struct Blocks : ::testing::TestWithParam<std::string> {
  template <class T>
  static void run(const std::string& element, double epsilon) {
    const Product product(element, GetParam());
    CompiledText whole(textOf(element), *codegen::targetFor(GetParam()));
    std::mt19937 random(5);
    std::uniform_real_distribution<float> draw(-1, 1);
    // Each has remainders: of rows, of columns, of the depth. Of 1919 rows three workers have nine blocks; ten of them,
    // as caches would have it, or five for two workers, would take 1.2 times the time.
    for (auto [m, n, k] : {Shape{1919, 130, 30}, {910, 130, 30}, {961, 961, 40}, {577, 257, 129}, {193, 3100, 65}, {2050, 770, 20},
                             {129, 3075, 76}}) {
      SCOPED_TRACE(std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k));
      Tensor<T> a({m, k}), b({k, n}), c({m, n});
      Tensor<std::int64_t> none({3});
      for (Tensor<T>* x : {&a, &b}) x->each([&](auto&, T& value) { value = T(draw(random)); });
      std::vector<float> first;  // what one worker makes
      for (std::int64_t workers : {1, 2, 3}) {
        std::vector<float> made(std::size_t(m * n), NAN);
        std::vector<std::int64_t> busy(std::size_t(workers), 0);  // elements of each
        for (std::int64_t task = 0, tasks = 1; task < tasks; ++task) {
          c.each([](auto&, T& value) { value = T(NAN); });
          tasks = product.run(a, b, c, workers, task);
          std::int64_t& next = *std::ranges::min_element(busy);
          c.each([&](auto& at, T& value) {
            if (std::isnan(float(value))) return;
            float& own = made[std::size_t(at[0] * n + at[1])];
            ASSERT_TRUE(std::isnan(own)) << "two blocks have " << at[0] << ", " << at[1];
            own = value, ++next;
          });
        }
        const double share = double(*std::ranges::max_element(busy)) * double(workers) / double(m * n);
        EXPECT_LT(share, 1.18) << workers << " workers";
        if (workers == 1) first = made;
        ASSERT_EQ(made, first) << workers << " workers";
        whole.threads = int(workers);
        whole(a, b, c, none);
        c.each([&](auto& at, T& value) { ASSERT_EQ(float(value), first[std::size_t(at[0] * n + at[1])]); });
      }
      for (int sample = 0; sample < 1000; ++sample) {
        const std::int64_t i = sample ? std::int64_t(random()) % m : m - 1,
                           j = sample ? std::int64_t(random()) % n : n - 1;
        double sum = 0, size = 0;
        for (std::int64_t d = 0; d < k; ++d) {
          const double term = double(float(a[{i, d}])) * double(float(b[{d, j}]));
          sum += term, size += std::fabs(term);
        }
        ASSERT_NEAR(first[std::size_t(i * n + j)], sum, 1e-6 * size + epsilon * std::fabs(sum)) << i << ", " << j;
      }
    }
  }
};

TEST_P(Blocks, OfF32) { run<float>("f32", 0); }
TEST_P(Blocks, OfBf16) { run<bfloat16>("bf16", 0x1p-8); }

INSTANTIATE_TEST_SUITE_P(Targets, Blocks, ::testing::ValuesIn(instructionSets()),
                         [](auto& info) { return info.param; });

}  // namespace
}  // namespace heed::testing
