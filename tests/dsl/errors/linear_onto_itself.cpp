// expect: heed: nn::Linear<From, To>: an axis is consumed and produced; rename one
#include "axes.h"

nn::Linear<Model, axes<Heads, Model>> layer;
