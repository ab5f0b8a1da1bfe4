// expect: heed: run(...): an argument has axes of another input; which one: Argument<N>
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

template <class D, class... A>
struct Graph {};  // a tensor of the language
using Attention = Kernel<Graph<f32, Batch, Seq>(Graph<f32, Batch, Seq>, Graph<f32, Batch, Key>)>;
auto f(Attention& run, Array<f32, Batch, Seq>& q) { return run(q, q); }
