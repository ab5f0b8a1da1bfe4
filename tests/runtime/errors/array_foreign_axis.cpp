// expect: heed: extent<Axis>(): the array has no such axis
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

auto f(Array<f32, Batch, Seq>& a) { return a.extent<Heads>(); }
