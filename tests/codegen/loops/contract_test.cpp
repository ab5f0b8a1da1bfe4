// tile.contract against sums in f64: every layout of the operands, every kind of tail, several dims of each role,
// epilogues with captures; and the order of each sum, which must not depend on where its tile lies.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/tests/codegen/loops/contract_text.h"

namespace heed::testing {
namespace {

using Shape = std::vector<std::int64_t>;

struct Contract : ::testing::TestWithParam<std::string> {
  CompiledText compiled(const std::string& text) { return CompiledText(text, *codegen::targetFor(GetParam())); }

  void randomise(Tensor<float>& tensor) {
    std::uniform_real_distribution<float> draw(-1, 1);
    tensor.each([&](auto&, float& value) { value = draw(random); });
  }
  std::mt19937 random{11};
};

/// out[m, n] = sum over k of lhs[m, k] rhs[k, n], each operand with one of its dims contiguous.
struct Layout {
  int lhs, rhs, out;
};

TEST_P(Contract, MatrixProductsOfEveryLayoutAndTail) {
  for (Layout at : {Layout{1, 1, 1}, {1, 0, 1}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}) {
    std::string lhs = type(2, at.lhs), rhs = type(2, at.rhs), out = type(2, at.out);
    auto run = compiled(productText(lhs, rhs, out));
    for (Shape s : {Shape{1, 1, 1},
                    {6, 64, 64},
                    {7, 65, 17},
                    {5, 15, 16},
                    {13, 130, 33},
                    {0, 5, 5},
                    {5, 0, 5},
                    {5, 70, 0},
                    {200, 48, 100},
                    {14, 40, 1600},
                    {3, 200, 1}}) {
      Tensor<float> a({s[0], s[2]}, order(at.lhs), 1), b({s[2], s[1]}, order(at.rhs), 3),
          c({s[0], s[1]}, order(at.out), 2);
      randomise(a), randomise(b);
      run(a, b, c);
      c.each([&](auto& i, float value) {
        double sum = 0, size = 0;
        for (std::int64_t k = 0; k < s[2]; ++k) {
          double product = double(a[{i[0], k}]) * b[{k, i[1]}];
          sum += product, size += std::fabs(product);
        }
        ASSERT_NEAR(value, sum, 1e-6 * size) << s[0] << "x" << s[1] << "x" << s[2] << " at " << i[0] << ", " << i[1];
      });
    }
  }
}

TEST_P(Contract, EachSumHasOneOrder) {
  std::string rows = type(2, 1);
  auto run = compiled("func.func @main(%a: " + rows + ", %b: " + rows + ", %c: " + rows + R"() {
      "tile.contract"(%a, %b, %c) <{roles = ["row", "column", "depth"],
          indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]}>
          ({}) : ()" + rows +
                      ", " + rows + ", " + rows + ") -> () return }");
  Tensor<float> a({300, 77}), b({150, 77}), c({300, 150}), one({1, 1}), row({1, 77}), column({1, 77});
  randomise(a), randomise(b);
  run(a, b, c);
  run.threads = 1;
  for (auto [m, n] : {std::pair{0, 0}, {299, 149}, {17, 64}, {298, 3}, {100, 127}}) {
    for (std::int64_t k = 0; k < 77; ++k) row[{0, k}] = a[{m, k}], column[{0, k}] = b[{n, k}];
    run(row, column, one);
    EXPECT_EQ((one[{0, 0}]), (c[{m, n}])) << m << ", " << n;
  }
}

TEST_P(Contract, ARowDoesNotKnowHowManyOthersThereAre) {
  for (int unit : {0, 1}) {
    std::string rows = type(2, 1), rhs = type(2, unit);
    auto run = compiled(productText(rows, rhs, rows));
    constexpr std::int64_t n = 75, k = 777;
    Tensor<float> a({40, k}), b({k, n}, order(unit)), all({40, n});
    randomise(a), randomise(b);
    run(a, b, all);
    for (std::int64_t m : {1, 2, 8, 9, 13}) {
      Tensor<float> some({m, k}), few({m, n});
      some.each([&](auto& i, float& x) { x = a[i]; });
      run(some, b, few);
      few.each([&](auto& i, float x) { ASSERT_EQ(x, all[i]) << m << " rows, at " << i[0] << ", " << i[1]; });
    }
  }
}

TEST_P(Contract, SeveralDimsOfEachRoleWithAnEpilogue) {
  // out[b, s, t, h, d] = gelu-like(sum over (x, y) of lhs[b, s, t, x, y] rhs[b, h, d, y, x] + bias[h, d]) * s +
  // residual
  std::string lhs = type(5, 4), rhs = type(5, 4), bias = type(2, 1), out = type(5, 4);
  auto run =
      compiled("func.func @main(%a: " + lhs + ", %b: " + rhs + ", %bias: " + bias + ", %res: " + out + ", %c: " + out +
               R"() {
      "tile.contract"(%a, %b, %bias, %res, %c) <{roles = ["outer", "row", "row", "column", "column", "depth", "depth"],
          indexing_maps = [affine_map<(b, s, t, h, d, x, y) -> (b, s, t, x, y)>, affine_map<(b, s, t, h, d, x, y) -> (b, h, d, y, x)>,
                           affine_map<(b, s, t, h, d, x, y) -> (h, d)>, affine_map<(b, s, t, h, d, x, y) -> (b, s, t, h, d)>,
                           affine_map<(b, s, t, h, d, x, y) -> (b, s, t, h, d)>]}> ({
        ^bb0(%sum: f32, %beta: f32, %r: f32):
          %s = tile.index 1 : index
          %i = arith.index_cast %s : index to i32
          %f = arith.sitofp %i : i32 to f32
          %v = arith.addf %sum, %beta : f32
          %e = math.tanh %v : f32
          %p = arith.mulf %e, %f : f32
          %o = arith.addf %p, %r : f32
          tile.yield %o : f32
      }) : ()" +
               lhs + ", " + rhs + ", " + bias + ", " + out + ", " + out + ") -> () return }");
  for (Shape s : {Shape{1, 1, 1, 1, 1, 1, 1},
                  {2, 3, 5, 2, 7, 3, 4},
                  {1, 7, 4, 3, 70, 2, 17},
                  {3, 2, 2, 1, 64, 1, 0},
                  {1, 3, 9, 2, 40, 9, 61},
                  {2, 3, 0, 2, 7, 3, 4},
                  {2, 3, 5, 0, 7, 3, 4},
                  {0, 3, 5, 2, 0, 3, 4}}) {
    Tensor<float> a({s[0], s[1], s[2], s[5], s[6]}), b({s[0], s[3], s[4], s[6], s[5]}), bias({s[3], s[4]});
    Tensor<float> residual({s[0], s[1], s[2], s[3], s[4]}), c({s[0], s[1], s[2], s[3], s[4]}, {0, 3, 1, 2, 4});
    randomise(a), randomise(b), randomise(bias), randomise(residual);
    run(a, b, bias, residual, c);
    c.each([&](auto& i, float value) {
      double sum = 0;
      for (std::int64_t x = 0; x < s[5]; ++x)
        for (std::int64_t y = 0; y < s[6]; ++y)
          sum += double(a[{i[0], i[1], i[2], x, y}]) * b[{i[0], i[3], i[4], y, x}];
      double expected = std::tanh(sum + bias[{i[3], i[4]}]) * i[1] + residual[i];
      ASSERT_NEAR(value, expected, 1e-5);
    });
  }
}

TEST_P(Contract, VectorsAndDotProducts) {
  std::string matrix = type(2, 1), line = type(1, 0);
  auto run = compiled("func.func @main(%m: " + matrix + ", %x: " + line + ", %y: " + line + ", %z: " + line +
                      R"(, %dot: memref<f32>) {
      "tile.contract"(%m, %x, %y) <{roles = ["row", "depth"],
          indexing_maps = [affine_map<(r, k) -> (r, k)>, affine_map<(r, k) -> (k)>, affine_map<(r, k) -> (r)>]}> ({})
          : ()" + matrix +
                      ", " + line + ", " + line + R"() -> ()
      "tile.contract"(%y, %m, %z) <{roles = ["column", "depth"],
          indexing_maps = [affine_map<(c, k) -> (k)>, affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>]}> ({})
          : ()" + line +
                      ", " + matrix + ", " + line + R"() -> ()
      "tile.contract"(%x, %z, %dot) <{roles = ["depth"],
          indexing_maps = [affine_map<(k) -> (k)>, affine_map<(k) -> (k)>, affine_map<(k) -> ()>]}> ({
        ^bb0(%sum: f32):
          %half = arith.constant 0.5 : f32
          %o = arith.mulf %sum, %half : f32
          tile.yield %o : f32
      }) : ()" + line +
                      ", " + line + R"(, memref<f32>) -> ()
      return
    })");
  for (Shape s : {Shape{1, 1}, {20, 33}, {100, 64}, {7, 200}}) {
    Tensor<float> m({s[0], s[1]}, {}, 1), x({s[1]}), y({s[0]}), z({s[1]}), dot({});
    randomise(m), randomise(x);
    run(m, x, y, z, dot);
    double total = 0;
    for (std::int64_t r = 0; r < s[0]; ++r) {
      double sum = 0;
      for (std::int64_t k = 0; k < s[1]; ++k) sum += double(m[{r, k}]) * x[{k}];
      ASSERT_NEAR((y[{r}]), sum, 1e-5);
    }
    for (std::int64_t k = 0; k < s[1]; ++k) {
      double sum = 0;
      for (std::int64_t r = 0; r < s[0]; ++r) sum += double(m[{r, k}]) * y[{r}];
      ASSERT_NEAR((z[{k}]), sum, 1e-4);
      total += double(x[{k}]) * z[{k}];
    }
    ASSERT_NEAR((dot[{}]), total / 2, 1e-5 * (1 + s[0] * s[1]));
  }
}

