// What follows a product, word by word: in a graph and in f64.
//
// Invariant: a word is one row of the table in epilogue.cpp. Test: tests/tools/heed_bench.py.
#pragma once

#include <string>
#include <vector>

#include "heed/driver/sketch.h"

namespace heed::bench {

/// A number in f64, and what the error of a computed one is measured by.
struct Exact {
  double value = 0;
  double size = 1;    // the magnitudes that were summed for it, at least 1: its error is relative to this
  double stored = 0;  // what it moved by where a factor was stored in a narrow type on the way
};

/// One word. `operand` is a tensor of the product's shape or of one of its rows, for words that take one.
struct Follower {
  const char* name;
  Sketch::Tensor (*graph)(Sketch& sketch, Sketch::Tensor x, Sketch::Tensor operand);
  /// The same of numbers, where those that are stored are of this type.
  void (*exact)(Exact& x, const Exact& operand, DType dtype);
};

const std::vector<Follower>& followers();
std::vector<std::string> followerNames();
/// Those of a list like "bias+gelu"; of "none" there are none.
std::vector<Follower> followersOf(const std::string& list);

}  // namespace heed::bench
