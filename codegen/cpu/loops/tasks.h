// Splits an index space into tasks that are worth a thread.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen {

/// Emits a tile.parallel over all points of `extents` (each >= 0), the last dim fastest. A task gets as many points as
/// make about `grain` units of work when one point is `workPerPoint`; small kernels are one task. `body` is called
/// once, with the point and the worker's scratch.
void overTasks(mlir::ImplicitLocOpBuilder& b, mlir::ValueRange extents, mlir::Value workPerPoint, int64_t grain,
               mlir::Value scratchBytes,
               llvm::function_ref<void(mlir::ImplicitLocOpBuilder&, mlir::ValueRange point, mlir::Value scratch)> body);

}  // namespace heed::codegen
