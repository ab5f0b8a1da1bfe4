// Two neighbouring columns of 16 bits as one word of memory: a thread has them beside each other.
//
// Whether memory has them so, the host finds out: then all threads read and write words, or none. The second of them
// may begin a word, too, where rows begin anywhere. Test: tests/codegen/gpu/contract_test.cpp and attention_test.cpp.
#pragma once

#include "heed/codegen/cpu/space.h"
#include "heed/codegen/gpu/thread.h"

namespace heed::codegen::gpu {

class Words {
 public:
  /// On the host. Columns are those of `dim`, of which there are an even number; the first of two is an even one.
  Words(Builder& b, llvm::ArrayRef<View> views, int64_t dim);

  /// Whether all pairs of view `n` are words.
  mlir::Value whole(size_t n);
  /// Where they are.
  void storeWhole(size_t n, mlir::Value x, mlir::Value y, mlir::Value first);

  /// Both elements of view `n`, the first of them at `position`.
  std::pair<mlir::Value, mlir::Value> load(size_t n, mlir::Value first, mlir::Value second);
  void store(size_t n, mlir::Value x, mlir::Value y, mlir::Value first, mlir::Value second);

 private:
  mlir::Value pointer(size_t n, mlir::Value position);
  mlir::Value secondAt(mlir::Value first);

  Builder& b;
  llvm::ArrayRef<View> views;
  Values rest;  // bytes between where pairs of a view begin and the word before; null: they are no words
};

}  // namespace heed::codegen::gpu
