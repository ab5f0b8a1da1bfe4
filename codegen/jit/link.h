// An object file in memory, linked into this process.
#pragma once

#include <memory>

#include "heed/runtime/abi.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace heed::codegen {

struct Linked {
  abi::Entry entry = nullptr;
  abi::Pack pack = nullptr;
  std::shared_ptr<const void> code;
};

/// Links `object`, known to gdb (and to perf, when LLVM has its listener and HEED_PERF is set), and finds heed_entry
/// and heed_pack.
llvm::Expected<Linked> linkObject(std::unique_ptr<llvm::MemoryBuffer> object);

}  // namespace heed::codegen
