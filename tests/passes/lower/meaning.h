// The contract of every op, on any target: what it compiles to computes what it evaluates to.
//
// Used by compiled_test.cpp and, for kernels of a GPU, by tests/codegen/gpu/ops_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include "../../codegen/jit/compile_text.h"
#include "../ir/program.h"
#include "heed/passes/fusion/passes.h"
#include "heed/passes/lower/passes.h"
#include "mlir/Transforms/Passes.h"
#include "samples.h"

namespace heed::ir::test {

using heed::testing::Guarded;

/// A tensor in memory of its own element type, flush against a guard page.
class Place {
 public:
  Place(mlir::Type element, const Reference& x)
      : element_(element), bytes_(bytes(element) * x.data.size()), memory_(bytes_) {
    auto address = reinterpret_cast<std::int64_t>(memory_.data());
    descriptor_ = {address, address, 0};
    descriptor_.insert(descriptor_.end(), x.extents.begin(), x.extents.end());
    for (int64_t stride : x.strides(x.axes)) descriptor_.push_back(stride);
    for (int64_t i = 0; i < x.size(); ++i) {
      if (element.isF32()) static_cast<float*>(memory_.data())[i] = float(x.data[i]);
      if (element.isInteger(32)) static_cast<int32_t*>(memory_.data())[i] = int32_t(x.data[i]);
      if (element.isInteger(1)) static_cast<uint8_t*>(memory_.data())[i] = x.data[i] != 0;
    }
  }
  double operator[](int64_t i) const {
    if (element_.isF32()) return static_cast<const float*>(memory_.data())[i];
    if (element_.isInteger(32)) return static_cast<const int32_t*>(memory_.data())[i];
    return static_cast<const uint8_t*>(memory_.data())[i];
  }
  void* descriptor() { return descriptor_.data(); }
  void* data() const { return memory_.data(); }
  size_t size() const { return bytes_; }

 private:
  static size_t bytes(mlir::Type element) { return element.isInteger(1) ? 1 : 4; }
  mlir::Type element_;
  size_t bytes_;
  Guarded memory_;
  std::vector<std::int64_t> descriptor_;
};

/// The sample at the tiled stage; `fused`: rows and epilogues formed before.
inline std::string lowered(const Sample& sample, bool fused) {
  Text program(sample.text);
  EXPECT_TRUE(program.valid()) << program.errors();
  if (!program.valid()) return "";
  mlir::PassManager passes(&program.context());
  passes.addNestedPass<mlir::func::FuncOp>(createUnrollRepeat());
  if (fused) passes.addNestedPass<mlir::func::FuncOp>(fusion::createFuseEpilogue());
  if (fused) passes.addNestedPass<mlir::func::FuncOp>(fusion::createFuseRows());
  passes.addNestedPass<mlir::func::FuncOp>(createLowerToTile());
  passes.addNestedPass<mlir::func::FuncOp>(createPlanMemory());
  passes.addPass(mlir::createCSEPass());
  EXPECT_TRUE(succeeded(passes.run(program.module()))) << program.errors();
  std::string text;
  llvm::raw_string_ostream out(text);
  program.module().print(out);
  return text;
}

/// Code for one program: called with the places of its arguments and results.
using Call = std::function<void(llvm::ArrayRef<std::unique_ptr<Place>>)>;
/// Makes code of a text at the tiled stage. Throws with the diagnostics when it does not compile.
using Maker = std::function<Call(const std::string&)>;

inline void expectMeaning(const Sample& sample, bool fused, const Maker& make) {
  std::string text = lowered(sample, fused);
  ASSERT_FALSE(::testing::Test::HasFailure()) << sample.text;
  Call code;
  try {
    code = make(text);
  } catch (const std::exception& e) {
    FAIL() << e.what() << text;
  }
  Text program(sample.text);
  mlir::FunctionType type = program.function().getFunctionType();
  for (auto [a, b] : {std::pair(7, 3), std::pair(1, 1), std::pair(0, 2), std::pair(33, 17), std::pair(3, 0)}) {
    auto arguments = program.randomArguments({{"A", a}, {"B", b}}, unsigned(a + 1));
    auto want = program.run(arguments);
    ASSERT_FALSE(want.empty()) << program.errors();
    std::vector<std::unique_ptr<Place>> places;
    for (auto [x, t] : llvm::zip_equal(arguments, type.getInputs()))
      places.push_back(std::make_unique<Place>(elementOf(t), x));
    for (auto [x, t] : llvm::zip_equal(want, type.getResults()))
      places.push_back(std::make_unique<Place>(elementOf(t), Reference(x.axes, x.extents, 77)));
    try {
      code(places);
    } catch (const std::exception& e) {
      FAIL() << "A = " << a << ", B = " << b << "\n" << sample.text << text << e.what();
    }
    for (auto [n, x] : llvm::enumerate(want)) {
      Reference got = x;
      double largest = 1;
      for (int64_t i = 0; i < x.size(); ++i) {
        got.data[i] = (*places[arguments.size() + n])[i];
        if (std::isfinite(x.data[i])) largest = std::max(largest, std::fabs(x.data[i]));
      }
      EXPECT_LE(distance(got, x), sample.tolerance * largest)
          << "result " << n << ", A = " << a << ", B = " << b << "\n"
          << sample.text << text;
    }
  }
}

}  // namespace heed::ir::test
