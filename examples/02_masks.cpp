// Lesson 2: masks. A mask is an ordinary expression over positions; what it hides weighs nothing.
#include <cmath>

#include "lesson.h"

using namespace heed;
using lesson::filled;

struct Batch : axis<"batch", 2> {};
struct Query : axis<"query"> {};
struct Key : axis<"key"> {};
struct In : axis<"in"> {};
struct KeyIn : axis<"key_in"> {};
struct Hidden : axis<"hidden", 8> {};
struct Depth : axis<"depth", 4> {};
struct Value : axis<"value", 4> {};

// Softmax over the keys that are there: one length for each sequence, or one for each query.
constexpr auto perSequence(Tensor<f32, Batch, Query, Key> scores, Tensor<i32, Batch> valid) {
  return softmax<Key>(where(index<Key>() < valid, scores, -inf));
}
constexpr auto perQuery(Tensor<f32, Batch, Query, Key> scores, Tensor<i32, Batch, Query> valid) {
  return softmax<Key>(where(index<Key>() < valid, scores, -inf));
}

// Causal and padded at once.
constexpr auto dotProduct(Tensor<f32, Batch, Query, Depth> q, Tensor<f32, Batch, Key, Depth> k,
                          Tensor<f32, Batch, Key, Value> v, Tensor<i32, Batch> valid) {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);
  auto visible = index<Key>() <= index<Query>() && index<Key>() < valid;
  return contract<Key>(softmax<Key>(where(visible, scores, -inf)), v);
}

constexpr auto dotProductPadded(Tensor<f32, Batch, Query, Depth> q, Tensor<f32, Batch, Key, Depth> k,
                                Tensor<f32, Batch, Key, Value> v, Tensor<i32, Batch> valid) {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);
  return contract<Key>(softmax<Key>(where(index<Key>() < valid, scores, -inf)), v);
}

// Additive attention (Bahdanau, Cho and Bengio, 2015): queries and keys may have different sizes.
constexpr auto additive(Tensor<f32, Batch, Query, In> q, Tensor<f32, Batch, Key, KeyIn> k,
                        Tensor<f32, Batch, Key, Value> v, Tensor<f32, Hidden, In> wq, Tensor<f32, Hidden, KeyIn> wk,
                        Tensor<f32, Hidden> w, Tensor<i32, Batch> valid) {
  auto features = tanh(along<Key>(contract<In>(q, wq)) + contract<KeyIn>(k, wk));
  auto scores = contract<Hidden>(features, w);
  return contract<Key>(softmax<Key>(where(index<Key>() < valid, scores, -inf)), v);
}

// Nadaraya-Watson regression: attention with a Gaussian kernel over scalars.
struct Point : axis<"point"> {};
struct Sample : axis<"sample"> {};
constexpr auto pooling(Tensor<f32, Point> x, Tensor<f32, Sample> xs, Tensor<f32, Sample> ys, Tensor<f32> width) {
  auto d = (along<Sample>(x) - xs) / width;
  return contract<Sample>(softmax<Sample>(d * d * -.5), ys);
}

constexpr auto per_sequence = trace<perSequence>("scores", "valid");
constexpr auto per_query = trace<perQuery>("scores", "valid");
constexpr auto causal_padded = trace<dotProduct>("q", "k", "v", "valid");
constexpr auto dot_padded = trace<dotProductPadded>("q", "k", "v", "valid");
constexpr auto additive_padded = trace<additive>("q", "k", "v", "wq", "wk", "w", "valid");
constexpr auto kernel_pooling = trace<pooling>("x", "xs", "ys", "width");

static void run(const lesson::CommandLine& line) {
  auto sequences = lesson::compile(per_sequence, line);
  auto queries = lesson::compile(per_query, line);
  auto causal = lesson::compile(causal_padded, line);
  auto dot = lesson::compile(dot_padded, line);
  auto bahdanau = lesson::compile(additive_padded, line);
  auto regression = lesson::compile(kernel_pooling, line);
  if (line.compile_only) return;

  auto scores = filled(Array<f32, Batch, Query, Key>(2, 4), 1);
  std::cout << "Softmax with lengths 2 and 3, one for each sequence\n"
            << sequences(scores, Array<i32, Batch>{2, 3}) << "\nwith lengths 1, 3 and 2, 4, one for each query\n"
            << queries(scores, Array<i32, Batch, Query>{1, 3, 2, 4});

  auto q = filled(Array<f32, Batch, Query, Depth>(5), 2);
  auto k = filled(Array<f32, Batch, Key, Depth>(5), 3);
  auto v = filled(Array<f32, Batch, Key, Value>(5), 4);
  std::cout << "\nCausal attention over 5 and 3 keys\n" << causal(q, k, v, Array<i32, Batch>{5, 3});

  // Ten equal keys: the weights are equal over those that are there, so the result is the mean of their values.
  Array<f32, Batch, Key, Value> values(10);
  for (int n = 0; float& x : values.span()) x = float(n++ % 40);
  Array<i32, Batch> valid{2, 6};
  Array<f32, Batch, Key, Depth> keys(10);
  keys.fill(1);
  Array<f32, Batch, Key, KeyIn> narrow(10, 2);
  narrow.fill(1);
  std::cout << "\nTen equal keys, of which 2 and 6 are there: dot product\n"
            << dot(filled(Array<f32, Batch, Query, Depth>(1), 5), keys, values, valid) << "\nadditive\n"
            << bahdanau(filled(Array<f32, Batch, Query, In>(1, 20), 6), narrow, values,
                        filled(Array<f32, Hidden, In>(20), 7), filled(Array<f32, Hidden, KeyIn>(2), 8),
                        filled(Array<f32, Hidden>(), 9), valid);

  Array<f32, Sample> xs(50), ys(50);
  for (int n = 0; n < 50; ++n) {
    xs(n) = float(n) * .1f;
    ys(n) = 2 * std::sin(xs(n)) + std::pow(xs(n), .8f);
  }
  Array<f32, Point> x{.5, 1.5, 2.5, 3.5, 4.5};
  Array<f32> width{.3};
  std::cout << "\nGaussian-kernel pooling of 2 sin(x) + x^0.8 at .5, 1.5, ... 4.5\n" << regression(x, xs, ys, width);
}

int main(int argc, char** argv) { return lesson::guarded(argc, argv, "Lesson 2: masks", run); }
