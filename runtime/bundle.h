// Code on disk that runs without a compiler: one shared library with the host's code, the kernels of a GPU as PTX, and
// what a graph takes and gives. driver/bundle.h makes them, and so does heed-compile.
//
// A bundle is code that will run: load only what you trust. Read tests/driver/bundle_test.cpp.
#pragma once

#include <memory>
#include <string>

#include "heed/runtime/executable.h"

namespace heed {

/// Opens a bundle. Throws heed::Error where there is none, it is not whole, it is of another version of heed, or this
/// CPU lacks what it needs; a GPU is asked for by the first call.
std::shared_ptr<const Executable> loadBundle(const std::string& path);

}  // namespace heed
