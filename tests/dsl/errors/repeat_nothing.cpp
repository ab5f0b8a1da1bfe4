// expect: heed: Repeat<N, Block>: N must be positive
#include "axes.h"

Repeat<0, nn::Linear<Model, Hidden>> layers;
