// A file's bytes as memory.
//
// Invariant: only regular files are mapped, read-only; the pages stay as long as anybody shares `memory`.
// Read tests/runtime/weights/load_test.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "heed/runtime/view.h"

namespace heed {

struct MappedFile {
  std::shared_ptr<const void> memory;
  std::span<const std::byte> bytes;
};

/// Throws heed::Error in the name of the path. See load() for files that shrink.
MappedFile mapFile(const std::string& path);

/// Lets go of the pages within `range` of a mapped file, `memory`: who reads them again gets them from the file. Other
/// memory stays as it is.
void letGo(const std::shared_ptr<const void>& memory, const ByteRange& range);

}  // namespace heed
