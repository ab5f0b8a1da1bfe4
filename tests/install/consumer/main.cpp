// A stranger's program: one formula, compiled and run.
#include <heed/heed.h>

#include <cstdio>

using namespace heed;

struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Depth : axis<"depth", 4> {};

constexpr auto attend(Tensor<f32, Seq, Depth> q, Tensor<f32, Key, Depth> k) {
  return contract<Key>(softmax<Key>(contract<Depth>(q, k)), k);
}
constexpr auto attention = trace<attend>("q", "k");

int main() {
  auto run = jit(attention);
  Array<f32, Seq, Depth> q(3);
  Array<f32, Key, Depth> k(3);
  q.fill(1);
  k.fill(2);
  auto out = run(q, k);
  std::printf("%g\n", double(out(2, 3)));
  return out(2, 3) == 2 ? 0 : 1;
}
