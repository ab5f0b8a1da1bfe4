// Kernels: arrays in, arrays out, axes checked by the C++ compiler.
#include "heed/driver/kernel.h"

#include <gtest/gtest.h>

#include <thread>

#include "allocations.h"
#include "stand_in.h"

namespace heed::testing {
namespace {

template <class D, class... A>
struct Tensor {};  // as the language's

using X = Tensor<f32, Seq, Depth>;
using AddRow = Kernel<std::tuple<X, Tensor<f32, Seq>>(X)>;
const Array<f32, Seq, Depth> x{1, 2, 3, 4, 5, 6};

AddRow kernel(int threads = 1) {
  AddRow run(addRow(), threads);
  run.bind("w", Array<f32, Depth>{10, 20, 30});
  return run;
}

TEST(Kernel, givesATupleOfSeveralResults) {
  auto run = kernel();
  auto [o, sum] = run(x);
  static_assert(std::is_same_v<decltype(o), Array<f32, Seq, Depth>>);
  static_assert(std::is_same_v<decltype(sum), Array<f32, Seq>>);
  EXPECT_EQ(o(1, 2), 36);
  EXPECT_EQ(sum(1), 75);
}

TEST(Kernel, givesOneResultAsAnArray) {
  auto executable = std::make_shared<Executable>();
  executable->signature = {{rows("x")}, {}, {rows("o")}};
  executable->call = [](Session&, void** a) {
    const auto &in = *static_cast<abi::Descriptor<2>*>(a[0]), &out = *static_cast<abi::Descriptor<2>*>(a[1]);
    std::copy_n(static_cast<float*>(in.aligned), in.sizes[0] * 3, static_cast<float*>(out.aligned));
  };
  Kernel<X(X)> run(executable);
  Array<f32, Seq, Depth> o = run(x);
  EXPECT_TRUE(std::ranges::equal(o.span(), x.span()));
  o.fill(0);
  run.into(o, x);
  EXPECT_EQ(o(1, 1), 5);
}

TEST(Kernel, thatWasMovedFromSaysSo) {
  auto run = kernel();
  auto other = std::move(run);
  EXPECT_EQ(std::get<0>(other(x))(1, 2), 36);
  const auto refused = [](auto call) {
    try {
      call();
      ADD_FAILURE() << "nothing thrown";
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(),
                   "kernel: it was moved to another; a kernel that holds code is required; call the one it was "
                   "moved to, or copy it");
    }
  };
  Array<f32, Seq, Depth> o(2);
  Array<f32, Seq> sum(2);
  refused([&] { run(x); });
  refused([&] { run.into(std::tie(o, sum), x); });
  refused([&] { run.bind("w", Array<f32, Depth>{1, 2, 3}); });
  refused([&] { run.begin({}); });
  refused([&] { run.past(); });
  refused([&] { run.explanation(); });
  refused([&] { AddRow copy = run; });
  run.cancel();
  run = other;
  EXPECT_EQ(std::get<0>(run(x))(1, 2), 36);
}

TEST(Kernel, writesIntoTheCallersArraysWithoutAllocating) {
  auto run = kernel(2);
  Array<f32, Seq, Depth> o(2);
  Array<f32, Seq> sum(2);
  run.into(std::tie(o, sum), x);
  const auto before = allocations();
  run.into(std::tie(o, sum), x);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(sum(0), 66);
}

TEST(Kernel, axisOrderIsLayoutNotMeaning) {
  auto run = kernel();
  const Array<f32, Depth, Seq> columns = x.reordered<Depth, Seq>().copy();
  Array<f32, Depth, Seq> o(2);
  Array<f32, Seq> sum;
  std::tie(std::ignore, sum) = run(columns);
  EXPECT_EQ(sum(1), 75);
  run.into(std::tie(o, sum), columns);
  EXPECT_EQ(o(2, 1), 36);
  EXPECT_EQ(run.runner().arguments().packed(), 3);  // columns twice, o once: no innermost stride of 1
}

TEST(Kernel, takesReadOnlyMemory) {
  const std::vector<float> memory{1, 2, 3};
  auto run = kernel();
  EXPECT_EQ(std::get<0>(run(Array<const f32, Seq, Depth>::borrow(memory.data(), {1})))(0, 0), 11);
}

TEST(Kernel, aWrongExtentIsNamed) {
  auto run = kernel();
  Array<f32, Seq, Depth> o(2);
  Array<f32, Seq> sum(5);
  EXPECT_EQ(
      errorOf([&] { run.into(std::tie(o, sum), x); }),
      "extent mismatch on axis seq: x has 2, sum has 5; one axis has one extent in a call; check the shapes of x and "
      "sum");
}

TEST(Kernel, parametersAreBoundByName) {
  AddRow run(addRow());
  EXPECT_EQ(errorOf([&] { run(x); }), "parameters: missing: w; all must be bound before a call; bind(name, array)");
  EXPECT_EQ(errorOf([&] { run.bind("bias", Array<f32, Depth>()); }),
            "parameters: unknown: bias; the graph has w; check the spelling");
  EXPECT_EQ(errorOf([&] { run.bind("w", Array<f32, Seq>(3)); }),
            "parameter w: an array without axis depth; w: f32[depth 3] is required; rename its axes");
}

TEST(Kernel, aCopyRunsBesideTheOriginal) {
  auto run = kernel(2);
  auto copy = run;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(std::get<1>(copy(x))(0), 66);
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(std::get<1>(run(x))(0), 66);
  other.join();
  EXPECT_EQ(&run.executable(), &copy.executable());
}

TEST(Kernel, anExecutableOfAnotherSignatureIsRefused) {
  EXPECT_EQ(errorOf([] { Kernel<X(X)> run(addRow()); }),
            "kernel: the executable has 2 results; the type of the kernel has 1; use the signature it was traced with");
}

TEST(Kernel, tellsWhatIsKnownOfIt) {
  auto run = kernel(2);
  EXPECT_EQ(run.explanation(), "one kernel");
  EXPECT_EQ(run.runner().session().threads(), 2);
}

}  // namespace
}  // namespace heed::testing
