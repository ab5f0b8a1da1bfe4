// expect: heed: an Array of other axes is expected here; reordered<Axes...>() sets their order
#include "heed/driver/kernel.h"

using namespace heed;

struct Seq : axis<"seq"> {};
struct Depth : axis<"depth", 64> {};

void f(Array<f32, Seq, Depth>& x) { Array<f32, Depth, Seq> y = x; }
