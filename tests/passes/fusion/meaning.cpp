// Comparing meanings. Test: meaning_test.cpp.
#include "meaning.h"

#include <cmath>
#include <random>

#include "heed/passes/fusion/passes.h"
#include "heed/passes/ir/interpret.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using heed::ir::Reference;

namespace heed::test {

void prepare(MLIRContext& context) {
  context.disableMultithreading();
  context.loadDialect<ir::HeedDialect, func::FuncDialect>();
  context.getDiagEngine().registerHandler([](Diagnostic& d) {
    if (d.getSeverity() == DiagnosticSeverity::Error || std::getenv("HEED_VERBOSE")) llvm::errs() << d << '\n';
    return success();
  });
}

namespace {

using Random = std::mt19937;

/// Mostly small numbers; an i1 argument is now and then false throughout, so that whole rows are masked.
Reference randomArgument(Type type, Random& r, llvm::StringMap<int64_t>& symbols) {
  std::vector<std::string> axes;
  std::vector<int64_t> extents;
  for (const ir::Axis& axis : ir::axesOf(type)) {
    axes.push_back(axis.name.str());
    if (!axis.isStatic() && !symbols.count(axis.symbol)) symbols[axis.symbol] = r() % 6;
    extents.push_back(axis.isStatic() ? axis.extent : symbols[axis.symbol]);
  }
  Reference x(axes, extents);
  Type element = ir::elementOf(type);
  bool none = r() % 4 == 0;
  for (double& v : x.data) {
    if (element.isInteger(1))
      v = !none && r() % 3 != 0;
    else if (element.isInteger(32))
      v = int(r() % 8) - 1;
    else
      v = std::round((int(r() % 4001) - 2000) / 16.0) / 64;
  }
  return x;
}

bool differ(double x, double y) {
  if (std::isnan(x) || std::isnan(y)) return std::isnan(x) != std::isnan(y);
  return x != y && !(std::fabs(x - y) <= 2e-5 * std::max(1.0, std::fabs(x)));
}

}  // namespace

std::string differenceAfterFusion(func::FuncOp function, unsigned seed, int shapes, int& fused) {
  OwningOpRef<func::FuncOp> after(cast<func::FuncOp>(function->clone()));
  PassManager passes(function.getContext(), func::FuncOp::getOperationName());
  for (const char* name :
       {"heed-canonicalize", "heed-form-attention", "heed-canonicalize", "heed-fuse-epilogue", "heed-fuse-rows"})
    if (failed(parsePassPipeline(name, passes))) return std::string("no pass ") + name;
  std::string text;
  llvm::raw_string_ostream out(text);
  if (failed(passes.run(*after)) || failed(verify(*after))) {
    out << "fusion fails:\n" << function;
    return text;
  }
  fused = 0;
  after->walk([&](ir::AttentionOp) { ++fused; });
  for (int n = 0; n < shapes; ++n) {
    Random r(seed + unsigned(n));
    llvm::StringMap<int64_t> symbols;
    SmallVector<Reference> arguments;
    for (Type type : function.getArgumentTypes()) arguments.push_back(randomArgument(type, r, symbols));
    auto expected = ir::interpret(function, arguments), given = ir::interpret(*after, arguments);
    if (failed(expected) || failed(given)) {
      out << "interpreting fails:\n" << function << "\n" << *after;
      return text;
    }
    for (auto [e, g] : llvm::zip_equal(*expected, *given)) {
      Reference same = g.inOrder(e.axes);
      for (int64_t i = 0; i < e.size(); ++i)
        if (differ(e.data[i], same.data[i])) {
          out << "element " << i << " of " << e.size() << " was " << e.data[i] << ", is " << same.data[i] << " (shape "
              << n << ")\n"
              << function << "\n"
              << *after;
          return text;
        }
    }
  }
  return "";
}

}  // namespace heed::test
