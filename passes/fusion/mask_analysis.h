// Masks carry their own sparsity: what a predicate says of a whole block of scores, derived from the predicate alone.
//
// Invariant: `some` false means no point of the block is visible, `all` true means every point is.
// Test: tests/passes/fusion/mask_analysis_test.cpp.
#pragma once

#include "heed/codegen/tile/tile.h"

namespace heed::fusion {

/// Fills `classify` of a kernel from its `keep`; nothing to do when `keep` is empty.
///
/// Bounds of captures handed to `classify` at run time must cover the block's elements; for floats NaN if any element
/// is (arith.minimumf, maximumf), for i1 min is their conjunction and max their disjunction.
void buildClassify(heed::tile::AttentionOp op);

}  // namespace heed::fusion
