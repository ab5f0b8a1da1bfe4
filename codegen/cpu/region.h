// Clones a scalar region (arith, math, tile.index, linalg.index, memref.load) at vector width.
//
// A value that is the same in every lane stays a scalar; it is broadcast only where it meets a vector.
// Test: tests/codegen/attention/attention_test.cpp (bodies, posts and masks of every kind).
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Region.h"

namespace heed::codegen {

/// A position along one dim: `base` (index) in lane 0; lane n is at base + n when `perLane`. Or `each`, where given: a
/// vector of i32, the position of each lane.
struct LaneIndex {
  mlir::Value base;
  bool perLane = false;
  mlir::Value each = {};
};

class RegionCloner {
 public:
  using IndexAt = std::function<LaneIndex(int64_t dim)>;

  /// `lanes` 0 keeps everything scalar. `contract` lets a product and its sum become one vector.fma.
  RegionCloner(mlir::OpBuilder& builder, mlir::Location loc, int lanes, bool contract, IndexAt indexAt)
      : b(builder), loc(loc), lanes(lanes), contract(contract), indexAt(std::move(indexAt)) {}

  /// The values that the region's terminator yields for `arguments`: scalars or vector<lanes x T>. An op that cannot
  /// be widened is an error at the op, and an empty result.
  llvm::SmallVector<mlir::Value> clone(mlir::Region& region, mlir::ValueRange arguments);
  /// One value of the region alone, as wide as it comes out, for `arguments`; an error as above, and null.
  mlir::Value evaluate(mlir::Region& region, mlir::Value value, mlir::ValueRange arguments);
  /// sum + the region's single f32 result, as wide as the sum; one fma where the result is a product.
  mlir::Value accumulate(mlir::Region& region, mlir::ValueRange arguments, mlir::Value sum);
  /// The value as a vector.
  mlir::Value broadcast(mlir::Value value);

 private:
  bool cloneBody(mlir::Region& region, mlir::ValueRange arguments, mlir::Operation* except);
  bool cloneOp(mlir::Operation& op);
  mlir::Value laneIndex(LaneIndex index, mlir::Type element);
  mlir::Value gather(mlir::Operation& load);
  mlir::Type widened(mlir::Type scalar) const;
  bool isWide(mlir::Value value) const;

  mlir::OpBuilder& b;
  mlir::Location loc;
  int lanes;
  bool contract;
  IndexAt indexAt;
  mlir::IRMapping map;
  llvm::DenseMap<mlir::Value, LaneIndex> positions;  // results of index ops, not yet made into vectors
};

}  // namespace heed::codegen
