// For tests: the kernels that people write, each as region text and as a C++ formula.
//
// Read attention_test.cpp for its use.
#pragma once

#include "heed/tests/codegen/attention/kernel_case.h"

namespace heed::testing {

/// softmax(q k / 4) v on (o, q, d), (o, k, d), (o, k, v) -> (o, q, v).
KernelCase sdpa();

// Changes to a kernel.
KernelCase withLse(KernelCase kernel);
KernelCase withStart(KernelCase kernel);  // an initial m, l, o
KernelCase padded(KernelCase kernel);     // rows of every operand have unused elements behind them
KernelCase narrow(KernelCase kernel, const std::string& type);  // similar operands, value and out: bf16 or f16
/// New dims for the row operand, the key operand, value and out.
KernelCase permuted(KernelCase kernel, std::vector<std::vector<std::string>> dims);
KernelCase causal(KernelCase kernel);
KernelCase window(KernelCase kernel, int width);
KernelCase lengths(KernelCase kernel);     // captures i32 lengths (o)
KernelCase documents(KernelCase kernel);   // captures i32 ids of rows (o, q) and keys (o, k)
KernelCase maskTensor(KernelCase kernel);  // captures i1 (q, k)
KernelCase biasTensor(KernelCase kernel);  // captures f32 (o, q, k), added to the score
KernelCase dropout(KernelCase kernel);     // captures f32 (q, k), multiplies the weight

// Other kernels.
KernelCase alibi();            // captures f32 slope (o)
KernelCase softcap();          // 2 tanh(s / 2)
KernelCase additive();         // w tanh(q + k), w (d)
KernelCase gaussian();         // -(q - k)^2 / 2 w^2
KernelCase grouped();          // q (o, og, q, d), k and v without og
KernelCase manyDims();         // two depth dims, two value dims, two outer dims
KernelCase twoSimilarities();  // q k + r s, over depths of their own
KernelCase minusInfinity();    // a post that yields -inf for some keys, for whole rows too

}  // namespace heed::testing
