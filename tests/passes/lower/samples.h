// A small program for every op of the dialect.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace heed::ir::test {

struct Sample {
  std::string name;
  std::string text;         // symbols A and B are its run-time extents
  double tolerance = 4e-6;  // relative to the largest magnitude of the result
};

inline void PrintTo(const Sample& s, std::ostream* out) { *out << s.name; }

/// One for each pointwise op that the dialect has, then those written by hand.
std::vector<Sample> samples();

}  // namespace heed::ir::test
