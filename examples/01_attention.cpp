// Lesson 1: attention. Six words, each a vector of three numbers; every word looks at all of them.
#include "lesson.h"

using namespace heed;

struct Word : axis<"word"> {};
struct Other : like<Word, "other"> {};  // the words looked at: as many, under a name of their own
struct In : axis<"in", 3> {};
struct Out : axis<"out", 2> {};

// Without weights: how much a word attends to another is how well the two agree.
constexpr auto attend(Tensor<f32, Word, In> x) {
  auto others = rename<Word, Other>(x);
  auto weights = softmax<Other>(contract<In>(x, others));
  return results(weights, contract<Other>(weights, others));
}

// With projections to query, key and value, and no look at what comes later.
constexpr auto project(Tensor<f32, Word, In> x, Tensor<f32, In, Out> wq, Tensor<f32, In, Out> wk,
                       Tensor<f32, In, Out> wv) {
  auto others = rename<Word, Other>(x);
  auto q = contract<In>(x, wq);
  auto k = contract<In>(others, wk);
  auto v = contract<In>(others, wv);
  auto scores = contract<Out>(q, k) * rsqrt(Out::size);
  auto causal = index<Other>() <= index<Word>();
  auto weights = softmax<Other>(where(causal, scores, -inf));
  return results(weights, contract<Other>(weights, v));
}

constexpr auto plain = trace<attend>("x");
constexpr auto projected = trace<project>("x", "wq", "wk", "wv");
static_assert(plain.count(op::softmax) == 1);

static void run(const lesson::CommandLine& line) {
  auto attention = lesson::compile(plain, line);
  auto causal = lesson::compile(projected, line);
  if (line.compile_only) return;

  Array<f32, Word, In> x{.43, .15, .89,   // Your
                         .55, .87, .66,   // journey
                         .57, .85, .64,   // starts
                         .22, .58, .33,   // with
                         .77, .25, .10,   // one
                         .05, .80, .55};  // step
  auto [weights, context] = attention(x);
  std::cout << "Attention weights, one row a word\n" << weights << "\nContext\n" << context << '\n';

  Array<f32, In, Out> wq{.30, .08, .76, .95, .50, .48}, wk{.14, .10, .18, .07, .97, .81},
      wv{.08, .20, .32, .12, .40, .18};
  auto [causal_weights, causal_context] = causal(x, wq, wk, wv);
  std::cout << "Causal weights, with projections\n" << causal_weights << "\nContext\n" << causal_context;
}

int main(int argc, char** argv) { return lesson::guarded(argc, argv, "Lesson 1: attention", run); }
