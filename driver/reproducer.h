// When a pass fails, all that is needed to see it fail again: the IR before the stage and the command that replays it.
//
// Invariant: never throws; a reproducer that could not be written says so. Test: tests/driver/reproducer_test.cpp.
#pragma once

#include <string>

namespace heed {

/// Writes `ir` to a new file in the temporary folder; returns the sentence that names the file and the command.
std::string writeReproducer(const std::string& ir, const std::string& stage, const std::string& target);

}  // namespace heed
