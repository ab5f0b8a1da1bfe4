#include "attention_shape.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "flags.h"

namespace heed::bench {

double slopeOf(std::int64_t head, std::int64_t heads) {
  return float(std::exp2(-8. * double(head + 1) / double(heads)));
}

Mask::Mask(const AttentionShape& s) : kind(s.kind()), batch(s.batch), seq(s.seq), keys(s.kv_seq), shift(s.shift()) {
  if (kind == "window") window = numberOf("--mask", s.mask);
  if (s.mask.starts_with("softcap:")) cap = double(numberOf("--mask", s.mask));
  if (kind == "padding")
    for (std::int64_t b = 0; b < batch; ++b) valid.push_back(std::int32_t(keys - b * keys / (2 * batch) - keys / 8));
  if (kind == "document") {
    std::mt19937 random(7);
    for (std::int32_t document = 0; std::int64_t(documents.size()) < keys; ++document)
      documents.insert(documents.end(), 100 + random() % 401, document);
    documents.resize(std::size_t(keys));
    length_.resize(std::size_t(documents.back()) + 1);
    for (std::int32_t document : documents) ++length_[std::size_t(document)];
  }
}

bool Mask::visible(std::int64_t b, std::int64_t i, std::int64_t j) const {
  i += shift;
  if (kind == "causal" || kind == "alibi") return j <= i;
  if (kind == "window") return j <= i && i - j < window;
  if (kind == "padding") return j < valid[std::size_t(b)];
  if (kind == "document") return documents[std::size_t(i)] == documents[std::size_t(j)];
  return true;
}

std::int64_t Mask::count(std::int64_t b, std::int64_t i) const {
  i += shift;
  if (kind == "causal" || kind == "alibi") return i + 1;
  if (kind == "window") return std::min(i + 1, window);
  if (kind == "padding") return valid[std::size_t(b)];
  if (kind == "document") return length_[std::size_t(documents[std::size_t(i)])];
  return keys;
}

double Mask::pairs() const {
  double all = 0;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t i = 0; i < seq; ++i) all += double(count(b, i));
  return all;
}

}  // namespace heed::bench
