// A GPT of 12 layers as a user writes it: the translation unit whose compile time and includes are tested.
#include "heed/dsl/dsl.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Model : axis<"model", 768> {};
struct Heads : axis<"heads", 12> {};
struct Depth : part<Model, Heads, "depth"> {};
struct Hidden : axis<"hidden", 3072> {};
struct Vocab : axis<"vocab", 50257> {};
struct Pos : axis<"pos", 1024> {};

using X = Tensor<f32, Batch, Seq, Model>;
constexpr auto causal = index<Key>() <= index<Seq>();

struct Block {
  nn::LayerNorm<Model> ln_1;
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  nn::LayerNorm<Model> ln_2;
  nn::FeedForward<Model, Hidden> mlp;
  constexpr X operator()(X x) const {
    x = x + attn(ln_1(x), causal);
    return x + mlp(ln_2(x));
  }
};

#ifdef UNROLLED
struct Gpt {
  std::array<Block, UNROLLED> layers;
  constexpr X operator()(X x) const {
    for (const Block& layer : layers) x = layer(x);
    return x;
  }
};
constexpr auto graph = trace(Gpt{}, "x");
static_assert(graph.count(op::softmax) == UNROLLED);
#else
struct Gpt {
  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  Repeat<12, Block> layers;
  nn::LayerNorm<Model> ln_f;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    auto x = (wte(ids) + wpe(position<Seq>())) | layers | ln_f;
    return contract<Model>(x, wte.weight);
  }
};
constexpr auto graph = trace(Gpt{}, "ids");
static_assert(graph.count(op::softmax) == 1);
static_assert(graph.parameter("layers.3.attn.q.weight") == 4);
#endif
