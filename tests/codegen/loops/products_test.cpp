// tile.products of random widths, layouts, types and epilogues: the bits of its contractions one after another, and
// sums in f64. HEED_SEED and HEED_CASES choose others.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/runtime/element.h"
#include "heed/tests/codegen/loops/contract_text.h"

namespace heed::testing {
namespace {

enum class Epilogue { None, Bias, Tanh, Gate };

/// out[r, s, h, d] = epilogue(sum over k of x[r, s, k] weight[h, d, k]); a gate multiplies with the product before.
struct Product {
  std::int64_t heads, depth;
  int contiguous;  // the weight's dim whose elements are neighbours
  bool left;       // the weight is the first operand
  Epilogue epilogue;
};

struct Case {
  std::vector<Product> products;

  explicit Case(std::mt19937& random) {
    auto upTo = [&](int n) { return int(random() % unsigned(n)); };
    for (int n = 0, count = 1 + upTo(4); n < count; ++n) {
      bool alike = n > 0 && upTo(2);
      Product next = alike ? products.back()
                           : Product{1 + upTo(3), 1 + upTo(90), upTo(8) ? 2 : 1, upTo(4) == 0, Epilogue(upTo(3))};
      if (n > 0 && upTo(4) == 0)
        next = products.back(), next.epilogue = Epilogue::Gate;
      else if (next.epilogue == Epilogue::Gate)
        next.epilogue = Epilogue::None;
      products.push_back(next);
    }
  }

  std::string text(const std::string& element, bool one) const {
    const std::string x = type(3, 2, element), out = type(4, 3, element), bias = type(2, 1, element);
    std::string arguments = "%x: " + x, body;
    for (std::size_t n = 0; n < products.size(); ++n) {
      const Product& p = products[n];
      std::string i = std::to_string(n), weight = type(3, p.contiguous, element);
      arguments += ", %w" + i + ": " + weight + ", %b" + i + ": " + bias + ", %o" + i + ": " + out;
      std::string capture, kind, map, region;
      if (p.epilogue == Epilogue::Gate)
        capture = "%o" + std::to_string(n - 1), kind = out, map = "(r, s, h, d)";
      else if (p.epilogue != Epilogue::None)
        capture = "%b" + i, kind = bias, map = "(h, d)";
      if (p.epilogue != Epilogue::None) {
        bool narrow = element != "f32";
        region = "^bb0(%sum: f32, %c: " + element + "):\n";
        region += narrow ? "%e = arith.extf %c : " + element + " to f32\n" : "%e = arith.addf %c, %c : f32\n";
        region +=
            std::string(p.epilogue == Epilogue::Gate ? "%y = arith.mulf" : "%y = arith.addf") + " %sum, %e : f32\n";
        if (p.epilogue == Epilogue::Tanh) region += "%t = math.tanh %y : f32\n";
        std::string result = p.epilogue == Epilogue::Tanh ? "%t" : "%y";
        if (narrow) region += "%n = arith.truncf " + result + " : f32 to " + element + "\n", result = "%n";
        region += "tile.yield " + result + " : " + element + "\n";
      }
      auto both = [&](std::string l, std::string r) { return p.left ? r + ", " + l : l + ", " + r; };
      auto mapped = [](std::string to) { return "affine_map<(r, s, h, d, k) -> " + to + ">"; };
      std::string w = "%w" + i, o = "%o" + i;
      body += "\"tile.contract\"(" + both("%x", w) + (capture.empty() ? "" : ", " + capture) + ", " + o +
              ") <{roles = [" +
              (p.left ? R"("column", "column", "row", "row")" : R"("row", "row", "column", "column")") +
              R"(, "depth"], indexing_maps = [)" + both(mapped("(r, s, k)"), mapped("(h, d, k)")) +
              (capture.empty() ? "" : ", " + mapped(map)) + ", " + mapped("(r, s, h, d)") + "]}> ({\n" + region +
              "}) : (" + both(x, weight) + (capture.empty() ? "" : ", " + kind) + ", " + out + ") -> ()\n";
    }
    if (one) body = "\"tile.products\"() ({\n" + body + "}) : () -> ()\n";
    return "func.func @main(" + arguments + ") {\n" + body + "return }";
  }
};

template <class T>
struct Operands {
  Tensor<T> weight, bias, out;
};

struct Products : ::testing::TestWithParam<std::string> {
  template <class T>
  void run(const std::string& element, double epsilon) {
    const char *given = std::getenv("HEED_SEED"), *many = std::getenv("HEED_CASES");
    unsigned seed = given ? unsigned(std::atol(given)) : 20250607u;
    for (int n = 0; n < (many ? std::atoi(many) : 4) && !HasFailure(); ++n, ++seed) {
      SCOPED_TRACE("HEED_SEED=" + std::to_string(seed));
      std::mt19937 random(seed);
      Case drawn(random);
      auto compiled = [&](bool one) { return CompiledText(drawn.text(element, one), *codegen::targetFor(GetParam())); };
      CompiledText together = compiled(true), apart = compiled(false);
      for (auto [r, s, k] : {std::array<std::int64_t, 3>{1, 1, 17},
                             {2, 3, 5},
                             {3, 17, 70},
                             {1, 230, 33},
                             {2, 9, 1600},
                             {0, 3, 4},
                             {2, 5, 0}}) {
        Tensor<T> x({r, s, k}, {}, 3);
        randomise(x, random);
        std::vector<Operands<T>> all;
        for (const Product& p : drawn.products) {
          all.push_back(
              {Tensor<T>({p.heads, p.depth, k}, p.contiguous == 2 ? std::vector<int>{} : std::vector<int>{0, 2, 1}),
               Tensor<T>({p.heads, p.depth}), Tensor<T>({r, s, p.heads, p.depth}, {0, 2, 1, 3})});
          randomise(all.back().weight, random), randomise(all.back().bias, random);
        }
        call(apart, x, all, 1);
        std::vector<std::vector<T>> expected;
        for (auto& one : all) {
          std::vector<T>& values = expected.emplace_back();
          one.out.each([&](auto&, T& value) { values.push_back(value), value = T(77); });
        }
        call(together, x, all, 5);
        for (std::size_t i = 0; i < all.size(); ++i) {
          std::size_t at = 0;
          all[i].out.each([&](auto& where, T& value) {
            ASSERT_EQ(float(value), float(expected[i][at])) << "product " << i << ", element " << at;
            ++at;
            double wanted = meaning(drawn, x, all, i, where, element == "f32" ? 2 : 1);
            ASSERT_NEAR(double(float(value)), wanted, epsilon * (1 + std::fabs(wanted)) * (1 + double(k) / 100));
          });
        }
      }
    }
  }

