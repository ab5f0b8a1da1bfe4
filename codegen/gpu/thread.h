// Words for code that one thread of many runs: kernels, lanes of a warp, and what they tell each other.
//
// Invariant: shuffles and barriers stand where all threads of the warp (or block) come by together.
// Test: tests/codegen/gpu/.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/tile/device.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen::gpu {

using Builder = mlir::ImplicitLocOpBuilder;
using Values = llvm::SmallVector<mlir::Value>;

constexpr int64_t warpSize = 32;

/// What a thread knows of itself; all of type index.
struct Thread {
  mlir::Value block, number, shared;

  mlir::Value lane(Builder& b) const;
  mlir::Value warp(Builder& b) const;
};

/// A kernel of `blocks` times `threads`; `body` writes what a thread does.
void launch(Builder& b, mlir::Value blocks, int64_t threads, int64_t sharedBytes,
            llvm::function_ref<void(Builder&, const Thread&)> body);

/// A kernel in which each point of `extents` (each >= 0, the last dim fastest) is worked on by `lanes` threads of one
/// warp, 1 or all 32. `body` gets the point and the lane (null where it is alone).
void launchOver(Builder& b, mlir::ValueRange extents, int64_t lanes,
                llvm::function_ref<void(Builder&, mlir::ValueRange point, mlir::Value lane)> body);

/// The value that the lane with the other bits `mask` in its number has; any number of at most 64 bits.
mlir::Value shuffle(Builder& b, mlir::Value value, int64_t mask);
/// Combined over all lanes that differ in bits of `lanes` - 1 (a power of two); each of them gets it, bit for bit.
mlir::Value acrossLanes(Builder& b, mlir::Value value, int64_t lanes,
                        llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
/// Whether any lane's bit is set.
mlir::Value anyLane(Builder& b, mlir::Value bit);
/// The first lane's x (i32 or an index of 32 bits), of what all lanes of a warp have alike: ptxas cannot know that they
/// have, and would keep what is made of it in registers of every lane.
mlir::Value sameInWarp(Builder& b, mlir::Value x);
/// x, of f32, as a number that LLVM knows nothing of: it stays where it is made, and what it is made of ends there.
mlir::Value settled(Builder& b, mlir::Value x);
/// Until all threads of the warp, or of the block, are here; what they wrote to shared memory is seen by the others.
void syncWarp(Builder& b);
void syncBlock(Builder& b);

/// then() if `condition`, else otherwise(); both give values of `types`. Where it is known, one of them is written.
Values choose(Builder& b, mlir::Value condition, mlir::TypeRange types, llvm::function_ref<Values()> then,
              llvm::function_ref<Values()> otherwise);
void when(Builder& b, mlir::Value condition, llvm::function_ref<void()> then);
/// A float as one of `type`, which has at most as many bits.
mlir::Value rounded(Builder& b, mlir::Value x, mlir::Type type);
mlir::Value below(Builder& b, mlir::Value x, mlir::Value limit);  // x < limit, of index

}  // namespace heed::codegen::gpu
