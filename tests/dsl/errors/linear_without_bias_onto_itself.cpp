// expect: heed: nn::Linear<From, To>: an axis is consumed and produced; rename one
#include "axes.h"

nn::LinearNoBias<Model, Model> layer;
