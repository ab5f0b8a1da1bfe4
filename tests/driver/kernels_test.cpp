// Which kernels a Transformer block becomes, as --explain lists them.
#include <gtest/gtest.h>

#include "heed/heed.h"

namespace heed {
namespace {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Model : axis<"model", 32> {};
struct Heads : axis<"heads", 2> {};
struct Depth : part<Model, Heads, "depth"> {};
struct Hidden : axis<"hidden", 64> {};
using X = Tensor<f32, Batch, Seq, Model>;

struct PreNorm {
  nn::LayerNorm<Model> ln_1;
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  nn::LayerNorm<Model> ln_2;
  nn::FeedForward<Model, Hidden> mlp;
  constexpr X operator()(X x) const {
    x = x + attn(ln_1(x), index<Key>() <= index<Seq>());
    return x + mlp(ln_2(x));
  }
};

/// What each kernel is, without its number and place.
std::vector<std::string> kernelsOf(const GraphView& graph) {
  std::vector<std::string> kernels;
  std::istringstream lines(compile(graph, {.explain = true})->explanation);
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("kernel ", 0) == 0) {
      auto from = line.find(": ") + 2;
      kernels.push_back(line.substr(from, line.rfind(", kernels_test.cpp") - from));
    }
  return kernels;
}

TEST(Kernels, OfAPreNormBlock) {
  static constexpr auto graph = trace(PreNorm{}, "x");
  EXPECT_EQ(kernelsOf(graph),
            (std::vector<std::string>{"rows, each with 2 reductions", "one matrix product with 3 weights, then add",
                                      "one fused attention kernel: 1 similarity, masked tiles skipped",
                                      "a matrix product, then add", "rows, each with 2 reductions",
                                      "a matrix product, then add, mul, erf", "a matrix product, then add"}));
}

}  // namespace
}  // namespace heed
