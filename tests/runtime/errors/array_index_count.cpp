// expect: heed: a(i, j, ...): give one index per axis
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

float f(Array<f32, Batch, Seq>& a) { return a(1); }
