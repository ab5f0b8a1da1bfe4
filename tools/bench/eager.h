// Attention as a framework without fusion runs it: each op a kernel that writes all of its result.
#pragma once

#include <functional>
#include <vector>

#include "attention_shape.h"
#include "heed/driver/compile.h"
#include "heed/runtime/view.h"

namespace heed::bench {

/// One call on q, k, v and, for additive scores, w; the result is thrown away. The kernels are heed's own, vectorised
/// and threaded as all others. tanh(q + k) and (q - k)^2 are one kernel each, which is more than a framework does.
std::function<void()> eagerAttention(const AttentionShape& shape, const std::vector<AnyArray>& inputs,
                                     const Options& options);

}  // namespace heed::bench
