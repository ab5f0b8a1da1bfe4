// The encoder of sentence models, with a layer as small as one.
#pragma once

#include "model.h"

namespace heed::bench {

/// Input x: f32 [batch, seq, model]. Throws heed::Error for numbers that it is not compiled for.
GraphView encoderGraph(std::int64_t layers, std::int64_t model, std::int64_t heads, std::int64_t ff);

}  // namespace heed::bench
