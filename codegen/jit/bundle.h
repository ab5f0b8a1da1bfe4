// Object files as a shared library that needs nothing but the runtime's table; see runtime/bundle.h.
#pragma once

#include <string>

#include "heed/codegen/cpu/target.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace heed::codegen {

/// Writes the library to `path`: the code of `objects` (from jit()), `about` as its symbol heed_bundle, and in place of
/// what it calls jumps through heed_services; a seal behind it. Runs ld.lld or ld.
llvm::Error writeBundle(const std::string& path, llvm::ArrayRef<std::string> objects, const std::string& about,
                        const Target& target);

}  // namespace heed::codegen
