// expect: heed: borrow<Axes...>: name each axis once
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

auto f(float* p) { return Array<f32, Batch, Seq>::borrow<Batch, Key>(p, {1, 2}); }
