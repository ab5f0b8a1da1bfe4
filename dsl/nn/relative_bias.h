// Relative position bias: what a score gains by how far its key is from its query, learned in buckets.
//
// Buckets are as wide as 1 near the query and grow geometrically. Which one it is, is counted by comparisons with whole
// numbers, so that no logarithm rounds a distance into its neighbour, and nothing of queries x keys is stored.
// Invariant: bias() has the axes of positions, and Heads.
// Read tests/nn/relative_bias_test.cpp.
#pragma once

#include "heed/dsl/nn/embedding.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/index.h"

namespace heed::nn {

/// Raffel et al., T5, arXiv:1910.10683, 2.1, and its published code. Half of the buckets are of one distance each, the
/// others reach up to `furthest`; all that is beyond falls into the last.
template <class Seq, class Key, class Buckets, class Heads>
struct RelativeBias {
  Tensor<f32, Buckets, Heads> weight{};
  /// Keys behind the query are not seen, so that all buckets are for those before it.
  bool causal = false;
  int furthest = 128;

  constexpr auto operator()(tape::Place place = lang::caller()) const {
    static_assert(Buckets::extent > 0 && Buckets::extent % 4 == 0,
                  "heed: nn::RelativeBias<Seq, Key, Buckets, Heads>: Buckets needs a static extent, divisible by 4");
    lang::Inside here(weight, place);
    auto back = position<Seq>() - position<Key>();
    constexpr int all = int(Buckets::extent);
    auto before = inBuckets(back, 0, causal ? all : all / 2);
    return causal ? before : where(lang::bind(weight.tape, back < 0), inBuckets(0 - back, all / 2, all / 2), before);
  }

 private:
  /// The smallest distance of a bucket that is one of `count`.
  constexpr int nearest(int bucket, int count) const {
    const int exact = count / 2;
    if (bucket <= exact) return bucket;
    const double least = exact * lang::power(double(furthest) / exact, double(bucket - exact) / (count - exact)) - 1e-6;
    return int(least) + 1;
  }

  template <class D>
  constexpr auto inBuckets(const D& distance, int first, int count) const {
    auto row = [&](int bucket) { return take<Buckets>(weight, first + bucket); };
    auto n = lang::bind(weight.tape, distance);
    auto start = row(0) + cast<f32>(distance * 0);
    auto bias = where(n >= 1, row(1), start);
    for (int bucket = 2; bucket < count; ++bucket) bias = where(n >= nearest(bucket, count), row(bucket), bias);
    return bias;
  }
};

}  // namespace heed::nn
