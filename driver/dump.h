// Numbered stage files: DIR/<graph>/1_graph.mlir ... 7_asm.s.
//
// Invariant: a file is written whole or an Error is thrown; nothing outside DIR is touched.
// Test: tests/driver/dump_test.cpp.
#pragma once

#include <string>

#include "mlir/IR/BuiltinOps.h"

namespace heed {

class Dump {
 public:
  /// folder "": nothing is ever written. Graphs of one name get folders name, name.2, ...; so do those of programs and
  /// of processes that write at one time. What a program wrote when it ran before is overwritten; the
  /// file .program of a folder says which it was.
  Dump(std::string folder, llvm::StringRef graph);

  bool wanted() const { return !folder_.empty(); }
  void stage(llvm::StringRef name, mlir::ModuleOp module);
  void stage(llvm::StringRef name, llvm::StringRef extension, llvm::StringRef text);

 private:
  std::string folder_;
  int number_ = 0;
};

}  // namespace heed
