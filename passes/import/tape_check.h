// Refuses a tape on which a range, an id, a type or the nesting is wrong, before anything reads through it.
//
// Invariant: what passes can be read without further checks. Test: tests/passes/import/import_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "heed/dsl/tape.h"

namespace heed {

/// What is wrong with the tape, and the node at fault when there is one.
struct TapeMistake {
  std::string what;
  const tape::Node* node = nullptr;
};
std::optional<TapeMistake> checkTape(const GraphView& graph);

}  // namespace heed
