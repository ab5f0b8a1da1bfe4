// Every row of words.td against the same function written here once more.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

using Function = double (*)(double, double, double);
struct Expected {
  Function function;
  const char* in = "f32";
  const char* out = nullptr;  // else as in
};

const std::map<std::string, Expected>& expected() {
  static const std::map<std::string, Expected> all{
      {"add", {[](double x, double y, double) { return x + y; }}},
      {"sub", {[](double x, double y, double) { return x - y; }}},
      {"mul", {[](double x, double y, double) { return x * y; }}},
      {"div", {[](double x, double y, double) { return x / y; }}},
      {"rem", {[](double x, double y, double) { return x - y * std::trunc(x / y); }}},
      {"max", {[](double x, double y, double) { return x > y ? x : y; }}},
      {"min", {[](double x, double y, double) { return x < y ? x : y; }}},
      {"eq", {[](double x, double y, double) { return double(x == y); }, "i32", "i1"}},
      {"ne", {[](double x, double y, double) { return double(x != y); }, "i32", "i1"}},
      {"lt", {[](double x, double y, double) { return double(x < y); }, "f32", "i1"}},
      {"le", {[](double x, double y, double) { return double(x <= y); }, "f32", "i1"}},
      {"gt", {[](double x, double y, double) { return double(x > y); }, "f32", "i1"}},
      {"ge", {[](double x, double y, double) { return double(x >= y); }, "f32", "i1"}},
      {"and", {[](double x, double y, double) { return x * y; }, "i1"}},
      {"or", {[](double x, double y, double) { return std::max(x, y); }, "i1"}},
      {"not", {[](double x, double, double) { return 1 - x; }, "i1"}},
      {"neg", {[](double x, double, double) { return 0 - x; }}},
      {"abs", {[](double x, double, double) { return x < 0 ? -x : x; }}},
      {"exp", {[](double x, double, double) { return std::pow(M_E, x); }}},
      {"exp2", {[](double x, double, double) { return std::pow(2.0, x); }}},
      {"log", {[](double x, double, double) { return std::log1p(x - 1); }}},
      {"tanh", {[](double x, double, double) { return 1 - 2 / (std::exp(2 * x) + 1); }}},
      {"erf", {[](double x, double, double) { return 1 - std::erfc(x); }}},
      {"sqrt", {[](double x, double, double) { return std::pow(x, 0.5); }}},
      {"rsqrt", {[](double x, double, double) { return std::pow(x, -0.5); }}},
      {"sin", {[](double x, double, double) { return std::cos(x - M_PI / 2); }}},
      {"cos", {[](double x, double, double) { return std::sin(x + M_PI / 2); }}},
      {"floor", {[](double x, double, double) { return -std::ceil(-x); }}},
      {"bitxor", {[](double x, double y, double) { return double(int(x) ^ int(y)); }, "i32"}},
      {"upper16", {[](double x, double, double) { return std::fmod(std::floor(x / 65536) + 65536, 65536); }, "i32"}},
      {"lower16", {[](double x, double, double) { return x - 65536 * std::floor(x / 65536); }, "i32"}},
      {"where", {[](double m, double x, double y) { return m ? x : y; }}},
  };
  return all;
}

class Pointwise : public testing::TestWithParam<std::string> {};

