#include "samples.h"

#include "../ir/program.h"

namespace heed::ir::test {
namespace {

const std::string types = R"(
  !ab = tensor<?x5xf32, #heed.axes<a:A, b>>
  !ba = tensor<5x?xf32, #heed.axes<b, a:A>>
  !a = tensor<?xf32, #heed.axes<a:A>>
  !b = tensor<5xf32, #heed.axes<b>>
  !abc = tensor<?x5x?xf32, #heed.axes<a:A, b, c:B>>
  !ac = tensor<?x?xf32, #heed.axes<a:A, c:B>>
  !c = tensor<?xf32, #heed.axes<c:B>>
  !cb = tensor<?x5xf32, #heed.axes<c:B, b>>
  !ia = tensor<?xi32, #heed.axes<a:A>>
  !0 = tensor<f32>
)";

/// %x: !ab, %y: !b, %z: !ac, %i: !ia are there; %r is the result.
Sample sample(std::string name, const std::string& result, const std::string& body, double tolerance = 4e-6) {
  return {std::move(name),
          types + "func.func @f(%x: !ab, %y: !b, %z: !ac, %i: !ia, %k: !0) -> " + result + " {\n" + body +
              "\nreturn %r : " + result + "\n}",
          tolerance};
}

/// The first typing and arity that the op accepts, on operands of different axes.
Sample pointwise(const std::string& word) {
  for (std::string element : {"f32", "i1", "i32"})
    for (std::string out : {"f32", "i1", "i32"})
      for (int arity = 1; arity <= 3; ++arity) {
        std::string first = "tensor<?x5x" + (arity == 3 ? "i1" : element) + ", #heed.axes<a:A, b>>";
        std::string second = "tensor<5x" + element + ", #heed.axes<b>>",
                    third = "tensor<?x" + element + ", #heed.axes<a:A>>";
        std::string result = "tensor<?x5x" + out + ", #heed.axes<a:A, b>>";
        std::string operands[] = {"%p", "%p, %q", "%p, %q, %s"};
        std::string kinds[] = {first, first + ", " + second, first + ", " + second + ", " + third};
        std::string text = "func.func @f(%p: " + first + ", %q: " + second + ", %s: " + third + ") -> " + result +
                           " { %r = heed." + word + " " + operands[arity - 1] + " : (" + kinds[arity - 1] + ") -> " +
                           result + " return %r : " + result + " }";
        if (Text(text).valid()) return {word, text};
      }
  return {word, ""};
}

/// A norm of z squared along `axis`, with its scale and what it norms as results.
Sample norm(const std::string& axis, const std::string& rest) {
  std::string text = types + R"(
    func.func @f(%z: !ac, %v: !c) -> (!ac, REST, !ac) {
    %k = heed.constant 1.0 : f32 : !0
    %r:3 = heed.rows "AXIS" -> !ac, REST, !ac {
      %t = heed.mul %z, %z : (!ac, !ac) -> !ac
      %m = heed.mean %t {axes = ["AXIS"]} : (!ac) -> REST
      %d = heed.sub %t, %m : (!ac, REST) -> !ac
      %q = heed.mul %d, %d : (!ac, !ac) -> !ac
      %s = heed.sum %q {axes = ["AXIS"]} : (!ac) -> REST
      %e = heed.add %s, %k : (REST, !0) -> REST
      %o = heed.rsqrt %e : (REST) -> REST
      %y = heed.mul %d, %o : (!ac, REST) -> !ac
      %w = heed.mul %y, %v : (!ac, !c) -> !ac
      heed.yield %w, %o, %t : !ac, REST, !ac
    }
    return %r#0, %r#1, %r#2 : !ac, REST, !ac
  })";
  for (auto [from, to] : {std::pair{"AXIS", axis}, std::pair{"REST", rest}})
    for (size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, 4, to);
  return {"rows_along_" + axis, text, 2e-5};
}

