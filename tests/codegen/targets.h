// The targets that tests of CPU code go through: what runs here, by the usual tiles and by all others of the table.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "heed/codegen/cpu/target.h"

namespace heed::testing {

inline std::vector<std::string> instructionSets() {
  std::vector<std::string> names;
  for (const char* name : {"amx", "avx512bf16", "avx512", "avx2", "baseline"})
    if (codegen::targetFor(name)->runsHere) names.push_back(name);
  return names;
}

/// Together they take every tile that is not the first of its line: "avx512+tiles=1111", "avx512+tiles=2222", ...
inline std::vector<std::string> otherTiles(const std::string& set) {
  const auto lines = codegen::targetFor(set)->tileLines();
  std::vector<std::string> names;
  for (bool more = true; more;) {
    std::string digits;
    more = false;
    for (const codegen::TileLine& line : lines) {
      const std::size_t last = line.size() - 1, n = std::min(names.size() + 1, last);
      digits += char('0' + n);
      more |= names.size() + 1 <= last;
    }
    if (more) names.push_back(set + codegen::byTiles.str() + digits);
  }
  return names;
}

/// The instruction sets, and by other tiles those that multiply bf16 by pairs, or those that do not: in f32 they all do
/// alike.
inline std::vector<std::string> tilesOf(bool pairs) {
  std::vector<std::string> names;
  for (const std::string& set : instructionSets()) {
    names.push_back(set);
    if (codegen::targetFor(set)->bf16 != pairs) continue;
    for (std::string& other : otherTiles(set)) names.push_back(std::move(other));
  }
  return names;
}

/// As part of a test's name.
inline std::string testName(std::string target) {
  std::replace_if(
      target.begin(), target.end(), [](char c) { return c == '+' || c == '='; }, '_');
  return target;
}

}  // namespace heed::testing
