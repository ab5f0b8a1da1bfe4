// Matrix products by tensor cores.
#pragma once

#include "heed/codegen/tile/tile.h"

namespace heed::codegen::gpu {

/// Writes the kernel in front of the op, and says whether that went well; false where tensor cores cannot do it.
bool lowerByCores(tile::ContractOp op, llvm::LogicalResult& result);

}  // namespace heed::codegen::gpu
