// Parameters that products read in few bits: which, and what that makes of their numbers.
//
// Invariant: what asMultiplied gives is what the kernels of such an executable multiply; roundWeight leaves the same,
// stored in the weight's own type. Rounded again a weight stays as it is.
// Test: tests/driver/rounded_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "heed/runtime/bind.h"

namespace heed {

/// A parameter of a target with "+int8" or "+int4". Numbers that follow each other along `axes`, those that products
/// sum over, the last one fastest, are groups of 32: integers of so many bits times one scale in bf16, the largest
/// magnitude of the group over 127 or 7. So a number moves by half a scale at most.
struct RoundedWeight {
  int parameter;  // of the signature
  int bits;       // 8 or 4
  /// In which the numbers are multiplied: f32, or bf16 where pairs of these are what an instruction takes.
  DType multiplied;
  std::vector<int> axes;

  /// Along the last axis there are a multiple of so many, if need be with zeros behind the last one.
  int run() const { return multiplied == DType::bf16 ? 2 : 1; }
  bool operator==(const RoundedWeight&) const = default;
};

/// Rounds f32, f16 or bf16 numbers in place. What is not finite takes its group with it.
void roundWeight(const ArrayView& weight, const RoundedWeight& as);

/// A copy of the weight: the numbers that products multiply, of the type that they multiply.
AnyArray asMultiplied(const ArrayView& weight, const RoundedWeight& as);

/// Those of `arrays` that are `rounded` parameters of the signature, found by name; one that is missing is an error.
/// Rounded as above they are for any reference what products read.
std::vector<ArrayView> roundedAmong(std::span<const NamedArray> arrays, const Signature& signature,
                                    const std::vector<RoundedWeight>& rounded);
void roundWeights(std::span<const NamedArray> arrays, const Signature& signature,
                  const std::vector<RoundedWeight>& rounded);

}  // namespace heed
