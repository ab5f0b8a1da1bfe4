// Object files in memory, linked into this process.
#pragma once

#include <memory>
#include <string>

#include "heed/runtime/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace heed::codegen {

struct Linked {
  abi::Entry entry = nullptr;
  abi::Pack pack = nullptr;
  std::shared_ptr<const void> code;
};

/// Links `objects`, known to gdb (and to perf, when LLVM has its listener and HEED_PERF is set), and finds heed_entry
/// and heed_pack.
llvm::Expected<Linked> linkObjects(llvm::ArrayRef<std::string> objects);

}  // namespace heed::codegen
