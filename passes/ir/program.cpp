// Scalar regions as a list of steps over numbered slots. Test: tests/passes/ir/attention_test.cpp.
#include "heed/passes/ir/program.h"

#include "heed/passes/ir/heed.h"

using namespace mlir;

namespace heed::ir {

Program::Program(Block& block, ArrayRef<std::string> space) : arguments_(block.getNumArguments()) {
  llvm::DenseMap<Value, int> slot;
  for (Value argument : block.getArguments()) slot.try_emplace(argument, slot.size());
  for (Operation& op : block.without_terminator()) {
    Step step;
    if (auto index = dyn_cast<IndexOp>(op))
      step.axis = llvm::find(space, index.getAxis().str()) - space.begin();
    else
      step.function = cast<Elementwise>(op).scalarMeaning();
    for (Value operand : op.getOperands()) step.in.push_back(slot.at(operand));
    slot.try_emplace(op.getResult(0), slot.size());
    steps_.push_back(std::move(step));
  }
  yielded_ = slot.at(block.getTerminator()->getOperand(0));
  slots_.resize(slot.size());
  auto mul = dyn_cast<MulOp>(block.front());
  product_ = mul && steps_.size() == 1 && arguments_ == 2 && mul.getLhs() != mul.getRhs() && yielded_ == 2 &&
             isa<FloatType>(mul.getType());
}

double Program::operator()(const double* arguments, const int64_t* position) {
  std::copy_n(arguments, arguments_, slots_.begin());
  double x[3];
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    for (size_t k = 0; k < step.in.size(); ++k) x[k] = slots_[step.in[k]];
    slots_[arguments_ + i] = step.function ? step.function(x) : static_cast<double>(position[step.axis]);
  }
  return slots_[yielded_];
}

}  // namespace heed::ir