TEST_P(Pointwise, MeansWhatItsRowSays) {
  const std::string& word = GetParam();
  auto row = expected().find(word);
  ASSERT_NE(row, expected().end()) << "give the new word its meaning in this test, too";
  const auto& [function, in, out] = row->second;
  // a has axes x and y, the others only one of them: the result has both.
  std::string a = std::string("tensor<?x5x") + (word == "where" ? "i1" : in) + ", #heed.axes<x:X, y>>";
  std::string b = std::string("tensor<5x") + in + ", #heed.axes<y>>",
              c = std::string("tensor<?x") + in + ", #heed.axes<x:X>>";
  std::string result = std::string("tensor<?x5x") + (out ? out : in) + ", #heed.axes<x:X, y>>";
  for (int arity = 1; arity <= 3; ++arity) {
    std::string operands[] = {"%a", "%a, %b", "%a, %b, %c"}, types[] = {a, a + ", " + b, a + ", " + b + ", " + c};
    Text program("func.func @f(%a: " + a + ", %b: " + b + ", %c: " + c + ") -> " + result + " { %0 = heed." + word +
                 " " + operands[arity - 1] + " : (" + types[arity - 1] + ") -> " + result + " return %0 : " + result +
                 " }");
    if (!program.valid()) continue;  // another arity
    std::vector<Reference> arguments = program.randomArguments({{"X", 7}});
    std::vector<Reference> results = program.run(arguments);
    ASSERT_EQ(results.size(), 1u) << program.errors();
    for (int x = 0; x < 7; ++x)
      for (int y = 0; y < 5; ++y) {
        double want = function(arguments[0].data[x * 5 + y], arguments[1].data[y], arguments[2].data[x]);
        double got = results[0].data[x * 5 + y];
        EXPECT_TRUE((std::isnan(want) && std::isnan(got)) || std::fabs(want - got) <= 1e-9 * (1 + std::fabs(want)))
            << word << ": " << got << ", not " << want;
      }
    return;
  }
  FAIL() << "no arity of " << word << " is legal";
}

INSTANTIATE_TEST_SUITE_P(Words, Pointwise, testing::ValuesIn(words(true)), [](const auto& info) { return info.param; });

double scalar(const std::string& op, const std::string& type, double x, double y) {
  Text program("func.func @f(%a: " + type + ", %b: " + type + ") -> " + type + " { %0 = " + op + " %a, %b : (" + type +
               ", " + type + ") -> " + type + " return %0 : " + type + " }");
  return program.run({Reference(x), Reference(y)}).at(0).data[0];
}

TEST(Integers, DivideTowardsZeroAndNeverTrap) {
  EXPECT_EQ(scalar("heed.div", "tensor<i32>", -7, 2), -3);
  EXPECT_EQ(scalar("heed.rem", "tensor<i32>", -7, 2), -1);
  EXPECT_EQ(scalar("heed.div", "tensor<i32>", 7, 0), 0);
  EXPECT_EQ(scalar("heed.rem", "tensor<i32>", 7, 0), 0);
  EXPECT_EQ(scalar("heed.div", "tensor<i32>", -2147483648.0, -1), -2147483648.0);
  EXPECT_EQ(scalar("heed.add", "tensor<i32>", 2147483647.0, 1), -2147483648.0);
  EXPECT_EQ(scalar("heed.mul", "tensor<i32>", 2147483647.0, 2147483647.0), 1);  // 2^62 - ..., more than f64 holds
}

TEST(Floats, KeepNaN) {
  EXPECT_TRUE(std::isnan(scalar("heed.max", "tensor<f32>", NAN, 1)));
  EXPECT_TRUE(std::isnan(scalar("heed.min", "tensor<f32>", 1, NAN)));
}

TEST(Cast, SaturatesAndTruncates) {
  auto cast = [](double x, const char* from, const char* to) {
    std::string f = std::string("tensor<") + from + ">", t = std::string("tensor<") + to + ">";
    Text program("func.func @f(%a: " + f + ") -> " + t + " { %0 = heed.cast %a : (" + f + ") -> " + t +
                 " return %0 : " + t + " }");
    return program.run({Reference(x)}).at(0).data[0];
  };
  EXPECT_EQ(cast(-1.9, "f32", "i32"), -1);
  EXPECT_EQ(cast(1e20, "f32", "i32"), 2147483647.0);
  EXPECT_EQ(cast(-INFINITY, "f32", "i32"), -2147483648.0);
  EXPECT_EQ(cast(NAN, "f32", "i32"), 0);
  EXPECT_EQ(cast(0.5, "f32", "i1"), 1);
  EXPECT_EQ(cast(1, "i1", "f32"), 1);
}

}  // namespace
}  // namespace heed::ir::test
