// expect: heed: an array has at most 8 axes
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

Array<f32, Batch, Seq, Key, Heads, Batch, Seq, Key, Heads, Batch>* a = nullptr;
auto n = a->size();
