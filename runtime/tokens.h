// Lists of token ids, the rows of a batch: checked, and as one array.
//
// Invariant: ids are rows of the model's tables.
// Read tests/runtime/tokens_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "heed/runtime/array.h"

namespace heed {

using Tokens = std::vector<std::int32_t>;

/// Where shorter rows are filled up.
enum class Padding { right, left };

struct TokenLimits {
  /// Ids are below it.
  std::int64_t vocabulary = 0;
  /// The longest row, of a model that has a table of positions.
  std::int64_t positions = std::numeric_limits<std::int64_t>::max();
  /// The shortest.
  std::int64_t least = 1;
};

/// Throws heed::Error in the name of `what` if there are no rows, and naming the row that is too short, too long, or
/// has an id that is none of the vocabulary.
void requireTokens(const std::string& what, std::span<const Tokens> rows, const TokenLimits& limits);

/// One i32 array [rows, longest]; the ids of padding are 0.
AnyArray padded(std::span<const Tokens> rows, Padding padding = Padding::right);
/// How many ids each row has: an i32 array [rows].
AnyArray lengths(std::span<const Tokens> rows);

/// The same with the axes that a kernel takes.
template <Axis Batch, Axis Seq>
Array<i32, Batch, Seq> padded(std::span<const Tokens> rows, Padding padding = Padding::right) {
  return Array<i32, Batch, Seq>::from(padded(rows, padding));
}
template <Axis Batch>
Array<i32, Batch> lengths(std::span<const Tokens> rows) {
  return Array<i32, Batch>::from(lengths(rows));
}

}  // namespace heed