const char* const attention = R"(
  !q = tensor<2x?x8xf32, #heed.axes<heads, seq:A, depth>>
  !k = tensor<2x?x8xf32, #heed.axes<heads, key:B, depth>>
  !v = tensor<2x?x5xf32, #heed.axes<heads, key:B, value>>
  !o = tensor<?x2x5xf32, #heed.axes<seq:A, heads, value>>
  !r = tensor<2x?xf32, #heed.axes<heads, seq:A>>
  !n = tensor<2xi32, #heed.axes<heads>>
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

}  // namespace

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const std::string& word : words(true)) all.push_back(pointwise(word));

  all.push_back(sample("constant", "!0", "%r = heed.constant 1.5 : f32 : !0"));
  all.push_back(sample("index", "tensor<?xi32, #heed.axes<a:A>>", R"(
    %j = heed.index "a" : !ia
    %r = heed.mul %j, %i : (!ia, !ia) -> !ia)"));
  all.push_back(sample("cast", "!ia", R"(
    %c = heed.constant 1.0e9 : f32 : !0
    %s = heed.sum %x {axes = ["b"]} : (!ab) -> !a
    %m = heed.mul %s, %c : (!a, !0) -> !a
    %r = heed.cast %m : (!a) -> !ia)"));
  all.push_back(sample("integers", "!ia", R"(
    %j = heed.index "a" : !ia
    %q = heed.div %j, %i : (!ia, !ia) -> !ia
    %m = heed.rem %j, %i : (!ia, !ia) -> !ia
    %n = heed.neg %m : (!ia) -> !ia
    %r = heed.add %q, %n : (!ia, !ia) -> !ia)"));
  all.push_back(sample("contract", "!cb", "%r = heed.contract %z, %x {axes = [\"a\"]} : (!ac, !ab) -> !cb"));
  all.push_back(sample("contract_batch", "!abc", "%r = heed.contract %x, %z {axes = []} : (!ab, !ac) -> !abc"));
  all.push_back(sample("contract_all", "!0", "%r = heed.contract %x, %x {axes = [\"a\", \"b\"]} : (!ab, !ab) -> !0"));
  all.push_back(sample("contract_integers", "tensor<i32>",
                       "%r = heed.contract %i, %i {axes = [\"a\"]} : (!ia, !ia) -> tensor<i32>"));
  // Bias, a gate, the position, a permutation: and the sums used twice.
  all.push_back(sample("epilogue", "!cb", R"(
    %h = heed.constant 0.5 : f32 : !0
    %w = heed.rename %z {from = "a", to = "n"} : (!ac) -> tensor<?x?xf32, #heed.axes<n:A, c:B>>
    %v = heed.rename %x {from = "a", to = "n"} : (!ab) -> tensor<?x5xf32, #heed.axes<n:A, b>>
    %g = heed.contract %w, %v {axes = ["n"]} : (tensor<?x?xf32, #heed.axes<n:A, c:B>>, tensor<?x5xf32, #heed.axes<n:A, b>>) -> !cb
    %j = heed.index "b" : tensor<5xi32, #heed.axes<b>>
    %f = heed.cast %j : (tensor<5xi32, #heed.axes<b>>) -> !b
    %r = heed.epilogue -> !cb {
      %s = heed.contract %x, %z {axes = ["a"]} : (!ab, !ac) -> tensor<5x?xf32, #heed.axes<b, c:B>>
      %p = heed.permute %s : (tensor<5x?xf32, #heed.axes<b, c:B>>) -> !cb
      %1 = heed.add %p, %y : (!cb, !b) -> !cb
      %2 = heed.mul %1, %h : (!cb, !0) -> !cb
      %3 = heed.tanh %2 : (!cb) -> !cb
      %4 = heed.mul %3, %1 : (!cb, !cb) -> !cb
      %5 = heed.mul %4, %g : (!cb, !cb) -> !cb
      %6 = heed.add %5, %f : (!cb, !b) -> !cb
      heed.yield %6 : !cb
    })"));
  all.push_back(sample("epilogue_of_a_row", "!a", R"(
    %r = heed.epilogue -> !a {
      %s = heed.contract %x, %y {axes = ["b"]} : (!ab, !b) -> !a
      %e = heed.exp %s : (!a) -> !a
      heed.yield %e : !a
    })"));
  // Two operands of other ranks, and epilogues that read the first product; one weight on the left.
  all.push_back({"products", types + R"(
    !n = tensor<70x5xf32, #heed.axes<n, b>>
    !q = tensor<?x3x5xf32, #heed.axes<c:B, m, b>>
    !an = tensor<?x70xf32, #heed.axes<a:A, n>>
    !acm = tensor<?x?x3xf32, #heed.axes<a:A, c:B, m>>
    func.func @f(%x: !ab, %u: !n, %v: !n, %w: !n, %q: !q) -> (!an, !acm, !an) {
    %r:3 = heed.products -> !an, !acm, !an {
      %1 = heed.contract %x, %u {axes = ["b"]} : (!ab, !n) -> !an
      %2 = heed.epilogue -> !an {
        %s = heed.contract %v, %x {axes = ["b"]} : (!n, !ab) -> !an
        %t = heed.tanh %s : (!an) -> !an
        %e = heed.mul %t, %1 : (!an, !an) -> !an
        heed.yield %e : !an
      }
      %3 = heed.contract %x, %q {axes = ["b"]} : (!ab, !q) -> !acm
      %4 = heed.epilogue -> !an {
        %s = heed.contract %x, %w {axes = ["b"]} : (!ab, !n) -> !an
        %e = heed.add %s, %1 : (!an, !an) -> !an
        heed.yield %e : !an
      }
      heed.yield %2, %3, %4 : !an, !acm, !an
    }
    return %r#0, %r#1, %r#2 : !an, !acm, !an
  })"});
  all.push_back(sample("softmax", "!ba", "%r = heed.softmax %x {axis = \"a\"} : (!ab) -> !ba"));
  all.push_back(sample("softmax_inner", "!ab", "%r = heed.softmax %x {axis = \"b\"} : (!ab) -> !ab"));
  all.push_back(sample("softmax_masked", "!ab", R"(
    %o = heed.constant 0.3 : f32 : !0
    %m = heed.lt %x, %o : (!ab, !0) -> tensor<?x5xi1, #heed.axes<a:A, b>>
    %n = heed.constant 0xFF800000 : f32 : !0
    %w = heed.where %m, %n, %x : (tensor<?x5xi1, #heed.axes<a:A, b>>, !0, !ab) -> !ab
    %r = heed.softmax %w {axis = "b"} : (!ab) -> !ab)"));
  all.push_back(sample("logsumexp", "!b", "%r = heed.logsumexp %x {axis = \"a\"} : (!ab) -> !b"));
  for (std::string word : {"sum", "mean", "amax", "amin"}) {
    all.push_back(sample(word, "!b", "%r = heed." + word + " %x {axes = [\"a\"]} : (!ab) -> !b"));
    all.push_back(sample(word + "_all", "!0", "%r = heed." + word + " %x {axes = [\"a\", \"b\"]} : (!ab) -> !0"));
  }
  all.push_back(sample("sum_of_squares", "!a", R"(
    %q = heed.mul %x, %x : (!ab, !ab) -> !ab
    %r = heed.sum %q {axes = ["b"]} : (!ab) -> !a)"));
  all.push_back(sample("sum_along", "!a", R"(
    %w = heed.along %x {axis = "c"} : (!ab) -> !abc
    %r = heed.sum %w {axes = ["b", "c"]} : (!abc) -> !a)"));
  all.push_back(norm("a", "!c"));
  all.push_back(norm("c", "!a"));
  all.push_back(sample("rows_of_positions", "!0", R"(
    %j = heed.index "a" : !ia
    %f = heed.cast %j : (!ia) -> !a
    %r = heed.sum %f {axes = ["a"]} : (!a) -> !0)"));
  all.push_back(
      sample("rename", "tensor<?x5xf32, #heed.axes<n:A, b>>",
             "%r = heed.rename %x {from = \"a\", to = \"n\"} : (!ab) -> tensor<?x5xf32, #heed.axes<n:A, b>>"));
  all.push_back(sample("permute", "!ba", "%r = heed.permute %x : (!ab) -> !ba"));
  all.push_back(sample("along", "!abc", "%r = heed.along %x {axis = \"c\"} : (!ab) -> !abc"));
  all.push_back(sample("split_merge", "tensor<10x?xf32, #heed.axes<m, a:A>>", R"(
    %t = heed.add %x, %x : (!ab, !ab) -> !ab
    %w = heed.along %t {axis = "n"} : (!ab) -> tensor<?x5x2xf32, #heed.axes<a:A, b, n>>
    %m = heed.merge %w {parts = ["b", "n"], axis = "m"} : (tensor<?x5x2xf32, #heed.axes<a:A, b, n>>) -> tensor<?x10xf32, #heed.axes<a:A, m>>
    %s = heed.split %m {axis = "m", parts = ["n", "b"]} : (tensor<?x10xf32, #heed.axes<a:A, m>>) -> tensor<?x2x5xf32, #heed.axes<a:A, n, b>>
    %r = heed.merge %s {parts = ["b", "n"], axis = "m"} : (tensor<?x2x5xf32, #heed.axes<a:A, n, b>>) -> tensor<10x?xf32, #heed.axes<m, a:A>>)"));
  all.push_back(sample("merge_symbols", "tensor<?x5xf32, #heed.axes<ac:AC, b>>", R"(
    %w = heed.along %x {axis = "c"} : (!ab) -> !abc
    %r = heed.merge %w {parts = ["a", "c"], axis = "ac"} : (!abc) -> tensor<?x5xf32, #heed.axes<ac:AC, b>>)"));
  all.push_back(sample("take", "tensor<?x?xf32, #heed.axes<a:A, c:B>>", R"(
    %t = heed.rename %z {from = "a", to = "v"} : (!ac) -> tensor<?x?xf32, #heed.axes<v:A, c:B>>
    %r = heed.take %t, %i {axis = "v"} : (tensor<?x?xf32, #heed.axes<v:A, c:B>>, !ia) -> !ac)"));
  // One row of a static axis is a view; the innermost axis, or a row that is not there, is not.
  for (auto [name, row] : {std::pair("take_one", "2"), std::pair("take_none", "-1")})
    all.push_back(sample(name, "!ac", std::string(R"(
    %w = heed.along %x {axis = "c"} : (!ab) -> !abc
    %t = heed.exp %w : (!abc) -> !abc
    %n = heed.constant )") + row + R"( : i32 : tensor<i32>
    %r = heed.take %t, %n {axis = "b"} : (!abc, tensor<i32>) -> !ac)"));
  all.push_back(sample("take_positions", "!a", R"(
    %j = heed.index "a" : !ia
    %r = heed.take %y, %j {axis = "b"} : (!b, !ia) -> !a)"));
  all.push_back(sample("take_innermost", "!a", R"(
    %n = heed.constant 4 : i32 : tensor<i32>
    %r = heed.take %x, %n {axis = "b"} : (!ab, tensor<i32>) -> !a)"));
  all.push_back(sample("repeat", "!ab", R"(
    %r, %s = heed.repeat 3 carries(%x, %y : !ab, !b) parameters(%y, %y, %y : !b, !b, !b) -> (!ab, !b) {
    ^bb0(%c: !ab, %d: !b, %w: !b):
      %1 = heed.mul %c, %w : (!ab, !b) -> !ab
      %2 = heed.tanh %1 : (!ab) -> !ab
      %3 = heed.add %2, %d : (!ab, !b) -> !ab
      heed.yield %3, %w : !ab, !b
    })"));
  // Parameters that are arguments of the function: one body in a loop. One carry is left alone, one is replaced, and
  // what the body takes from above is computed once.
  all.push_back({"repeat_loop", types + R"(
    func.func @f(%x: !ab, %y: !b, %w0: !b, %w1: !b, %w2: !b, %v0: !b, %v1: !b, %v2: !b) -> (!ab, !b, !b) {
    %n = heed.constant 0.5 : f32 : !0
    %u = heed.exp %y : (!b) -> !b
    %x2 = heed.mul %x, %x : (!ab, !ab) -> !ab
    %r, %s, %t = heed.repeat 3 carries(%x2, %y, %u : !ab, !b, !b)
        parameters(%w0, %w1, %w2, %v0, %v1, %v2 : !b, !b, !b, !b, !b, !b) -> (!ab, !b, !b) {
    ^bb0(%c: !ab, %d: !b, %e: !b, %w: !b, %v: !b):
      %1 = heed.mul %c, %w : (!ab, !b) -> !ab
      %2 = heed.tanh %1 : (!ab) -> !ab
      %3 = heed.add %2, %u : (!ab, !b) -> !ab
      %4 = heed.mul %3, %n : (!ab, !0) -> !ab
      %5 = heed.sub %w, %v : (!b, !b) -> !b
      heed.yield %4, %5, %e : !ab, !b, !b
    }
    return %r, %s, %t : !ab, !b, !b
  })"});
  // Random pasts: some rows begin before the state, some leave no room; those stay as they are.
  all.push_back({"append", types + R"(
    func.func @f(%s: tensor<?x9x5xf32, #heed.axes<a:A, m, b>>, %x: tensor<5x?x3xf32, #heed.axes<b, a:A, t>>, %i: !ia)
        -> tensor<?x9x5xf32, #heed.axes<a:A, m, b>> {
    %r = heed.append %s, %x, %i {tokens = "t", memory = "m"} : (tensor<?x9x5xf32, #heed.axes<a:A, m, b>>, tensor<5x?x3xf32, #heed.axes<b, a:A, t>>, !ia) -> tensor<?x9x5xf32, #heed.axes<a:A, m, b>>
    return %r : tensor<?x9x5xf32, #heed.axes<a:A, m, b>>
  })"});
  all.push_back({"append_one_row", types + R"(
    func.func @f(%s: tensor<5x7xf32, #heed.axes<b, m>>, %x: tensor<2x5xf32, #heed.axes<t, b>>, %y: !ab)
        -> (tensor<5x7xf32, #heed.axes<b, m>>, !ab) {
    %i = heed.constant 4 : i32 : tensor<i32>
    %r = heed.append %s, %x, %i {tokens = "t", memory = "m"} : (tensor<5x7xf32, #heed.axes<b, m>>, tensor<2x5xf32, #heed.axes<t, b>>, tensor<i32>) -> tensor<5x7xf32, #heed.axes<b, m>>
    return %r, %y : tensor<5x7xf32, #heed.axes<b, m>>, !ab
  })"});
  all.push_back({"attention", attention});
  all.push_back({"results", types + R"(func.func @f(%x: !ab) -> (!ab, !ab, !ba, !ab) {
    %e = heed.exp %x : (!ab) -> !ab
    %p = heed.permute %e : (!ab) -> !ba
    return %e, %e, %p, %x : !ab, !ab, !ba, !ab
  })"});
  return all;
}

}  // namespace heed::ir::test
