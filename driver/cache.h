// Compiled code on disk (HEED_CACHE=DIR), so that the next process need not compile it again.
//
// Invariant: an entry is used only if it is whole, was made by this very build of heed from the same IR for the same
// machine, and lies in a folder that only its owner can write: it is code that will run. Anything else is a miss.
// Test: tests/driver/cache_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "heed/driver/pipeline.h"
#include "heed/runtime/rounded.h"
#include "mlir/IR/BuiltinOps.h"

namespace heed {

/// What is kept of one compilation.
struct CacheEntry {
  int kernels = 0;
  std::string explanation;
  std::vector<RoundedWeight> rounded;
  std::vector<std::string> objects;  // object files, one of them with heed_entry
};

class Cache {
 public:
  /// A folder that is made if it is not there; "" is no cache. Throws heed::Error if others can write it.
  explicit Cache(std::string folder);
  bool enabled() const { return !folder_.empty(); }

  /// What `module`, at stage `graph`, is known by when compiled for `machine`.
  static std::string keyOf(mlir::ModuleOp module, const Machine& machine);

  std::optional<CacheEntry> find(const std::string& key) const;
  /// Written beside the entry and renamed: two processes may do it at once. A full disk is no error; nothing is kept.
  void keep(const std::string& key, const CacheEntry& entry) const;

 private:
  std::string pathOf(const std::string& key) const;
  std::string folder_;
};

}  // namespace heed
