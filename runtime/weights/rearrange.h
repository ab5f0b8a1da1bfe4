// Published tensors that hold several parameters, or one of several that a parameter holds: Phi's qkv_proj, the experts
// of Mixtral. Where the parts are runs of axes, as of GPT-2's c_attn, a parameter with such axes needs none of this.
//
//   Weights w = split(load("phi"), "*.qkv_proj.weight", {{"*.q.weight", 3072}, {"*.k.weight", 3072}, {"*.v.weight",
//   3072}}); w = stack(w, "*.experts.*.w1.weight", "*.experts.gate.weight");
//
// Invariant: what does not match stays as it is.
// Read tests/runtime/weights/rearrange_test.cpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "heed/runtime/weights/weights.h"

namespace heed {

/// Every tensor of this name as several: so many rows of its first dim for each part, in order. The stars of a part
/// stand for what those of the pattern do. Shares the memory. Throws heed::Error naming the tensor whose rows are not
/// the sum of them.
Weights split(const Weights& weights, const Pattern& pattern,
              const std::vector<std::pair<std::string, std::int64_t>>& parts);

/// Tensors that the pattern's last star numbers, from 0 on, as one, with a first dim of as many; `to` has the other
/// stars. Copies, except where they lie one behind the other. Throws heed::Error naming a number that is not there, or
/// a tensor that is unlike the first.
Weights stack(const Weights& weights, const Pattern& pattern, const std::string& to);

}  // namespace heed
