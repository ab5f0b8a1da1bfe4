// expect: heed: an Array of other axes is expected here; reordered<Axes...>() sets their order
#include "axes.h"

constexpr Tensor<f32, Seq, Key> f(Tensor<f32, Seq, Depth> q, Tensor<f32, Key, Depth> k) { return contract<Depth>(q, k); }
constexpr auto g = trace<f>("q", "k");
void run(Array<f32, Seq, Depth>& q, Array<f32, Key, Depth>& k) { auto r = jit(g); Array<f32, Key, Seq> o = r(q, k); }
