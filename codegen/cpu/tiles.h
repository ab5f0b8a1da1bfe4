// Register and cache tiles of the CPU's kernels, and the table that they are taken from.
//
// Invariant: all numbers stand in tiles.cpp, line by line; what a kernel takes of its line is the first tile, or that
// which a digit of Target::tiles names.
// Test: tests/codegen/tiles_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace heed::codegen {

/// What stays in registers: `vectors` lane vectors of rows by `keys` keys of S, or by `values` columns of the output.
struct RegisterTile {
  int vectors, keys, values;
};

/// Register and cache tiles of the attention kernel.
struct AttentionTile {
  RegisterTile whole;   // for keys that all rows of a block see: vectors * lanes rows, `groups` of them, are a block
  RegisterTile strip;   // for the others, strip by strip; its vectors divide those of a block
  RegisterTile narrow;  // one vector: for a block that has no more; two come one after the other,
  RegisterTile pair = narrow;  // or together
  RegisterTile costly;         // one vector, for scores that take many instructions each
  int block;                   // keys whose scores stay in the first-level cache between the passes
  int segment;                 // keys of a strip that are classified at once
  int groups = 1;              // several: what is made of a block of keys serves them all
};

/// Where a block of keys is copied, since it is not f32, and no mask says which rows read it: so many groups read a
/// copy.
inline constexpr int groupsOfCopies = 4;

/// Where few rows share their keys and vectors lie along depths: `rows` * `keys` sums stay in registers, at most as
/// many as there are lanes; `block` as above.
struct FewRowsTile {
  int rows, keys, block;
};

/// Tiles of a matrix product: `rows` x `vectors` accumulators, beside them a line of the panel and one broadcast. Rows
/// that are left over come `few` at a time, which divides `rows`. Over `depth` lines, a multiple of the lanes, the rows
/// of a tile stay in the first-level cache and a panel in the second. Where the accumulators are matrix registers,
/// `rows` and `few` are multiples of their 16 rows, and `part` lines of a panel stay in the first-level cache while all
/// rows of a block pass; those then come from the second.
struct ContractTile {
  int rows, few, vectors, depth;
  int part = depth;
};

/// What the tiles of a line are for. The number is the place of its digit.
enum class Tiled { attention, deepAttention, maskedAttention, products, productsOfPairs, matrices, maskedMatrices };

/// A line of the table: what may be taken, the usual tile first.
struct TileLine {
  llvm::StringRef name;
  llvm::ArrayRef<AttentionTile> attention = {};  // one of the two has tiles
  llvm::ArrayRef<ContractTile> products = {};

  size_t size() const { return attention.size() + products.size(); }
  /// "3x8x8, strips 1x16x16, blocks of 96", "12x2, 768 deep".
  std::string describe(size_t tile) const;
};

}  // namespace heed::codegen
