// append: where the tokens go, and what is refused.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

const std::string types = R"(
  !state = tensor<2x4xf32, #heed.axes<row, key>>
  !x = tensor<2x2xf32, #heed.axes<token, row>>
  !past = tensor<2xi32, #heed.axes<row>>
)";

std::string append(const std::string& attributes = "tokens = \"token\", memory = \"key\"",
                   const std::string& x = "!x") {
  return types + "func.func @f(%s: !state, %x: " + x + ", %p: !past) -> !state {\n  %r = heed.append %s, %x, %p {" +
         attributes + "} : (!state, " + x + ", !past) -> !state\n  return %r : !state\n}";
}

TEST(Append, WritesBehindThePastOfEachRow) {
  Text program(append());
  ASSERT_TRUE(program.valid()) << program.errors();
  auto arguments = program.randomArguments({});
  arguments[2].data = {2, 0};
  const auto &state = arguments[0].data, &x = arguments[1].data;  // x[token][row]
  std::vector<double> want{state[0], state[1], x[0], x[2], x[1], x[3], state[6], state[7]};
  EXPECT_EQ(program.run(arguments).at(0).data, want);
}

TEST(Append, LeavesARowWithoutRoomAsItIs) {
  Text program(append());
  auto arguments = program.randomArguments({});
  arguments[2].data = {3, 9};
  EXPECT_EQ(program.run(arguments).at(0).data, arguments[0].data);
}

// What is before position 0 is padding; all of it, where the past is long before.
TEST(Append, LeavesOutPaddingOnTheLeft) {
  Text program(append());
  auto arguments = program.randomArguments({});
  arguments[2].data = {-1, -5};
  auto want = arguments[0].data;
  want[0] = arguments[1].data[2];  // [row 0, key 0] = [token 1, row 0]
  EXPECT_EQ(program.run(arguments).at(0).data, want);
}

TEST(Append, SaysWhatIsWrong) {
  auto errorOf = [](const std::string& text) { return Text(text).errors(); };
  EXPECT_NE(errorOf(append("tokens = \"token\", memory = \"keys\"")).find("not keys"), std::string::npos);
  EXPECT_NE(errorOf(append("tokens = \"t\", memory = \"key\"")).find("not t"), std::string::npos);
  EXPECT_NE(errorOf(append("tokens = \"token\", memory = \"key\"", "tensor<2x3xf32, #heed.axes<token, row>>"))
                .find("it needs row (2) of the state"),
            std::string::npos);
  std::string twice = types + R"(func.func @f(%s: !state, %x: !x, %p: !past) -> (!state, !state) {
    %r = heed.append %s, %x, %p {tokens = "token", memory = "key"} : (!state, !x, !past) -> !state
    return %r, %s : !state, !state
  })";
  EXPECT_NE(errorOf(twice).find("an argument that nothing else uses"), std::string::npos);
}

}  // namespace
}  // namespace heed::ir::test