  template <class T>
  static void randomise(Tensor<T>& tensor, std::mt19937& random) {
    std::uniform_real_distribution<float> draw(-0.5f, 0.5f);
    tensor.each([&](auto&, T& value) { value = T(draw(random)); });
  }

  template <class T>
  static void call(const CompiledText& code, Tensor<T>& x, std::vector<Operands<T>>& all, int threads) {
    std::vector<void*> arguments{x.descriptor()};
    for (auto& one : all)
      for (Tensor<T>* tensor : {&one.weight, &one.bias, &one.out}) arguments.push_back(tensor->descriptor());
    heed::Session session(threads);
    code.code.entry(&session, arguments.data());
  }

  /// In f64, from the numbers that the products before have stored; `twice`: how often a capture counts.
  template <class T>
  static double meaning(const Case& drawn, Tensor<T>& x, std::vector<Operands<T>>& all, std::size_t n,
                        const std::vector<std::int64_t>& at, double captured) {
    double sum = 0;
    for (std::int64_t k = 0; k < x.size(2); ++k)
      sum += double(float(x[{at[0], at[1], k}])) * double(float(all[n].weight[{at[2], at[3], k}]));
    switch (drawn.products[n].epilogue) {
      case Epilogue::None:
        return sum;
      case Epilogue::Bias:
        return sum + captured * double(float(all[n].bias[{at[2], at[3]}]));
      case Epilogue::Tanh:
        return std::tanh(sum + captured * double(float(all[n].bias[{at[2], at[3]}])));
      case Epilogue::Gate:
        return sum * captured * double(float(all[n - 1].out[at]));
    }
    return 0;
  }
};

TEST_P(Products, OfF32) { run<float>("f32", 1e-5); }
TEST_P(Products, OfBf16) { run<bfloat16>("bf16", 2e-2); }
TEST_P(Products, OfF16) { run<float16>("f16", 4e-3); }

INSTANTIATE_TEST_SUITE_P(Targets, Products, ::testing::ValuesIn(instructionSets()),
                         [](auto& info) { return info.param; });

}  // namespace
}  // namespace heed::testing
