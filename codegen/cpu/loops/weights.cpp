// One function packs all weights of one form, whatever their extents.
#include "heed/codegen/cpu/loops/weights.h"

namespace heed::codegen {

using namespace mlir;

Value Weights::packed(tile::ContractOp op, ContractKernel& kernel, const Target& target) {
  Value operand = kernel.panelOperand();
  auto item = operand.getDefiningOp<tile::ItemOp>();
  auto weight = dyn_cast<BlockArgument>(item ? Value(item.getList()) : operand);
  auto function = weight ? dyn_cast<func::FuncOp>(weight.getOwner()->getParentOp()) : func::FuncOp();
  if (!function || !function.getArgAttr(weight.getArgNumber(), "tile.constant")) return {};
  BlockArgument argument = argumentFor(weight, kernel.packedForm(), op, target);
  if (!argument || !item) return argument;
  OpBuilder b(item);
  auto list = cast<tile::ListType>(argument.getType());
  return tile::ItemOp::create(b, item.getLoc(), list.getElement(), argument, item.getPosition());
}

BlockArgument Weights::argumentFor(BlockArgument weight, const PackedForm& form, tile::ContractOp op,
                                   const Target& target) {
  for (const Packed& known : all)
    if (known.weight == weight) return known.form == form ? known.argument : BlockArgument();
  func::FuncOp pack = packFunction(form, op, target);
  auto function = cast<func::FuncOp>(weight.getOwner()->getParentOp());
  Builder b(module.getContext());
  Type type = pack.getArgumentTypes().back();
  if (auto list = dyn_cast<tile::ListType>(weight.getType()))
    type = tile::ListType::get(b.getContext(), list.getCount(), cast<MemRefType>(type));
  unsigned number = function.getNumArguments();
  SmallVector<NamedAttribute> said{b.getNamedAttr("tile.packed", b.getI64IntegerAttr(weight.getArgNumber())),
                                   b.getNamedAttr("tile.pack", FlatSymbolRefAttr::get(pack))};
  if (form.bits) {
    SmallVector<int64_t> rounded{form.bits, form.pairs ? 2 : 1};
    llvm::append_range(rounded, ArrayRef(form.order).drop_front(form.shared + form.columns + 1));
    said.push_back(b.getNamedAttr("tile.rounded", b.getDenseI64ArrayAttr(rounded)));
  }
  auto attributes = b.getDictionaryAttr(said);
  if (failed(function.insertArgument(number, type, attributes, weight.getLoc()))) return {};
  all.push_back({weight, function.getArgument(number), form});
  return all.back().argument;
}

/// pack(weight, memory) -> bytes, on extents that are known when it is called.
func::FuncOp Weights::packFunction(const PackedForm& form, tile::ContractOp op, const Target& target) {
  for (auto& [known, function] : functions)
    if (known == form) return function;
  MLIRContext* context = module.getContext();
  ContractKernel kernel(op, target);
  auto given = cast<MemRefType>(kernel.panelOperand().getType());
  SmallVector<int64_t> strides, shape(given.getRank(), ShapedType::kDynamic);
  int64_t offset;
  (void)given.getStridesAndOffset(strides, offset);
  for (int64_t& stride : strides)
    if (stride != 1) stride = ShapedType::kDynamic;
  auto layout = StridedLayoutAttr::get(context, ShapedType::kDynamic, strides);
  auto weight = MemRefType::get(shape, given.getElementType(), layout);
  auto memory = MemRefType::get({ShapedType::kDynamic}, Float32Type::get(context));

  auto b = ImplicitLocOpBuilder::atBlockEnd(op.getLoc(), module.getBody());
  auto type = b.getFunctionType({weight, memory}, b.getIndexType());
  auto function = func::FuncOp::create(b, ("pack" + Twine(functions.size())).str(), type);
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(b, kernel.emitPack(b, function.getArgument(0), function.getArgument(1)));
  functions.emplace_back(form, function);
  return function;
}

}  // namespace heed::codegen
