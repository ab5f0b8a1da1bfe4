// heed.attention means what the same formula means written out in other ops; and its own laws.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

const std::string types = R"(
  !q = tensor<2x?x8xf32, #heed.axes<heads, seq:T, depth>>
  !k = tensor<2x?x8xf32, #heed.axes<heads, key:K, depth>>
  !v = tensor<2x?x5xf32, #heed.axes<heads, key:K, value>>
  !o = tensor<2x?x5xf32, #heed.axes<heads, seq:T, value>>
  !s = tensor<2x?x?xf32, #heed.axes<heads, seq:T, key:K>>
  !r = tensor<2x?xf32, #heed.axes<heads, seq:T>>
  !n = tensor<2xi32, #heed.axes<heads>>
)";

const std::string fused = types + R"(
  func.func @f(%q: !q, %k: !k, %v: !v, %n: !n) -> (!o, !r) {
    %o, %l = heed.attention row("seq") key("key") similar(%q, %k : !q, !k) captures(%n : !n) value(%v : !v)
        {similarity = array<i64: 0, 0>, contracted = [["depth"]]} -> !o, !r
      bodies {
      ^bb0(%a: f32, %b: f32):
        %x = heed.mul %a, %b : (f32, f32) -> f32
        heed.yield %x : f32
      } post {
      ^bb0(%s: f32, %m: i32):
        %i = heed.index "seq" : i32
        %j = heed.index "key" : i32
        %d = heed.sub %j, %i : (i32, i32) -> i32
        %f = heed.cast %d : (i32) -> f32
        %c = heed.constant 2.5e-01 : f32 : f32
        %x = heed.mul %f, %c : (f32, f32) -> f32
        %y = heed.add %s, %x : (f32, f32) -> f32
        heed.yield %y : f32
      } keep {
      ^bb0(%m: i32):
        %j = heed.index "key" : i32
        %x = heed.lt %j, %m : (i32, i32) -> i1
        heed.yield %x : i1
      }
    return %o, %l : !o, !r
  })";

const std::string composed = types + R"(
  !i = tensor<?xi32, #heed.axes<seq:T>>
  !j = tensor<?xi32, #heed.axes<key:K>>
  !ij = tensor<?x?xi32, #heed.axes<seq:T, key:K>>
  !fij = tensor<?x?xf32, #heed.axes<seq:T, key:K>>
  !m = tensor<2x?xi1, #heed.axes<heads, key:K>>
  func.func @f(%q: !q, %k: !k, %v: !v, %n: !n) -> (!o, !r) {
    %s = heed.contract %q, %k {axes = ["depth"]} : (!q, !k) -> !s
    %i = heed.index "seq" : !i
    %j = heed.index "key" : !j
    %d = heed.sub %j, %i : (!j, !i) -> !ij
    %f = heed.cast %d : (!ij) -> !fij
    %c = heed.constant 2.5e-01 : f32 : tensor<f32>
    %x = heed.mul %f, %c : (!fij, tensor<f32>) -> !fij
    %y = heed.add %s, %x : (!s, !fij) -> !s
    %m = heed.lt %j, %n : (!j, !n) -> !m
    %z = heed.constant 0xFF800000 : f32 : tensor<f32>
    %w = heed.where %m, %y, %z : (!m, !s, tensor<f32>) -> !s
    %p = heed.softmax %w {axis = "key"} : (!s) -> !s
    %o = heed.contract %p, %v {axes = ["key"]} : (!s, !v) -> !o
    %l = heed.logsumexp %w {axis = "key"} : (!s) -> !r
    return %o, %l : !o, !r
  })";

TEST(Attention, IsItsFormula) {
  Text one(fused), many(composed);
  ASSERT_TRUE(one.valid()) << one.errors();
  ASSERT_TRUE(many.valid()) << many.errors();
  for (auto [t, k] : {std::pair(4, 6), std::pair(1, 1), std::pair(7, 0), std::pair(0, 3)}) {
    auto arguments = one.randomArguments({{"T", t}, {"K", k}});
    arguments[3].data = {0, 4};  // the first head sees no key
    auto got = one.run(arguments), want = many.run(arguments);
    ASSERT_EQ(got.size(), 2u) << one.errors();
    ASSERT_EQ(want.size(), 2u) << many.errors();
    EXPECT_LT(distance(got[0], want[0]), 1e-12) << t << " x " << k;
    EXPECT_LT(distance(got[1], want[1]), 1e-12) << t << " x " << k;
  }
}

TEST(Attention, AHiddenKeyContributesNothingWhateverItHolds) {
  Text one(fused);
  auto arguments = one.randomArguments({{"T", 3}, {"K", 6}});
  arguments[3].data = {0, 4};
  auto clean = one.run(arguments);
  for (int d = 0; d < 5; ++d) arguments[2].data[(6 + 5) * 5 + d] = NAN;
  for (int d = 0; d < 8; ++d) arguments[1].data[(6 + 5) * 8 + d] = INFINITY;
  auto dirty = one.run(arguments);
  EXPECT_EQ(distance(clean.at(0), dirty.at(0)), 0);
  EXPECT_EQ(clean.at(0).data[0], 0) << "no visible key";
  EXPECT_EQ(clean.at(1).data[0], -INFINITY);
}

