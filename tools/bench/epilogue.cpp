#include "epilogue.h"

#include <algorithm>
#include <cmath>

#include "arrays.h"
#include "flags.h"

namespace heed::bench {
namespace {

using Tensor = Sketch::Tensor;

constexpr double steepest = 1.13;  // of gelu's slope and silu's
constexpr double factor = 0.125;   // of scores, where heads have 64 numbers

Tensor with(Sketch& sketch, const char* op, Tensor x, Tensor y) { return sketch.pointwise(op, {x, y}); }
Tensor with(Sketch& sketch, const char* op, Tensor x, double y) {
  return with(sketch, op, x, sketch.number(y, x.dtype));
}

Tensor add(Sketch& sketch, Tensor x, Tensor operand) { return with(sketch, "add", x, operand); }
void addExact(Exact& x, const Exact& operand, DType) { x.value += operand.value; }

// The activations as dsl/words/formulas.h has them.

Tensor gelu(Sketch& sketch, Tensor x, Tensor) {
  Tensor tail = sketch.pointwise("erf", {with(sketch, "mul", x, std::sqrt(0.5))});
  return with(sketch, "mul", with(sketch, "mul", x, 0.5), with(sketch, "add", tail, 1));
}
void geluExact(Exact& x, const Exact&, DType dtype) {
  x.value = x.value / 2 * (1 + std::erf(x.value * asStored(dtype, std::sqrt(0.5))));
  x.stored *= steepest;
}

Tensor relu(Sketch& sketch, Tensor x, Tensor) { return with(sketch, "max", x, 0); }
void reluExact(Exact& x, const Exact&, DType) { x.value = std::max(x.value, 0.); }

Tensor silu(Sketch& sketch, Tensor x, Tensor) {
  Tensor tail = sketch.pointwise("exp", {sketch.pointwise("neg", {x})});
  return with(sketch, "div", x, with(sketch, "add", tail, 1));
}
void siluExact(Exact& x, const Exact&, DType) {
  x.value /= 1 + std::exp(-x.value);
  x.stored *= steepest;
}

Tensor gate(Sketch& sketch, Tensor x, Tensor operand) { return with(sketch, "mul", x, operand); }
void gateExact(Exact& x, const Exact& operand, DType dtype) {
  const double product = x.value * operand.value;
  x.size = std::max(1., x.size * std::fabs(operand.value) + std::fabs(x.value) * operand.size);
  x.stored = x.stored * std::fabs(operand.value) + roundingOf(dtype) * std::fabs(product);  // one of the two waits
  x.value = product;
}

Tensor scale(Sketch& sketch, Tensor x, Tensor) { return with(sketch, "mul", x, factor); }
void scaleExact(Exact& x, const Exact&, DType) {
  x.value *= factor, x.stored *= factor;
  x.size = std::max(1., x.size * factor);
}

}  // namespace

const std::vector<Follower>& followers() {
  static const std::vector<Follower> all{
      {"bias", add, addExact},   {"gelu", gelu, geluExact},   {"relu", relu, reluExact},   {"silu", silu, siluExact},
      {"gate", gate, gateExact}, {"residual", add, addExact}, {"scale", scale, scaleExact}};
  return all;
}

std::vector<std::string> followerNames() {
  std::vector<std::string> names;
  for (const Follower& follower : followers()) names.emplace_back(follower.name);
  return names;
}

std::vector<Follower> followersOf(const std::string& list) {
  std::vector<Follower> all;
  for (const std::string& word : wordsOf(list))
    all.push_back(*std::ranges::find_if(followers(), [&](const Follower& follower) { return follower.name == word; }));
  return all;
}

}  // namespace heed::bench
