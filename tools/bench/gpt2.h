// GPT-2, with random weights.
#pragma once

#include "model.h"

namespace heed::bench {

/// Input ids: i32 [batch, seq]; it remembers what it was told. Throws heed::Error for numbers that it is not compiled
/// for.
GraphView gpt2Graph(std::int64_t layers, std::int64_t model, std::int64_t heads, std::int64_t vocab);

}  // namespace heed::bench
