// tile.rows, compiled for every instruction set of this machine, against loops in f64: tails, strides, empty rows,
// lanes along and across the rows, results that lie otherwise, NaN, any number of threads.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/tests/codegen/jit/compile_text.h"

namespace heed::testing {
namespace {

using Shape = std::vector<std::int64_t>;

struct Rows : ::testing::TestWithParam<std::string> {
  CompiledText compiled(const std::string& text) { return CompiledText(text, *codegen::targetFor(GetParam())); }
  void randomise(Tensor<float>& tensor) {
    std::uniform_real_distribution<float> draw(-2, 2);
    tensor.each([&](auto&, float& value) { value = draw(random); });
  }
  std::mt19937 random{7};
};

/// y = (x - mean x) / sqrt(sum (x - mean x)^2 + 1) * w, s = that root; x and y are `x` and `y`, d0 the rows.
std::string norm(const std::string& x, const std::string& y, const std::string& mapX, const std::string& mapY) {
  return "!x = " + x + "\n!y = " + y + R"(
    !w = memref<?xf32, strided<[1], offset: ?>>
    func.func @main(%x: !x, %w: !w, %n: !w, %y: !y, %s: !w) {
      "tile.rows"(%x, %w, %n, %y, %s) <{roles = ["row", "along"], operandSegmentSizes = array<i32: 3, 2>,
          indexing_maps = [affine_map<(d0, d1) -> )" +
         mapX + R"(>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> )" + mapY +
         R"(>, affine_map<(d0, d1) -> (d0)>]}> ({
      ^bb0(%a: f32, %b: f32, %c: f32, %sum: f32, %squares: f32):
        %m = arith.mulf %sum, %c : f32
        %d = arith.subf %a, %m : f32
        %one = arith.constant 1.0 : f32
        %v = arith.addf %squares, %one : f32
        %r = math.sqrt %v : f32
        %q = arith.divf %d, %r : f32
        %o = arith.mulf %q, %b : f32
        tile.yield %o, %r : f32, f32
      }, {
      ^bb0(%a: f32, %b: f32, %c: f32, %sum: f32):
        %t = arith.addf %sum, %a : f32
        tile.yield %t : f32
      }, {
      ^bb0(%a: f32, %b: f32, %c: f32, %sum: f32, %squares: f32):
        %m = arith.mulf %sum, %c : f32
        %d = arith.subf %a, %m : f32
        %q = arith.mulf %d, %d : f32
        %t = arith.addf %squares, %q : f32
        tile.yield %t : f32
      }) : (!x, !w, !w, !y, !w) -> ()
      return
    })";
}

const std::string along = "memref<?x?xf32, strided<[?, 1], offset: ?>>",
                  anyhow = "memref<?x?xf32, strided<[?, ?], offset: ?>>";

TEST_P(Rows, Norm) {
  struct Layout {
    std::string x, y, mapX, mapY;
    std::vector<int> orderX, orderY;  // of the dims in memory
  };
  for (const Layout& l : {Layout{along, along, "(d0, d1)", "(d0, d1)", {0, 1}, {0, 1}},
                          {along, along, "(d1, d0)", "(d1, d0)", {1, 0}, {1, 0}},
                          {along, along, "(d0, d1)", "(d1, d0)", {0, 1}, {1, 0}},
                          {along, along, "(d1, d0)", "(d0, d1)", {1, 0}, {0, 1}},
                          {anyhow, anyhow, "(d0, d1)", "(d0, d1)", {1, 0}, {0, 1}}}) {
    auto run = compiled(norm(l.x, l.y, l.mapX, l.mapY));
    // The last is so large that lines of it are stored past the caches, in every eighth row.
    for (auto [rows, columns] :
         {std::pair(3, 5), {1, 16}, {0, 7}, {4, 0}, {17, 64}, {33, 67}, {16, 1}, {5, 515}, {2040, 1030}}) {
      bool swapX = l.mapX == "(d1, d0)", swapY = l.mapY == "(d1, d0)";
      auto shaped = [&](bool swapped) { return swapped ? Shape{columns, rows} : Shape{rows, columns}; };
      // A map that swaps dims also swaps the order in which they are given here.
      auto ordered = [](const std::vector<int>& order, bool swapped) {
        return swapped ? std::vector<int>{1 - order[0], 1 - order[1]} : order;
      };
      Tensor<float> x(shaped(swapX), ordered(l.orderX, swapX), 3), y(shaped(swapY), ordered(l.orderY, swapY), 2);
      Tensor<float> w({columns}), n({rows}), s({rows});
      randomise(x), randomise(w);
      n.each([&](auto&, float& value) { value = columns ? 1.0f / columns : 0; });
      if (rows > 4 && columns > 2) x[swapX ? Shape{2, 4} : Shape{4, 2}] = NAN;
      run(x, w, n, y, s);
      for (std::int64_t i = 0; i < rows; ++i) {
        double sum = 0, squares = 0;
        auto at = [&](std::int64_t j) -> double { return x[swapX ? Shape{j, i} : Shape{i, j}]; };
        for (int j = 0; j < columns; ++j) sum += at(j);
        for (int j = 0; j < columns; ++j) squares += std::pow(at(j) - sum / columns, 2);
        double root = std::sqrt(squares + 1);
        if (std::isnan(root)) {
          EXPECT_TRUE(std::isnan(s[{i}])) << rows << " x " << columns;
          continue;
        }
        ASSERT_NEAR(s[{i}], root, 2e-6 * root) << rows << " x " << columns << " maps " << l.mapX << l.mapY;
        for (std::int64_t j = 0; j < columns; ++j)
          ASSERT_NEAR((y[swapY ? Shape{j, i} : Shape{i, j}]), (at(j) - sum / columns) / root * w[{j}], 2e-6)
              << rows << " x " << columns << " maps " << l.mapX << l.mapY;
      }
    }
  }
}

TEST_P(Rows, AreTheSameBitsOnAnyNumberOfThreads) {
  auto run = compiled(norm(along, along, "(d0, d1)", "(d0, d1)"));
  Tensor<float> x({300, 777}), w({777}), n({300}), s({300}), first({300, 777}), again({300, 777});
  randomise(x), randomise(w), randomise(n);
  run.threads = 1;
  run(x, w, n, first, s);
  run.threads = 3;
  run(x, w, n, again, s);
  first.each([&](auto& at, float value) { ASSERT_EQ(value, again[at]); });
}

TEST(RowsOp, RefuseWhatDoesNotCombine) {
  try {
    CompiledText(
        R"(func.func @main(%x: memref<?xf32, strided<[1], offset: ?>>, %s: memref<f32, strided<[], offset: ?>>) {
      "tile.rows"(%x, %s) <{roles = ["along"], operandSegmentSizes = array<i32: 1, 1>,
          indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>]}> ({
      ^bb0(%a: f32, %r: f32):
        tile.yield %r : f32
      }, {
      ^bb0(%a: f32, %r: f32):
        %t = arith.subf %r, %a : f32
        tile.yield %t : f32
      }) : (memref<?xf32, strided<[1], offset: ?>>, memref<f32, strided<[], offset: ?>>) -> ()
      return
    })");
    FAIL() << "a difference is no reduction";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("associative"), std::string::npos) << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Rows, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const char* name : {"avx512", "avx2", "baseline"})
                             if (codegen::targetFor(name)->runsHere) names.push_back(name);
                           return names;
                         }()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace heed::testing
