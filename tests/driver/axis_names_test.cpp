// Axes that have the names of heed's own types, in the user's namespace and, written with ::, outside of it.
#include <gtest/gtest.h>

#include "heed/heed.h"

using namespace heed;

namespace mine {

struct Device : axis<"device"> {};
struct Error : axis<"error"> {};
struct Extent : axis<"extent"> {};
struct Job : axis<"job"> {};
struct Kernel : axis<"kernel"> {};
struct Memory : axis<"memory"> {};
struct Options : axis<"options"> {};
struct Repeat : axis<"repeat"> {};
struct Session : axis<"session"> {};
struct Signature : axis<"signature"> {};
struct State : axis<"state"> {};
struct Target : axis<"target"> {};
struct Tokens : axis<"tokens", 2> {};
struct Weights : axis<"weights"> {};

constexpr auto total(Tensor<f32, Device, Error, Extent, Job> a, Tensor<f32, Kernel, Memory, Options, Repeat> b,
                     Tensor<f32, Session, Signature, State, Weights> c) {
  return sum<Device, Error, Extent, Job>(a) + sum<Kernel, Memory, Options, Repeat>(b) +
         sum<Session, Signature, State, Weights>(c);
}
static_assert(trace<total>("a", "b", "c").count(op::sum) == 3);

constexpr auto rows(Tensor<f32, Target, Tokens> x) { return softmax<Tokens>(x) * Tokens::size + index<Target>(); }

TEST(AxisNames, ofTypesOfHeedAreTheUsersInHisNamespace) {
  constexpr auto graph = trace<rows>("x");
  auto run = jit(graph);
  const Array<f32, Target, Tokens> y = run(Array<f32, Target, Tokens>(3));
  EXPECT_EQ(y.extent<Target>(), 3);
  EXPECT_EQ(y(2, 1), 3);
}

}  // namespace mine

struct Target : axis<"goal"> {};

constexpr auto twice(Tensor<f32, ::Target> x) { return 2 * x; }

TEST(AxisNames, ofTypesOfHeedAreWrittenInFullOutside) {
  constexpr auto graph = trace<twice>("x");
  auto run = jit(graph);
  EXPECT_EQ((run(Array<f32, ::Target>{1, 2})(1)), 4);
}
