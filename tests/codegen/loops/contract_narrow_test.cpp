// tile.contract on bf16 and f16 against sums in f64: every layout, odd depths, results of either width, and the order
// of each sum. The naive evaluation multiplies exactly, sums in f32 and rounds once.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "heed/runtime/element.h"
#include "heed/tests/codegen/loops/contract_text.h"

namespace heed::testing {
namespace {

using Shape = std::vector<std::int64_t>;

struct Narrow : ::testing::TestWithParam<std::string> {
  CompiledText compiled(const std::string& text) { return CompiledText(text, *codegen::targetFor(GetParam())); }

  template <class T>
  void randomise(Tensor<T>& tensor) {
    std::uniform_real_distribution<float> draw(-1, 1);
    tensor.each([&](auto&, T& value) { value = T(draw(random)); });
  }

  std::mt19937 random{12};

  /// The largest error over all elements is at most 1.1 x that of the naive evaluation, or a few roundings of f32: the
  /// two products of a pair may be summed in either order.
  template <class In, class Out>
  void products(const std::string& in, const std::string& result) {
    for (auto [l, r, o] : {std::array{1, 1, 1}, {1, 0, 1}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}) {
      auto run = compiled(productText(type(2, l, in), type(2, r, in), type(2, o, result)));
      for (Shape s : {Shape{1, 1, 1},
                      {3, 200, 1},
                      {7, 65, 17},
                      {5, 15, 16},
                      {13, 130, 33},
                      {0, 5, 5},
                      {5, 0, 5},
                      {5, 70, 0},
                      {29, 33, 1037},
                      {8, 100, 131}}) {
        Tensor<In> a({s[0], s[2]}, order(l), 1), b({s[2], s[1]}, order(r), 3);
        Tensor<Out> c({s[0], s[1]}, order(o), 2);
        randomise(a), randomise(b);
        run(a, b, c);
        double worst = 0, naive = 0, largest = 0;
        c.each([&](auto& i, Out value) {
          double sum = 0;
          float single = 0;
          for (std::int64_t k = 0; k < s[2]; ++k) {
            float x = float(a[{i[0], k}]), y = float(b[{k, i[1]}]);
            sum += double(x) * y, single += x * y;
          }
          largest = std::max(largest, std::fabs(sum));
          ASSERT_FALSE(std::isnan(float(value)));
          worst = std::max(worst, std::fabs(double(float(value)) - sum));
          naive = std::max(naive, std::fabs(double(float(Out(single))) - sum));
        });
        EXPECT_LE(worst, std::max(1.1 * naive, 8 * 0x1p-24 * largest))
            << s[0] << "x" << s[1] << "x" << s[2] << ", layout " << l << r << o;
      }
    }
  }
};

TEST_P(Narrow, ProductsOfBf16) { products<bfloat16, bfloat16>("bf16", "bf16"); }
TEST_P(Narrow, ProductsOfBf16IntoF32) { products<bfloat16, float>("bf16", "f32"); }
TEST_P(Narrow, ProductsOfF16) { products<float16, float16>("f16", "f16"); }

TEST_P(Narrow, ARowDoesNotKnowHowManyOthersThereAre) {
  for (int unit : {0, 1}) {
    auto run = compiled(productText(type(2, 1, "bf16"), type(2, unit, "bf16"), type(2, 1)));
    constexpr std::int64_t n = 75, k = 777;
    Tensor<bfloat16> a({40, k}), b({k, n}, order(unit));
    Tensor<float> all({40, n});
    randomise(a), randomise(b);
    run(a, b, all);
    for (std::int64_t m : {1, 2, 8, 9, 13}) {
      Tensor<bfloat16> some({m, k});
      Tensor<float> few({m, n});
      some.each([&](auto& i, bfloat16& x) { x = a[i]; });
      run(some, b, few);
      few.each([&](auto& i, float x) { ASSERT_EQ(x, all[i]) << m << " rows, at " << i[0] << ", " << i[1]; });
    }
  }
}

/// A large result may go past the caches, line by line; whether it does shows in no number.
TEST_P(Narrow, ALargeResultIsThatOfItsParts) {
  auto run = compiled(productText(type(2, 1, "bf16"), type(2, 1, "bf16"), type(2, 1, "bf16")));
  for (std::int64_t n : {640, 650}) {  // lines of 1280 bytes, and some that end within one of the cache
    constexpr std::int64_t m = 896, k = 70;
    Tensor<bfloat16> a({m, k}), b({k, n}), all({m, n});
    randomise(a), randomise(b);
    run(a, b, all);
    for (std::int64_t from = 0; from < m; from += m / 4) {
      Tensor<bfloat16> some({m / 4, k}), part({m / 4, n});
      some.each([&](auto& i, bfloat16& x) { x = a[{from + i[0], i[1]}]; });
      run(some, b, part);
      part.each([&](auto& i, bfloat16 x) {
        ASSERT_EQ(float(x), float(all[{from + i[0], i[1]}])) << i[0] << ", " << i[1];
      });
    }
  }
}

/// Runs of odd length along the last depth dim; the other operand has the depth dims in the other order.
TEST_P(Narrow, SeveralDepthDimsWithAnEpilogue) {
  std::string in = type(3, 2, "bf16"), out = type(2, 1, "bf16"), bias = type(1, 0, "bf16");
  auto run = compiled("func.func @main(%a: " + in + ", %b: " + in + ", %bias: " + bias + ", %c: " + out + R"() {
      "tile.contract"(%a, %b, %bias, %c) <{roles = ["row", "column", "depth", "depth"],
          indexing_maps = [affine_map<(m, n, x, y) -> (m, x, y)>, affine_map<(m, n, x, y) -> (n, y, x)>,
                           affine_map<(m, n, x, y) -> (n)>, affine_map<(m, n, x, y) -> (m, n)>]}> ({
        ^bb0(%sum: f32, %beta: bf16):
          %wide = arith.extf %beta : bf16 to f32
          %v = arith.addf %sum, %wide : f32
          %o = arith.truncf %v : f32 to bf16
          tile.yield %o : bf16
      }) : ()" + in + ", " +
                      in + ", " + bias + ", " + out + ") -> () return }");
  for (Shape s :
       {Shape{1, 1, 1, 1}, {5, 40, 3, 7}, {5, 20, 3, 607}, {20, 33, 9, 61}, {13, 70, 64, 2}, {3, 20, 2, 33}}) {
    Tensor<bfloat16> a({s[0], s[2], s[3]}), b({s[1], s[3], s[2]}), beta({s[1]}), c({s[0], s[1]});
    randomise(a), randomise(b), randomise(beta);
    run(a, b, beta, c);
    c.each([&](auto& i, bfloat16 value) {
      double sum = float(beta[{i[1]}]), size = std::fabs(sum);
      for (std::int64_t x = 0; x < s[2]; ++x)
        for (std::int64_t y = 0; y < s[3]; ++y) {
          double product = double(float(a[{i[0], x, y}])) * float(b[{i[1], y, x}]);
          sum += product, size += std::fabs(product);
        }
      ASSERT_NEAR(float(value), sum, std::fabs(sum) / 256 + 1e-6 * size) << i[0] << ", " << i[1];
    });
  }
}

/// What fills up the last pair is 0 in both operands: an infinity beside it makes no NaN.
TEST_P(Narrow, InfinitiesPassAndMakeNoNaN) {
  auto run = compiled(productText(type(2, 1, "bf16"), type(2, 0, "bf16"), type(2, 1)));
  Tensor<bfloat16> a({3, 5}), b({5, 20}, {1, 0});
  Tensor<float> c({3, 20});
  a.each([](auto&, bfloat16& x) { x = bfloat16(1); });
  b.each([](auto&, bfloat16& x) { x = bfloat16(1); });
  a[{1, 4}] = bfloat16(std::numeric_limits<float>::infinity());
  run(a, b, c);
  c.each([](auto& i, float x) { EXPECT_EQ(x, i[0] == 1 ? std::numeric_limits<float>::infinity() : 5); });
}

INSTANTIATE_TEST_SUITE_P(Targets, Narrow, ::testing::ValuesIn(tilesOf(/*pairs=*/true)),
                         [](auto& info) { return testName(info.param); });

}  // namespace
}  // namespace heed::testing
