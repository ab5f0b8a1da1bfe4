// expect: heed: borrow(data, extents): data points to another type; const data takes Array<const T, Axes...>
#include "heed/driver/kernel.h"

using namespace heed;

struct Seq : axis<"seq"> {};

auto f(double* p) { return Array<f32, Seq>::borrow(p, {3}); }
