// A region of scalar heed ops, made ready to run once for each element.
//
// Invariant: running allocates nothing. Test: tests/passes/ir/attention_test.cpp.
#pragma once

#include "heed/passes/ir/elements.h"
#include "mlir/IR/Block.h"

namespace heed::ir {

class Program {
 public:
  /// `space` names the axes whose positions heed.index may ask for.
  Program(mlir::Block& block, llvm::ArrayRef<std::string> space);
  /// What the block yields for these arguments at this point of the space.
  double operator()(const double* arguments, const int64_t* position);
  /// Whether it is the plain product of its two arguments.
  bool isProduct() const { return product_; }

 private:
  struct Step {
    ScalarFunction function;       // empty: the position along `axis`
    llvm::SmallVector<int, 3> in;  // slots
    int axis = 0;
  };
  int arguments_, yielded_;
  bool product_ = false;
  std::vector<Step> steps_;  // step i fills slot arguments_ + i
  std::vector<double> slots_;
};

}  // namespace heed::ir
