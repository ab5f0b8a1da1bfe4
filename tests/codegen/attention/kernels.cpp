// Each kernel twice: as text for the compiler and as a formula for the reference.
#include "heed/tests/codegen/attention/kernels.h"

namespace heed::testing {

static const char* product = "%p = arith.mulf %a0, %a1 : f32\ntile.yield %p : f32";
static const char* positions =
    "%j = arith.index_cast %i(k) : index to i32\n%i = arith.index_cast %i(q) : index to i32\n";

KernelCase sdpa() {
  KernelCase kernel;
  kernel.similar = {{{{"o", "q", "d"}}, {{"o", "k", "d"}}}};
  kernel.bodies = {product};
  kernel.post = "%c = arith.constant 0.25 : f32\n%p = arith.mulf %a0, %c : f32\ntile.yield %p : f32";
  kernel.value = {{"o", "k", "v"}};
  kernel.out = {{"o", "q", "v"}};
  kernel.body = [](int, const Numbers& x) { return x[0] * x[1]; };
  kernel.score = [](const Numbers& s, const Numbers&, Point) { return s[0] / 4; };
  return kernel;
}

KernelCase withLse(KernelCase kernel) {
  kernel.lse = true;
  return kernel;
}

KernelCase withStart(KernelCase kernel) {
  kernel.start = true;
  return kernel;
}

KernelCase padded(KernelCase kernel) {
  kernel.similar[0][0].pad = 3, kernel.similar[0][1].pad = 5, kernel.value.pad = 1, kernel.out.pad = 7;
  return kernel;
}

KernelCase narrow(KernelCase kernel, const std::string& type) {
  for (auto& group : kernel.similar)
    for (Operand& x : group) x.type = type;
  kernel.value.type = kernel.out.type = type;
  return kernel;
}

KernelCase permuted(KernelCase kernel, std::vector<std::vector<std::string>> dims) {
  kernel.similar[0][0].dims = dims[0], kernel.similar[0][1].dims = dims[1];
  kernel.value.dims = dims[2], kernel.out.dims = dims[3];
  return kernel;
}

KernelCase causal(KernelCase kernel) {
  kernel.keep = std::string(positions) + "%c = arith.cmpi sle, %j, %i : i32\ntile.yield %c : i1";
  kernel.classify =
      "%s = arith.cmpi sle, %a2, %a1 : index\n%f = arith.cmpi sle, %a3, %a0 : index\ntile.yield %s, %f : i1, i1";
  kernel.visible = [](const Numbers&, Point at) { return at.k <= at.q; };
  return kernel;
}

KernelCase window(KernelCase kernel, int width) {
  std::string w = std::to_string(width);
  kernel.keep = std::string(positions) + "%w = arith.constant " + w +
                " : i32\n%d = arith.subi %i, %j : i32\n%c = arith.cmpi sle, %j, %i : i32\n"
                "%e = arith.cmpi slt, %d, %w : i32\n%b = arith.andi %c, %e : i1\ntile.yield %b : i1";
  kernel.classify = "%w = arith.constant " + w +
                    " : index\n%s0 = arith.cmpi sle, %a2, %a1 : index\n%f0 = arith.cmpi sle, %a3, %a0 : index\n"
                    "%d0 = arith.subi %a0, %a3 : index\n%d1 = arith.subi %a1, %a2 : index\n"
                    "%s1 = arith.cmpi slt, %d0, %w : index\n%f1 = arith.cmpi slt, %d1, %w : index\n"
                    "%s = arith.andi %s0, %s1 : i1\n%f = arith.andi %f0, %f1 : i1\ntile.yield %s, %f : i1, i1";
  kernel.visible = [width](const Numbers&, Point at) { return at.k <= at.q && at.q - at.k < width; };
  return kernel;
}

KernelCase lengths(KernelCase kernel) {
  kernel.captures = {{{"o"}, "i32"}};
  kernel.keep = "%j = arith.index_cast %i(k) : index to i32\n%c = arith.cmpi slt, %j, %a0 : i32\ntile.yield %c : i1";
  kernel.classify =
      "%lo = arith.index_cast %a2 : index to i32\n%hi = arith.index_cast %a3 : index to i32\n"
      "%s = arith.cmpi slt, %lo, %a5 : i32\n%f = arith.cmpi slt, %hi, %a4 : i32\ntile.yield %s, %f : i1, i1";
  kernel.visible = [](const Numbers& x, Point at) { return at.k < x[0]; };
  return kernel;
}

KernelCase documents(KernelCase kernel) {
  kernel.captures = {{{"o", "q"}, "i32"}, {{"o", "k"}, "i32"}};
  // Random numbers up to about 150 become ids 0..2, so runs of equal ids are short and many blocks are partial.
  kernel.keep =
      "%c = arith.constant 30 : i32\n%x = arith.divsi %a0, %c : i32\n%y = arith.divsi %a1, %c : i32\n"
      "%e = arith.cmpi eq, %x, %y : i32\ntile.yield %e : i1";
  kernel.classify =
      "%c = arith.constant 30 : i32\n%x0 = arith.divsi %a4, %c : i32\n%x1 = arith.divsi %a5, %c : i32\n"
      "%y0 = arith.divsi %a6, %c : i32\n%y1 = arith.divsi %a7, %c : i32\n"
      "%s0 = arith.cmpi sle, %x0, %y1 : i32\n%s1 = arith.cmpi sle, %y0, %x1 : i32\n%s = arith.andi %s0, %s1 : i1\n"
      "%f0 = arith.cmpi eq, %x0, %x1 : i32\n%f1 = arith.cmpi eq, %y0, %y1 : i32\n%f2 = arith.cmpi eq, %x0, %y0 : i32\n"
      "%f3 = arith.andi %f0, %f1 : i1\n%f = arith.andi %f3, %f2 : i1\ntile.yield %s, %f : i1, i1";
  kernel.visible = [](const Numbers& x, Point) { return int(x[0]) / 30 == int(x[1]) / 30; };
  return kernel;
}

KernelCase maskTensor(KernelCase kernel) {
  kernel.captures = {{{"q", "k"}, "i1"}};
  kernel.keep = "tile.yield %a0 : i1";
  kernel.classify = "%s = arith.constant true\n%f = arith.constant false\ntile.yield %s, %f : i1, i1";
  kernel.visible = [](const Numbers& x, Point) { return x[0] != 0; };
  return kernel;
}

KernelCase biasTensor(KernelCase kernel) {
  kernel.captures = {{{"o", "q", "k"}}};
  kernel.post =
      "%c = arith.constant 0.25 : f32\n%p = arith.mulf %a0, %c : f32\n%s = arith.addf %p, %a1 : f32\n"
      "tile.yield %s : f32";
  kernel.score = [](const Numbers& s, const Numbers& x, Point) { return s[0] / 4 + x[0]; };
  return kernel;
}

KernelCase dropout(KernelCase kernel) {
  kernel.captures = {{{"q", "k"}}};
  kernel.weigh = "%p = arith.mulf %a0, %a1 : f32\ntile.yield %p : f32";
  kernel.weight = [](double p, const Numbers& x, Point) { return p * x[0]; };
  // The bounds of the capture come after the four positions; nobody asks for them.
  return kernel;
}

KernelCase alibi() {
  KernelCase kernel = sdpa();
  kernel.captures = {{{"o"}}};
  kernel.post = std::string(positions) +
                "%c = arith.constant 0.25 : f32\n%p = arith.mulf %a0, %c : f32\n%d = arith.subi %j, %i : i32\n"
                "%e = arith.constant 0.03125 : f32\n%f = arith.sitofp %d : i32 to f32\n%g = arith.mulf %f, %e : f32\n"
                "%b = arith.mulf %a1, %g : f32\n%s = arith.addf %p, %b : f32\n"
                "tile.yield %s : f32";
  kernel.score = [](const Numbers& s, const Numbers& x, Point at) {
    return s[0] / 4 + x[0] * double(at.k - at.q) / 32;
  };
  return kernel;
}

KernelCase softcap() {
  KernelCase kernel = sdpa();
  kernel.post =
      "%h = arith.constant 0.5 : f32\n%c = arith.constant 2.0 : f32\n%x = arith.mulf %a0, %h : f32\n"
      "%t = math.tanh %x : f32\n%s = arith.mulf %c, %t : f32\ntile.yield %s : f32";
  kernel.score = [](const Numbers& s, const Numbers&, Point) { return 2 * std::tanh(s[0] / 2); };
  return kernel;
}

KernelCase additive() {
  KernelCase kernel = sdpa();
  kernel.similar = {{{{"o", "q", "d"}}, {{"o", "k", "d"}}, {{"d"}}}};
  kernel.bodies = {
      "%x = arith.addf %a0, %a1 : f32\n%t = math.tanh %x : f32\n%p = arith.mulf %a2, %t : f32\n"
      "tile.yield %p : f32"};
  kernel.post = "tile.yield %a0 : f32";
  kernel.body = [](int, const Numbers& x) { return x[2] * std::tanh(x[0] + x[1]); };
  kernel.score = [](const Numbers& s, const Numbers&, Point) { return s[0]; };
  return kernel;
}

KernelCase gaussian() {
  KernelCase kernel = sdpa();
  kernel.bodies = {"%d = arith.subf %a0, %a1 : f32\n%p = arith.mulf %d, %d : f32\ntile.yield %p : f32"};
  kernel.post =
      "%w = arith.constant 8.0 : f32\n%n = arith.negf %a0 : f32\n%s = arith.divf %n, %w : f32\ntile.yield %s : f32";
  kernel.body = [](int, const Numbers& x) { return (x[0] - x[1]) * (x[0] - x[1]); };
  kernel.score = [](const Numbers& s, const Numbers&, Point) { return -s[0] / 8; };
  return kernel;
}

KernelCase grouped() {
  KernelCase kernel = sdpa();
  kernel.similar[0][0].dims = {"o", "og", "q", "d"};
  kernel.out.dims = {"o", "og", "q", "v"};
  return kernel;
}

KernelCase manyDims() {
  KernelCase kernel = withStart(withLse(sdpa()));
  kernel.similar = {{{{"o", "d", "q", "d2"}}, {{"d2", "o", "k", "d"}}}};
  kernel.value.dims = {"v2", "o", "v", "k"};
  kernel.out.dims = {"o", "v", "og", "q", "v2"};
  kernel.similar[0].push_back({{"og", "d2"}});
  kernel.bodies = {"%p = arith.mulf %a0, %a1 : f32\n%r = arith.mulf %p, %a2 : f32\ntile.yield %r : f32"};
  kernel.body = [](int, const Numbers& x) { return x[0] * x[1] * x[2]; };
  return kernel;
}

KernelCase twoSimilarities() {
  KernelCase kernel = sdpa();
  kernel.similar.push_back({{{"o", "q", "d2"}}, {{"k", "d2"}}});
  kernel.bodies.push_back(product);
  kernel.post =
      "%c = arith.constant 0.25 : f32\n%p = arith.addf %a0, %a1 : f32\n%s = arith.mulf %p, %c : f32\n"
      "tile.yield %s : f32";
  kernel.score = [](const Numbers& s, const Numbers&, Point) { return (s[0] + s[1]) / 4; };
  return kernel;
}

KernelCase minusInfinity() {
  KernelCase kernel = withLse(sdpa());
  kernel.post = std::string(positions) +
                "%n = arith.constant 0xFF800000 : f32\n%e = arith.constant 3 : i32\n%r = arith.remsi %i, %e : i32\n"
                "%m = arith.cmpi slt, %r, %j : i32\n%z = arith.constant 0 : i32\n%q = arith.cmpi eq, %r, %z : i32\n"
                "%b = arith.ori %m, %q : i1\n%s = arith.select %b, %n, %a0 : f32\ntile.yield %s : f32";
  kernel.score = [](const Numbers& s, const Numbers&, Point at) {
    return at.q % 3 < at.k || at.q % 3 == 0 ? -INFINITY : s[0];
  };
  return kernel;
}

}  // namespace heed::testing
