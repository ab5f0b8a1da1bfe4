// Rows of ids as an array. Read tests/runtime/tokens_test.cpp.
#include "heed/runtime/tokens.h"

#include <algorithm>

#include "heed/runtime/error.h"

namespace heed {
namespace {

std::size_t longest(std::span<const Tokens> rows) {
  std::size_t most = 0;
  for (const Tokens& row : rows) most = std::max(most, row.size());
  return most;
}

}  // namespace

void requireTokens(const std::string& what, std::span<const Tokens> rows, const TokenLimits& limits) {
  if (rows.empty()) throw Error(what, "no rows", "at least one is required", "an empty batch has no result");
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::string name = what + ": row " + std::to_string(r);
    const auto count = std::int64_t(rows[r].size());
    if (count < limits.least)
      throw Error(name, count == 0 ? "no tokens" : std::to_string(count) + " tokens",
                  "at least " + std::to_string(limits.least) + " is required");
    if (count > limits.positions)
      throw Error(name, std::to_string(count) + " tokens",
                  "the model's table has " + std::to_string(limits.positions) + " positions", "shorten it");
    for (std::int64_t t = 0; t < count; ++t)
      if (const std::int32_t id = rows[r][std::size_t(t)]; id < 0 || id >= limits.vocabulary)
        throw Error(name, "id " + std::to_string(id) + " at place " + std::to_string(t),
                    "the vocabulary has ids from 0 to " + std::to_string(limits.vocabulary - 1),
                    "use the tokenizer of this model");
  }
}

AnyArray padded(std::span<const Tokens> rows, Padding padding) {
  const std::size_t width = longest(rows);
  const std::int64_t sizes[] = {std::int64_t(rows.size()), std::int64_t(width)};
  AnyArray ids(DType::i32, sizes);
  auto* next = static_cast<std::int32_t*>(ids.view.data);
  for (const Tokens& row : rows) {
    std::fill_n(next, width, 0);
    std::copy(row.begin(), row.end(), next + (padding == Padding::left ? width - row.size() : 0));
    next += width;
  }
  return ids;
}

AnyArray lengths(std::span<const Tokens> rows) {
  const std::int64_t sizes[] = {std::int64_t(rows.size())};
  AnyArray counts(DType::i32, sizes);
  std::transform(rows.begin(), rows.end(), static_cast<std::int32_t*>(counts.view.data),
                 [](const Tokens& row) { return std::int32_t(row.size()); });
  return counts;
}

}  // namespace heed
