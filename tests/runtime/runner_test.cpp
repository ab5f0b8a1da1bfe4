// Untyped calls, from arrays to results: many callers, many shapes, nothing allocated twice.
#include "heed/runtime/runner.h"

#include <gtest/gtest.h>

#include <thread>

#include "allocations.h"
#include "guarded.h"
#include "stand_in.h"

namespace heed::testing {
namespace {

using Rows = Array<f32, Seq, Depth>;
const Array<f32, Depth> w{10, 20, 30};

Rows counting(std::int64_t n) {
  Rows x(n);
  x.fill([](auto i, auto d) { return 3 * i + d; });
  return x;
}

TEST(Runner, givesNewArraysOfTheRightExtents) {
  Runner run(addRow(), 2);
  run.bind("w", w.any());
  const auto results = run.run({&counting(4).view(), 1});
  ASSERT_EQ(results.size(), 2u);
  auto o = Rows::from(results[0]);
  auto sum = Array<f32, Seq>::from(results[1]);
  EXPECT_EQ(o(3, 2), 41);
  EXPECT_EQ(sum(3), 9 + 10 + 11 + 60);
}

TEST(Runner, manyShapesThroughOneExecutable) {
  Runner run(addRow(), 2);
  run.bind("w", w.any());
  for (std::int64_t n : {5, 0, 1, 1000, 3}) {
    const Rows x = counting(n);
    const Rows o = Rows::from(run.run({&x.view(), 1})[0]);
    ASSERT_EQ(o.extent<Seq>(), n);
    for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(o(i, 1), x(i, 1) + 20);
  }
}

TEST(Runner, aKnownShapeAllocatesNothing) {
  Runner run(addRow(), 2);
  run.bind("w", w.any());
  const Rows x = counting(100);
  Rows o(100);
  Array<f32, Seq> sum(100);
  const auto transposed = x.reordered<Depth, Seq>().copy();
  const ArrayView results[] = {o.view(), sum.view()}, packed = transposed.reordered<Seq, Depth>().view();
  run.run({&x.view(), 1}, results);
  run.run({&packed, 1}, results);
  const auto before = allocations();
  const auto memory = run.session().memory();
  for (int i = 0; i < 20; ++i) run.run({i % 2 ? &packed : &x.view(), 1}, results);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(run.session().memory().allocations, memory.allocations);
  EXPECT_EQ(run.arguments().packed(), 11);
  EXPECT_EQ(sum(99), 3 * 298 + 60);
}

TEST(Runner, threadCountsAgreeBitwise) {
  const Rows x = counting(777);
  std::vector<float> first;
  for (int threads : {1, 2, 3}) {
    Runner run(addRow(), threads);
    run.bind("w", w.any());
    const auto o = Rows::from(run.run({&x.view(), 1})[0]);
    if (first.empty()) first.assign(o.span().begin(), o.span().end());
    EXPECT_TRUE(std::ranges::equal(first, o.span()));
  }
}

TEST(Runner, copiesRunAtTheSameTime) {
  Runner run(addRow(), 2);
  run.bind("w", w.any());
  std::vector<std::thread> callers;
  std::atomic<int> right{0};
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([copy = run, c, &right]() mutable {
      for (int i = 0; i < 50; ++i) {
        const Rows x = counting(10 + c);
        const Rows o = Rows::from(copy.run({&x.view(), 1})[0]);
        right += o(9 + c, 0) == x(9 + c, 0) + 10;
      }
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(right, 200);
}

TEST(Runner, aCopySharesCodeAndParametersOnly) {
  Runner run(addRow(), 1);
  run.bind("w", Array<f32, Depth>{1, 2, 3}.any());  // the runner keeps it alive
  Runner copy = run;
  copy.bind("w", Array<f32, Depth>{0, 0, 0}.any());
  const Rows x = counting(1);
  EXPECT_EQ(Rows::from(run.run({&x.view(), 1})[0])(0, 2), 5);
  EXPECT_EQ(Rows::from(copy.run({&x.view(), 1})[0])(0, 2), 2);
  EXPECT_EQ(run.shared(), copy.shared());
}

TEST(Runner, aFailedCallLeavesItUsable) {
  Runner run(addRow(), 1);
  run.bind("w", w.any());
  EXPECT_NE(errorOf([&] { run.run({}); }), "");
  EXPECT_EQ(Rows::from(run.run({&counting(2).view(), 1})[0])(1, 0), 13);
}

TEST(Runner, parametersMayHaveTheirAxesInAnyOrder) {
  auto executable = std::make_shared<Executable>();
  executable->signature.parameters = {{"m", DType::f32, {axisSpec<Heads>(), axisSpec<Depth>()}}};
  executable->signature.results = {{"first", DType::f32, {axisSpec<Depth>()}}};
  executable->call = [](Session&, void** a) {
    const auto& m = *static_cast<abi::Descriptor<2>*>(a[0]);
    for (int d = 0; d < 3; ++d)
      static_cast<float*>(static_cast<abi::Descriptor<1>*>(a[1])->aligned)[d] = static_cast<float*>(m.aligned)[d];
  };
  Runner run(executable);
  const Array<f32, Depth, Heads> m{1, 2, 3, 4, 5, 6};
  run.bind("m", m.any(), Array<f32, Depth, Heads>::axisSpecs());
  EXPECT_EQ((Array<f32, Depth>::from(run.run(std::span<const ArrayView>())[0])(2)), 5);
  EXPECT_EQ(errorOf([&] { run.bind("m", m.any(), Array<f32, Depth, Seq>::axisSpecs()); }),
            "parameter m: an array without axis heads; m: f32[heads 2, depth 3] is required; rename its axes");
}

TEST(Runner, touchesNothingOutsideOfItsArrays) {
  Runner run(addRow(), 2);
  run.bind("w", guarded(w).any());
  for (Against against : {Against::low, Against::high}) {
    const Rows x = guarded(counting(5), against, Access::read);
    Rows o = guarded(Rows(5), against);
    Array<f32, Seq> sum = guarded(Array<f32, Seq>(5), against);
    const ArrayView results[] = {o.view(), sum.view()};
    run.run({&x.view(), 1}, results);
    EXPECT_EQ(o(4, 2), 44);
  }
}

TEST(Runner, needsSomethingToRun) {
  EXPECT_EQ(errorOf([] { Runner run(nullptr); }),
            "kernel: nothing to run; an executable with code is required; make one with compile()");
}

}  // namespace
}  // namespace heed::testing
