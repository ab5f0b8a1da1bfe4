// Small programs in text, run by the interpreter on numbers chosen or random.
#pragma once

#include <map>
#include <string>

#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

namespace heed::ir::test {

using Extents = std::map<std::string, int64_t>;  // of symbols

class Text {
 public:
  explicit Text(const std::string& text);
  bool valid() const { return bool(module_); }
  /// All diagnostics so far, one a line.
  const std::string& errors() const { return errors_; }
  mlir::func::FuncOp function() const;
  mlir::MLIRContext& context() { return context_; }
  mlir::ModuleOp module() { return *module_; }

  /// Arguments of this function: reals around 0, integers 0 ... 9, booleans; the same for the same seed.
  std::vector<Reference> randomArguments(const Extents& extents, unsigned seed = 1) const;
  /// The results, or none after an error.
  std::vector<Reference> run(const std::vector<Reference>& arguments);
  std::vector<Reference> runOn(const Extents& extents, unsigned seed = 1) {
    return run(randomArguments(extents, seed));
  }

 private:
  mlir::MLIRContext context_;
  std::string errors_;
  mlir::ScopedDiagnosticHandler handler_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

/// The words of all ops of the dialect, or only of the pointwise ones.
std::vector<std::string> words(bool pointwise);

/// The largest difference; infinite where axes, extents or the places of NaN and infinities differ.
double distance(const Reference& x, const Reference& y);

}  // namespace heed::ir::test
