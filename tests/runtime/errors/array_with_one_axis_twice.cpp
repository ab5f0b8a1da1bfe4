// expect: heed: Array<T, Axes...>: two axes of one name in one array
#include "heed/driver/kernel.h"

using namespace heed;

struct Seq : axis<"seq"> {};
struct Depth : axis<"depth", 64> {};

Array<f32, Seq, Depth, Seq> x(3, 3);
