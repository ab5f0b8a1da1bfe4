// expect: heed: values alone do not tell the extents of several symbolic axes; write Array({extents}, {values})
#include "heed/driver/kernel.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Heads : axis<"heads", 8> {};

Array<f32, Batch, Seq> a{1, 2};
