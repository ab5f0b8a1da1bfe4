// A graph compiled to a file that runs where there is no compiler. No MLIR in this header.
//
// Test: tests/driver/bundle_test.cpp.
#pragma once

#include <string>

#include "heed/driver/compile.h"
#include "heed/runtime/bundle.h"

namespace heed {

/// Compiles `graph` for options.target and writes it to `path`, for loadBundle() on any machine with such a CPU (cpu)
/// or GPU (cuda; the host's code then runs on any CPU of this kind). Throws heed::Error as compile() does, and where
/// the file cannot be written or no linker is here.
void saveBundle(const GraphView& graph, const Options& options, const std::string& path);

/// The same for the text of a module at stage `graph`, as HEED_DUMP writes it. `name` is what dumps and errors call it.
/// Throws heed::Error with its line where the text is no such module.
void saveBundle(const std::string& text, const std::string& name, const Options& options, const std::string& path);

}  // namespace heed
