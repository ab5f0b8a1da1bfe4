// expect: heed: Array(extents...): an extent is an integer; values stand in {}
#include "heed/driver/kernel.h"

using namespace heed;

struct Seq : axis<"seq"> {};

Array<f32, Seq> x(3.5);
