// Compiled code on disk (HEED_CACHE=DIR), so that the next process need not compile it again; and which tiles were
// measured to be quickest on this CPU.
//
// Invariant: an entry is used only if it is whole, was made by this very build of heed from the same IR for the same
// machine, and lies in a folder that only its owner can write: it is code that will run. Anything else is a miss. Tiles
// serve every build with the same table of them, for the program that measures is another than those that use them.
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

  /// The digits of Target::tiles that were kept for the instruction set of `target` on a CPU like this one. Only
  /// withTiles says whether they are any.
  std::optional<std::string> tiles(const codegen::Target& target) const;
  void keepTiles(const codegen::Target& target, const std::string& digits) const;

 private:
  std::optional<std::string> read(const std::string& path, llvm::StringRef magic) const;
  void write(const std::string& path, const std::string& body) const;
  std::string pathOf(const std::string& key) const;
  std::string folder_;
};

}  // namespace heed
