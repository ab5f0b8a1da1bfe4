// contract, softmax, logsumexp, sum, mean, amax, amin, take against loops written out.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

constexpr const char* matrix = "tensor<?x5xf32, #heed.axes<a:A, b>>";

Reference only(Text& program, const std::vector<Reference>& arguments) {
  std::vector<Reference> results = program.run(arguments);
  EXPECT_EQ(results.size(), 1u) << program.errors();
  return results.empty() ? Reference() : results[0];
}

TEST(Contract, SumsOverItsAxesAndKeepsBatchAxes) {
  Text program(R"(
    func.func @f(%x: tensor<2x?x3x4xf32, #heed.axes<n, r:R, d, e>>, %y: tensor<3x2x5x4xf32, #heed.axes<d, n, c, e>>)
        -> tensor<?x5x2xf32, #heed.axes<r:R, c, n>> {
      %0 = heed.contract %x, %y {axes = ["d", "e"]} : (tensor<2x?x3x4xf32, #heed.axes<n, r:R, d, e>>,
           tensor<3x2x5x4xf32, #heed.axes<d, n, c, e>>) -> tensor<?x5x2xf32, #heed.axes<r:R, c, n>>
      return %0 : tensor<?x5x2xf32, #heed.axes<r:R, c, n>>
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  auto arguments = program.randomArguments({{"R", 6}});
  Reference out = only(program, arguments);
  for (int r = 0; r < 6; ++r)
    for (int c = 0; c < 5; ++c)
      for (int n = 0; n < 2; ++n) {
        double sum = 0;
        for (int d = 0; d < 3; ++d)
          for (int e = 0; e < 4; ++e)
            sum += arguments[0].data[((n * 6 + r) * 3 + d) * 4 + e] * arguments[1].data[((d * 2 + n) * 5 + c) * 4 + e];
        EXPECT_NEAR(out.data[(r * 5 + c) * 2 + n], sum, 1e-12);
      }
}

TEST(Contract, AHiddenKeyCountsForNothingWhateverItHolds) {
  Text program(R"(
    func.func @f(%s: tensor<2x3xf32, #heed.axes<q, k>>, %v: tensor<3x2xf32, #heed.axes<k, d>>)
        -> tensor<2x2xf32, #heed.axes<q, d>> {
      %0 = heed.softmax %s {axis = "k"} : (tensor<2x3xf32, #heed.axes<q, k>>) -> tensor<2x3xf32, #heed.axes<q, k>>
      %1 = heed.contract %0, %v {axes = ["k"]} : (tensor<2x3xf32, #heed.axes<q, k>>, tensor<3x2xf32, #heed.axes<k, d>>)
           -> tensor<2x2xf32, #heed.axes<q, d>>
      return %1 : tensor<2x2xf32, #heed.axes<q, d>>
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  auto arguments = program.randomArguments({});
  arguments[0].data = {0, 0, -INFINITY, -INFINITY, -INFINITY, -INFINITY};
  arguments[1].data = {1, 2, 3, 6, NAN, INFINITY};
  EXPECT_EQ(only(program, arguments).data, (std::vector<double>{2, 4, 0, 0}));
}

std::string along(const std::string& op, const std::string& attribute, const std::string& result) {
  return std::string("func.func @f(%x: ") + matrix + ") -> " + result + " { %0 = heed." + op + " %x {" + attribute +
         "} : (" + matrix + ") -> " + result + " return %0 : " + result + " }";
}

struct Fold {
  const char* word;
  double start;
  double (*join)(double, double);
  double divisor;
};

class Reduce : public testing::TestWithParam<Fold> {};

TEST_P(Reduce, FoldsOneAxisOrAll) {
  const Fold& fold = GetParam();
  Text one(along(fold.word, "axes = [\"a\"]", "tensor<5xf32, #heed.axes<b>>"));
  auto arguments = one.randomArguments({{"A", 7}});
  Reference columns = only(one, arguments);
  double total = fold.start;
  for (int b = 0; b < 5; ++b) {
    double sum = fold.start;
    for (int a = 0; a < 7; ++a) {
      sum = fold.join(sum, arguments[0].data[a * 5 + b]);
      total = fold.join(total, arguments[0].data[a * 5 + b]);
    }
    EXPECT_NEAR(columns.data[b], fold.divisor ? sum / 7 : sum, 1e-12);
  }
  Text both(along(fold.word, "axes = [\"b\", \"a\"]", "tensor<f32>"));
  EXPECT_NEAR(only(both, arguments).data[0], fold.divisor ? total / 35 : total, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Words, Reduce,
                         testing::Values(Fold{"sum", 0, [](double x, double y) { return x + y; }, 0},
                                         Fold{"mean", 0, [](double x, double y) { return x + y; }, 1},
                                         Fold{"amax", -INFINITY, [](double x, double y) { return std::max(x, y); }, 0},
                                         Fold{"amin", INFINITY, [](double x, double y) { return std::min(x, y); }, 0}),
                         [](const auto& info) { return info.param.word; });

TEST(Softmax, RowsSumToOneAndMinusInfinityCountsNothing) {
  Text program(along("softmax", "axis = \"b\"", matrix));
  auto arguments = program.randomArguments({{"A", 4}});
  auto& x = arguments[0].data;
  x[3] = -INFINITY;
  for (int b = 0; b < 5; ++b) x[5 + b] = -INFINITY;
  x[12] = NAN;
  Reference p = only(program, arguments);
  double sum = 0;
  for (int b = 0; b < 5; ++b) sum += p.data[b];
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(p.data[3], 0);
  EXPECT_NEAR(p.data[1] / p.data[0], std::exp(x[1] - x[0]), 1e-12);
  for (int b = 0; b < 5; ++b) EXPECT_EQ(p.data[5 + b], 0) << "a row of -inf gives 0";
  for (int b = 0; b < 5; ++b) EXPECT_TRUE(std::isnan(p.data[10 + b])) << "NaN reaches its whole row";
}

TEST(Logsumexp, IsMinusInfinityWhereTheRowIs) {
  Text program(along("logsumexp", "axis = \"b\"", "tensor<?xf32, #heed.axes<a:A>>"));
  auto arguments = program.randomArguments({{"A", 2}});
  for (int b = 0; b < 5; ++b) arguments[0].data[5 + b] = -INFINITY;
  Reference out = only(program, arguments);
  double sum = 0;
  for (int b = 0; b < 5; ++b) sum += std::exp(arguments[0].data[b]);
  EXPECT_NEAR(out.data[0], std::log(sum), 1e-12);
  EXPECT_EQ(out.data[1], -INFINITY);
}

TEST(Reductions, OfNothing) {
  Text sum(along("sum", "axes = [\"a\"]", "tensor<5xf32, #heed.axes<b>>"));
  EXPECT_EQ(sum.runOn({{"A", 0}}).at(0).data[2], 0);
  Text most(along("amax", "axes = [\"a\"]", "tensor<5xf32, #heed.axes<b>>"));
  EXPECT_EQ(most.runOn({{"A", 0}}).at(0).data[2], -INFINITY);
}

TEST(Take, GivesRowsAndNaNWhereThereIsNone) {
  Text program(R"(
    func.func @f(%t: tensor<3x2xf32, #heed.axes<vocab, model>>, %i: tensor<?xi32, #heed.axes<seq:T>>)
        -> tensor<?x2xf32, #heed.axes<seq:T, model>> {
      %0 = heed.take %t, %i {axis = "vocab"} : (tensor<3x2xf32, #heed.axes<vocab, model>>, tensor<?xi32, #heed.axes<seq:T>>)
           -> tensor<?x2xf32, #heed.axes<seq:T, model>>
      return %0 : tensor<?x2xf32, #heed.axes<seq:T, model>>
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  Reference table({"vocab", "model"}, {3, 2}), rows({"seq"}, {4});
  table.data = {0, 1, 10, 11, 20, 21};
  rows.data = {2, 0, 3, -1};
  Reference out = only(program, {table, rows});
  EXPECT_EQ((std::vector<double>(out.data.begin(), out.data.begin() + 4)), (std::vector<double>{20, 21, 0, 1}));
  for (int i = 4; i < 8; ++i) EXPECT_TRUE(std::isnan(out.data[i]));
}

}  // namespace
}  // namespace heed::ir::test
