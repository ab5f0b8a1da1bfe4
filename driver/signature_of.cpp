#include "heed/driver/signature_of.h"

#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/axes.h"
#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace heed {

static DType dtypeOf(Type element) {
  if (element.isInteger(1)) return DType::i1;
  if (element.isInteger(32)) return DType::i32;
  if (element.isF16()) return DType::f16;
  return element.isBF16() ? DType::bf16 : DType::f32;
}

static AxisSpec axisOf(const ir::Axis& axis) {
  return {axis.name.str(), axis.isStatic() ? axis.name.str() : axis.symbol.str(), axis.isStatic() ? axis.extent : -1};
}

/// The parameters whose rows an argument names, itself and nothing made of it.
static std::vector<TableSpec> tablesOf(func::FuncOp function, BlockArgument argument) {
  std::vector<TableSpec> tables;
  for (Operation* user : argument.getUsers()) {
    auto take = dyn_cast<ir::TakeOp>(user);
    auto table = take && take.getRows() == argument ? dyn_cast<BlockArgument>(take.getTable()) : BlockArgument();
    if (!table || table.getOwner() != &function.getBody().front()) continue;
    const unsigned i = table.getArgNumber();
    auto name = function.getArgAttrOfType<StringAttr>(i, "heed.name");
    if (!name || !function.getArgAttr(i, "heed.parameter")) continue;
    for (const ir::Axis& axis : ir::axesOf(table.getType()))
      if (axis.name == take.getAxis()) tables.push_back({name.str(), axisOf(axis)});
  }
  return tables;
}

static TensorSpec specOf(Type type, DictionaryAttr attributes) {
  TensorSpec spec;
  if (attributes)
    if (auto name = attributes.getAs<StringAttr>("heed.name")) spec.name = name.str();
  spec.dtype = dtypeOf(ir::elementOf(type));
  for (const ir::Axis& axis : ir::axesOf(type)) spec.axes.push_back(axisOf(axis));
  return spec;
}

Signature signatureOf(ModuleOp module) {
  Signature signature;
  auto function = *module.getOps<func::FuncOp>().begin();
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    TensorSpec spec = specOf(function.getArgumentTypes()[i], function.getArgAttrDict(i));
    if (function.getArgAttr(i, "heed.state")) {
      auto text = [&](StringRef name) {
        auto attribute = function.getArgAttrOfType<StringAttr>(i, name);
        return attribute ? attribute.getValue() : StringRef();
      };
      StateSpec state{std::move(spec), text("heed.tokens").str()};
      for (auto [a, axis] : llvm::enumerate(state.tensor.axes))
        if (axis.name == text("heed.memory")) state.memory = int(a);
      signature.states.push_back(std::move(state));
      continue;
    }
    const bool parameter = bool(function.getArgAttr(i, "heed.parameter"));
    if (!parameter && !function.isDeclaration()) spec.tables = tablesOf(function, function.getArgument(i));
    (parameter ? signature.parameters : signature.inputs).push_back(std::move(spec));
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    signature.results.push_back(specOf(function.getResultTypes()[i], function.getResultAttrDict(i)));
  return signature;
}

std::vector<RoundedWeight> roundedWeights(ModuleOp lowered, int inputs) {
  std::vector<RoundedWeight> all;
  for (auto function : lowered.getOps<func::FuncOp>()) {
    if (!function.isPublic()) continue;
    // A list stands for parameters that follow each other; packed forms are of weights before them.
    SmallVector<int> first, count;
    int before = -inputs;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      Type type = function.getArgumentTypes()[i];
      auto list = dyn_cast<tile::ListType>(type);
      const bool own = isa<MemRefType, tile::ListType>(type) && !function.getArgAttr(i, "tile.packed");
      first.push_back(before), count.push_back(own ? list ? int(list.getCount()) : 1 : 0);
      before += count.back();
    }
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto said = function.getArgAttrOfType<DenseI64ArrayAttr>(i, "tile.rounded");
      if (!said) continue;
      auto weight = unsigned(function.getArgAttrOfType<IntegerAttr>(i, "tile.packed").getInt());
      if (isa<LLVM::LLVMPointerType>(function.getArgumentTypes()[0])) ++weight;  // the session stands before all
      ArrayRef<int64_t> numbers = said;
      const DType multiplied = numbers[1] == 2 ? DType::bf16 : DType::f32;
      for (int n = 0; n < count[weight]; ++n)
        all.push_back({first[weight] + n, int(numbers[0]), multiplied, {numbers.begin() + 2, numbers.end()}});
    }
  }
  return all;
}

}  // namespace heed
