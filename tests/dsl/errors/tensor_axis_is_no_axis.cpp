// expect: heed: Tensor<T, Axes...>: an axis is a struct that derives from axis<"name">
#include "axes.h"

struct Width {};
Tensor<f32, Seq, Width> x;
