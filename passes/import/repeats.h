// The repeats that are open while a tape is read, and what a parameter is inside of them.
//
// Invariant: a parameter of a copied module is one argument of the function per copy, and one argument of the body of
// the repeat that makes the copies. Test: tests/passes/import/import_test.cpp.
#pragma once

#include <map>
#include <vector>

#include "heed/dsl/tape.h"
#include "heed/passes/ir/heed.h"

namespace heed {

/// One copy, or with -1 in place of a copy all of them: a number for each counted scope, outermost first.
using Copies = std::vector<std::int32_t>;

class Repeats {
 public:
  explicit Repeats(const GraphView& graph) : graph_(graph) {}

  /// Says which argument of the function a copy of a parameter is.
  void bindParameter(const tape::Node* param, Copies copies, mlir::Value argument) {
    arguments_[{param, copies}] = argument;
  }
  /// The parameter in the innermost open body; null where it has copies that no open repeat makes.
  mlir::Value parameter(const tape::Node* param);

  /// Starts a body and returns the carries inside of it.
  mlir::ValueRange open(const tape::Node& node, mlir::ValueRange carries, mlir::Location loc);
  /// Ends the innermost body; the op stands at the end of the next one, or of `function`.
  mlir::ValueRange close(mlir::ValueRange next, mlir::Location loc, mlir::OpBuilder& builder, mlir::Block& function);
  bool empty() const { return open_.empty(); }
  mlir::Block* block() { return open_.back().block; }

 private:
  using Key = std::pair<const tape::Node*, Copies>;
  struct Open {
    std::uint32_t scope;
    std::unique_ptr<mlir::Region> body;
    mlir::Block* block;
    llvm::SmallVector<mlir::Value> carries;
    mlir::Location loc;
    std::vector<Key> parameters;
    std::map<Key, mlir::Value> arguments;
  };
  mlir::Value resolve(const Key& key, size_t depth);

  const GraphView& graph_;
  std::map<Key, mlir::Value> arguments_;
  std::vector<Open> open_;
};

}  // namespace heed
