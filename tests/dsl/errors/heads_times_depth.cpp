// expect: heed: nn::MultiHeadAttention<Model, Heads, Depth, Key>: heads times depth is not the model's extent
#include "axes.h"

nn::MultiHeadAttention<Model, Heads, Hidden, Key> attn;
