// expect: heed: run.into(...): a result is read-only; which one: Result<N>
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

template <class D, class... A>
struct Graph {};  // a tensor of the language
using Attention = Kernel<Graph<f32, Batch, Seq>(Graph<f32, Batch, Seq>, Graph<f32, Batch, Key>)>;
void f(Attention& run, Array<f32, Batch, Seq>& q, Array<f32, Batch, Key>& k, Array<const f32, Batch, Seq>& o) {
  run.into(o, q, k);
}
