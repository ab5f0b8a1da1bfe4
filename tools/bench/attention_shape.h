// An attention problem: its extents, who sees whom, how scores come about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heed::bench {

struct AttentionShape {
  std::int64_t batch = 1, heads = 1, kv_heads = 0, seq = 1024, kv_seq = 0, depth = 64;  // 0: as the query's
  std::string mask = "none";     // none, causal, window:W, padding, alibi, document, softcap or softcap:C
  std::string score = "dot";     // dot, additive or gaussian
  std::string dtype = "f32";     // of queries, keys, values and the result: f32, bf16 or f16
  std::string against = "none";  // none or eager

  std::int64_t group() const { return heads / kv_heads; }
  /// Queries are the last of the keys.
  std::int64_t shift() const { return kv_seq - seq; }
  /// "window" of "window:256".
  std::string kind() const { return mask.substr(0, mask.find(':')); }
};

/// What a mask says in plain C++, and the tensors that it reads.
struct Mask {
  explicit Mask(const AttentionShape& shape);

  bool visible(std::int64_t b, std::int64_t i, std::int64_t j) const;
  /// How many keys a query sees.
  std::int64_t count(std::int64_t b, std::int64_t i) const;
  /// The pairs of query and key that see each other, over all of the batch, for one head.
  double pairs() const;

  std::string kind;
  std::int64_t batch, seq, keys, shift, window = 0;
  double cap = 30;
  std::vector<std::int32_t> valid, documents;  // keys that are valid, per sequence; the document of each key

 private:
  std::vector<std::int64_t> length_;  // of each document
};

/// The slope of ALiBi for a head, 2^(-8 (h + 1) / heads) (Press et al., arXiv:2108.12409).
double slopeOf(std::int64_t head, std::int64_t heads);

}  // namespace heed::bench
