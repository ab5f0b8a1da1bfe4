// Lesson 3: variants. Each is one line of formula and one fused kernel; none has a name in the compiler.
#include "lesson.h"

using namespace heed;
using lesson::filled;

struct Batch : axis<"batch"> {};
struct Heads : axis<"heads", 4> {};
struct Group : axis<"group", 2> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Depth : axis<"depth", 32> {};

using Q = Tensor<f32, Batch, Heads, Seq, Depth>;
using K = Tensor<f32, Batch, Heads, Key, Depth>;

constexpr auto causal() { return index<Key>() <= index<Seq>(); }
constexpr auto scores(Q q, K k) { return contract<Depth>(q, k) * rsqrt(Depth::size); }

// ALiBi (Press et al., 2022): the further a key, the lower its score.
constexpr auto alibi(Q q, K k, K v, Tensor<f32, Heads> slope) {
  auto s = scores(q, k) + slope * (index<Key>() - index<Seq>());
  return contract<Key>(softmax<Key>(where(causal(), s, -inf)), v);
}

// Softcap (Gemma 2): scores stay within +-50.
constexpr auto softcapped(Q q, K k, K v) {
  return contract<Key>(softmax<Key>(where(causal(), 50. * tanh(scores(q, k) / 50.), -inf)), v);
}

// Sliding window (Mistral): a query sees 16 keys, itself included. Tiles outside are skipped.
constexpr auto window(Q q, K k, K v) {
  auto near = causal() && index<Seq>() - index<Key>() < 16;
  return contract<Key>(softmax<Key>(where(near, scores(q, k), -inf)), v);
}

// Documents packed into one sequence do not see each other.
constexpr auto documents(Q q, K k, K v, Tensor<i32, Batch, Seq> document) {
  auto same = document == rename<Seq, Key>(document);
  return contract<Key>(softmax<Key>(where(causal() && same, scores(q, k), -inf)), v);
}

// Prefix-LM: everyone sees the prefix, the rest is causal.
constexpr auto prefixLm(Q q, K k, K v, Tensor<i32, Batch> prefix) {
  auto visible = causal() || index<Key>() < prefix;
  return contract<Key>(softmax<Key>(where(visible, scores(q, k), -inf)), v);
}

// Grouped queries (Ainslie et al., 2023): the queries have an axis that keys and values lack. The same formula.
constexpr auto grouped(Tensor<f32, Batch, Heads, Group, Seq, Depth> q, K k, K v) {
  auto s = contract<Depth>(q, k) * rsqrt(Depth::size);
  return contract<Key>(softmax<Key>(where(causal(), s, -inf)), v);
}

// One of your own, in three lines: every other key, and a bonus for the first.
constexpr auto yours(Q q, K k, K v) {
  auto s = scores(q, k) + 2. * cast<f32>(index<Key>() == 0);
  auto strided = causal() && (index<Seq>() - index<Key>()) % 2 == 0;
  return contract<Key>(softmax<Key>(where(strided, s, -inf)), v);
}

constexpr auto alibi_graph = trace<alibi>("q", "k", "v", "slope");
constexpr auto softcap_graph = trace<softcapped>("q", "k", "v");
constexpr auto window_graph = trace<window>("q", "k", "v");
constexpr auto documents_graph = trace<documents>("q", "k", "v", "document");
constexpr auto prefix_graph = trace<prefixLm>("q", "k", "v", "prefix");
constexpr auto grouped_graph = trace<grouped>("q", "k", "v");
constexpr auto yours_graph = trace<yours>("q", "k", "v");

/// The first numbers of the last query of the last head, to compare with.
template <class A>
static void show(const char* name, const A& out) {
  std::cout << name << ":";
  auto numbers = out.span();
  for (float x : numbers.subspan(numbers.size() - std::size_t(Depth::size), 4)) std::cout << ' ' << x;
  std::cout << '\n';
}

static void run(const lesson::CommandLine& given) {
  lesson::CommandLine line = given;
  line.options.explain = true;
  auto with_alibi = lesson::compile(alibi_graph, line);
  auto with_softcap = lesson::compile(softcap_graph, line);
  auto with_window = lesson::compile(window_graph, line);
  auto with_documents = lesson::compile(documents_graph, line);
  auto with_prefix = lesson::compile(prefix_graph, line);
  auto with_groups = lesson::compile(grouped_graph, line);
  auto with_yours = lesson::compile(yours_graph, line);
  if (line.compile_only) return;

  const int batch = 2, seq = 40;
  auto q = filled(Array<f32, Batch, Heads, Seq, Depth>(batch, seq), 1);
  auto k = filled(Array<f32, Batch, Heads, Key, Depth>(batch, seq), 2);
  auto v = filled(Array<f32, Batch, Heads, Key, Depth>(batch, seq), 3);
  Array<i32, Batch, Seq> document(batch, seq);
  for (int n = 0; int& d : document.span()) d = n++ % seq / 15;

  show("ALiBi", with_alibi(q, k, v, Array<f32, Heads>{.25, .0625, .015625, .00390625}));
  show("softcap", with_softcap(q, k, v));
  show("window", with_window(q, k, v));
  show("documents", with_documents(q, k, v, document));
  show("prefix", with_prefix(q, k, v, Array<i32, Batch>{5, 30}));
  show("grouped", with_groups(filled(Array<f32, Batch, Heads, Group, Seq, Depth>(batch, seq), 4), k, v));
  show("yours", with_yours(q, k, v));
}

int main(int argc, char** argv) { return lesson::guarded(argc, argv, "Lesson 3: variants", run); }
