#include "program.h"

#include <random>

#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace heed::ir::test {

Text::Text(const std::string& text)
    : context_(MLIRContext::Threading::DISABLED), handler_(&context_, [this](Diagnostic& d) {
        errors_ += d.str() + "\n";
        return success();
      }) {
  context_.loadDialect<HeedDialect, func::FuncDialect>();
  module_ = parseSourceString<ModuleOp>(text, &context_);
}

func::FuncOp Text::function() const {
  return *const_cast<OwningOpRef<ModuleOp>&>(module_)->getOps<func::FuncOp>().begin();
}

std::vector<Reference> Text::randomArguments(const Extents& extents, unsigned seed) const {
  std::mt19937 engine(seed);
  std::normal_distribution<float> real;
  std::vector<Reference> arguments;
  for (Type type : function().getArgumentTypes()) {
    Axes axes = axesOf(type);
    std::vector<int64_t> sizes;
    for (const Axis& axis : axes) sizes.push_back(axis.isStatic() ? axis.extent : extents.at(axis.symbol.str()));
    Reference x(axisNames(axes), sizes);
    for (double& value : x.data)
      value = isa<FloatType>(elementOf(type)) ? real(engine)
              : elementOf(type).isInteger(1)  ? engine() % 2
                                              : engine() % 10;
    arguments.push_back(std::move(x));
  }
  return arguments;
}

std::vector<Reference> Text::run(const std::vector<Reference>& arguments) {
  FailureOr<SmallVector<Reference>> results = interpret(function(), arguments);
  if (failed(results)) return {};
  return {results->begin(), results->end()};
}

std::vector<std::string> words(bool pointwise) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<HeedDialect>();
  std::vector<std::string> words;
  for (RegisteredOperationName op : context.getRegisteredOperations())
    if (op.getDialectNamespace() == "heed" &&
        (!pointwise || (op.hasInterface<Elementwise>() && op.hasInterface<InferTypeOpInterface>())))
      words.push_back(op.stripDialect().str());
  return words;
}

double distance(const Reference& x, const Reference& y) {
  if (x.axes != y.axes || x.extents != y.extents) return INFINITY;
  double most = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.data[i] == y.data[i] || (std::isnan(x.data[i]) && std::isnan(y.data[i]))) continue;
    double d = std::fabs(x.data[i] - y.data[i]);
    most = std::isnan(d) ? INFINITY : std::max(most, d);
  }
  return most;
}

}  // namespace heed::ir::test
