// expect: heed: extent<Axis>(n): this axis has a static extent; name those known at run time only
#include "heed/driver/kernel.h"

using namespace heed;

struct Heads : axis<"heads", 8> {};

auto e = extent<Heads>(8);
