// One tile.contract: blocks of sums, finished by the op's epilogue.
//
// In three forms. By mma.sync (bf16, f16, and f32 where it may be multiplied in tf32) and by fma (f32) warps bring
// tiles of both sides to shared memory together. By wgmma (bf16, f16 on sm_90a) the copy engine does, where the
// operands are of a kind that it knows and the product is large.
//
// Invariant: a sum adds along the depth in one order, whatever the block it stands in and however many rows there are.
// Test: tests/codegen/gpu/contract_test.cpp.
#pragma once

#include <optional>

#include "heed/codegen/gpu/contract/blocks.h"
#include "heed/codegen/gpu/cores.h"
#include "heed/codegen/gpu/device.h"
#include "heed/codegen/gpu/place.h"
#include "heed/codegen/gpu/warpgroup.h"
#include "heed/codegen/gpu/words.h"
#include "heed/codegen/tile/tile.h"

namespace heed::codegen::gpu {

class ProductKernel {
 public:
  ProductKernel(tile::ContractOp op, const Device& device);

  /// Writes, there, what does the same without tiles, and tells why.
  using ByLoops = llvm::function_ref<mlir::LogicalResult(Builder&, const std::string& why)>;
  /// Writes the kernels in front of the op, and tells which. The loops are asked for where tiles are not possible, or
  /// where that is known at run time only.
  mlir::LogicalResult emit(ByLoops loops);

 private:
  using Value = mlir::Value;

  // contract.cpp: the frame
  Value product(llvm::ArrayRef<int64_t> dims);
  Value lieAsOne(const View& view, llvm::ArrayRef<int64_t> dims);
  Place along(const Place& place, llvm::ArrayRef<int64_t> dims, Value number);
  std::string refusal();
  Values capturesAt(const Place& here);
  Value finished(const Place& here, Value sum, mlir::ValueRange captures);

  // blocks.cpp
  struct Tile {
    Place place;  // at its outer dims
    Value firstRow, firstColumn;
    Value sums;  // where a part's begin in memory; null: they are all
  };
  Value countTiles(const Blocks& blocks);
  void emitBlocks(const Blocks& blocks, MakeMultiplier& make);
  void emitGrid(const Blocks& blocks, MakeMultiplier& make, bool spread);
  void bringSide(Staging& staging, const Side& side, size_t operand, const Place& place, llvm::ArrayRef<int64_t> dims,
                 Value first, Value count, Value k, Value at);
  Values overDepth(const Blocks& blocks, int64_t stage, llvm::function_ref<void(Value k, Value at)> bring,
                   Multiplier& multiplier, Value part);
  void finishByRows(const Thread& thread, const Blocks& blocks, const Tile& tile, Multiplier& multiplier,
                    const Values& sums);

  // parts.cpp
  /// Of the depth: how many, and how deep each is but the last.
  struct Parts {
    int64_t count = 1, depth = 0;
    View memory = {};  // of sums: of outer points, parts, rows, columns
  };
  std::string planParts(const Blocks& few);
  Value partAt(mlir::ValueRange point, Value part, Value row, Value column);
  void merge();

  void emitCores(const std::string& why);  // cores.cpp
  void emitFma();                          // fma.cpp

  // hopper.cpp
  std::string hopperRefusal();
  std::vector<Mapped> mappedTensors();
  Value large();
  Tile tileAt(Value number);
  void overTiles(const Thread& thread, llvm::function_ref<void(const Tile&, Value count)> body);
  void produce(const Tile& tile, Value count);
  Values sumsByWarpgroup(const Thread& thread, Value count);
  void finishFragments(const Thread& thread, const Tile& tile, const Values& sums);
  void finishBatch(const Place& line, Value column, Value pair, const Values& sums);
  Place atColumn(const Place& line, Value column, int64_t first, Value within);
  bool wholeBatches();
  bool inPairs();
  void emitHopper();

  tile::ContractOp op;
  Device device;
  Builder b;
  size_t out;  // its operand number
  llvm::SmallVector<View> views;
  Values extents;
  llvm::SmallVector<int64_t> outer, rows, columns;
  int64_t depth = -1;
  Value joined;          // whether the operands lie as the kernels read them; null: yes
  bool upright = false;  // the right side has the depth as rows
  bool leftUpright = false;
  bool failed = false;
  bool alone = true;  // no other form takes other extents
  Value rowCount, columnCount;
  Parts parts;

  // By wgmma.
  std::vector<Mapped> mapped;  // left, right
  Values maps;
  Value rowTiles, columnTiles, tiles, blocks, steps, base;
  std::optional<Ring> ring;
  std::optional<Words> words;
};

}  // namespace heed::codegen::gpu