TEST_P(Contract, AChannelOfItsOwnForEachLane) {
  // out[r, c] = sum over k of lhs[r, k, c] rhs[k, c]: the lanes carry a shared dim.
  std::string lhs = type(3, 2), rows = type(2, 1);
  auto run = compiled("func.func @main(%a: " + lhs + ", %b: " + rows + ", %c: " + rows + R"() {
      "tile.contract"(%a, %b, %c) <{roles = ["row", "outer", "depth"],
          indexing_maps = [affine_map<(r, c, k) -> (r, k, c)>, affine_map<(r, c, k) -> (k, c)>, affine_map<(r, c, k) -> (r, c)>]}> ({})
          : ()" + lhs +
                      ", " + rows + ", " + rows + ") -> () return }");
  Tensor<float> a({5, 9, 37}), b({9, 37}), c({5, 37});
  randomise(a), randomise(b);
  run(a, b, c);
  c.each([&](auto& i, float value) {
    double sum = 0;
    for (std::int64_t k = 0; k < 9; ++k) sum += double(a[{i[0], k, i[1]}]) * b[{k, i[1]}];
    ASSERT_NEAR(value, sum, 1e-5);
  });
}

INSTANTIATE_TEST_SUITE_P(Targets, Contract, ::testing::ValuesIn(tilesOf(/*pairs=*/false)),
                         [](auto& info) { return testName(info.param); });

}  // namespace
}  // namespace heed::testing
