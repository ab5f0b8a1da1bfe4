// Which two coordinates belong to one frequency, in rotary and sinusoidal positions.
//
// Invariant: pair(i) is below ceil(d/2); of an even d, partner(partner(i)) is i, and one of the two is the first. Of an
// odd one the last first has no partner.
// Read tests/nn/rotary_test.cpp.
#pragma once

namespace heed::nn {

/// Coordinate i is paired with i + d/2: GPT-NeoX, Llama and Qwen as published for `transformers`; Marian.
template <class Depth>
struct HalfSplit {
  static constexpr int half = int((Depth::extent + 1) / 2);
  static constexpr auto pair(const auto& i) { return i % half; }
  static constexpr auto partner(const auto& i) { return (i + half) % (2 * half); }
  static constexpr auto isFirst(const auto& i) { return i < half; }
};

/// Coordinate 2n is paired with 2n + 1: the Transformer of 2017, RoFormer, GPT-J and Llama as published by Meta.
template <class Depth>
struct Interleaved {
  static constexpr auto pair(const auto& i) { return i / 2; }
  static constexpr auto partner(const auto& i) { return i ^ 1; }
  static constexpr auto isFirst(const auto& i) { return i % 2 == 0; }
};

}  // namespace heed::nn