const std::string additive = types + R"(
  !w = tensor<8xf32, #heed.axes<depth>>
  func.func @f(%q: !q, %k: !k, %v: !v, %w: !w, %m: !r, %l: !r, %o: !o) -> (!o, !r) {
    %0, %1 = heed.attention row("seq") key("key") similar(%q, %k, %w : !q, !k, !w) value(%v : !v) INITIAL
        {similarity = array<i64: 0, 0, 0>, contracted = [["depth"]]} -> !o, !r
      bodies {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %x = heed.add %a, %b : (f32, f32) -> f32
        %y = heed.tanh %x : (f32) -> f32
        %z = heed.mul %y, %c : (f32, f32) -> f32
        heed.yield %z : f32
      } post {
      ^bb0(%s: f32):
        heed.yield %s : f32
      }
    return %0, %1 : !o, !r
  })";

std::string with(std::string text, const std::string& initial) {
  return text.replace(text.find("INITIAL"), 7, initial);
}

/// The first or the last `count` keys.
Reference keys(const Reference& x, int64_t from, int64_t count) {
  Reference part({"heads", "key", x.axes[2]}, {2, count, x.extents[2]});
  for (int64_t h = 0; h < 2; ++h)
    std::copy_n(x.data.begin() + (h * x.extents[1] + from) * x.extents[2], count * x.extents[2],
                part.data.begin() + h * count * x.extents[2]);
  return part;
}

TEST(Attention, FromAnInitialStateGoesOnWhereTheOtherStopped) {
  Text whole(with(additive, "")), rest(with(additive, "initial(%m, %l, %o : !r, !r, !o)"));
  ASSERT_TRUE(whole.valid()) << whole.errors();
  ASSERT_TRUE(rest.valid()) << rest.errors();
  auto arguments = whole.randomArguments({{"T", 3}, {"K", 10}});
  auto all = whole.run(arguments);
  auto head = arguments, tail = arguments;
  for (int i : {1, 2}) {
    head[i] = keys(arguments[i], 0, 4);
    tail[i] = keys(arguments[i], 4, 6);
  }
  auto first = whole.run(head);
  ASSERT_EQ(first.size(), 2u) << whole.errors();
  // m = lse, l = 1, o = out is one of the states that mean the same.
  tail[4] = first[1];
  tail[5] = Reference(first[1].axes, first[1].extents, 1);
  tail[6] = first[0];
  auto second = rest.run(tail);
  ASSERT_EQ(second.size(), 2u) << rest.errors();
  EXPECT_LT(distance(second[0], all.at(0)), 1e-12);
  EXPECT_LT(distance(second[1], all.at(1)), 1e-12);
}

TEST(Attention, WeighChangesWeightsAfterTheyAreNormalised) {
  std::string text = with(additive, "");
  size_t end = text.find("    return");
  Text plain(text), doubled(text.substr(0, end) + R"( weigh {
      ^bb0(%p: f32):
        %two = heed.constant 2.0 : f32 : f32
        %x = heed.mul %p, %two : (f32, f32) -> f32
        heed.yield %x : f32
      }
)" + text.substr(end));
  ASSERT_TRUE(doubled.valid()) << doubled.errors();
  auto arguments = plain.randomArguments({{"T", 3}, {"K", 4}});
  auto x = plain.run(arguments), y = doubled.run(arguments);
  for (double& value : x.at(0).data) value *= 2;
  EXPECT_LT(distance(x[0], y.at(0)), 1e-12);
  EXPECT_EQ(distance(x[1], y.at(1)), 0);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Attention, SaysWhatIsWrong) {
  auto errors = [](const std::string& text) {
    Text program(text);
    EXPECT_FALSE(program.valid());
    return program.errors();
  };
  auto says = [](const std::string& errors, const char* what) { return errors.find(what) != std::string::npos; };
  std::string e = errors(replaced(fused, "row(\"seq\")", "row(\"sequence\")"));
  EXPECT_TRUE(says(e, "the row axis sequence is none of the scores' axes [heads (2), seq (T), key (K)]")) << e;
  e = errors(replaced(fused, "[[\"depth\"]]", "[[\"width\"]]"));
  EXPECT_TRUE(says(e, "width")) << e;
  e = errors(replaced(fused, "value(%v : !v)", "value(%q : !q)"));
  EXPECT_TRUE(says(e, "it must have the key axis key and not the row axis seq")) << e;
  e = errors(replaced(fused, "^bb0(%m: i32):", "^bb0(%m: i32, %z: i32):"));
  EXPECT_TRUE(says(e, "region keep must be one block that takes ('i32')")) << e;
  e = errors(replaced(fused, "heed.index \"key\" : i32\n        %x", "heed.index \"depth\" : i32\n        %x"));
  EXPECT_TRUE(says(e, "axis depth is none of the scores' axes")) << e;
}

}  // namespace
}  // namespace heed::ir::test
