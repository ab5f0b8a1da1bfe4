// Weights are powers of 2, of scores times log2e: what that number is, and back from it. Both targets use it.
#pragma once

namespace heed::codegen {

constexpr float log2e = 1.44269504f;
/// 1 / log2e as the sum of two floats: of that float, which is 1.3e-8 off, for a maximum of 1e4 would come back as that
/// much less.
constexpr float back = 0.693147182f, backRest = 7.348693e-9f;

}  // namespace heed::codegen
