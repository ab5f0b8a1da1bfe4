// The function on buffers: its signature, its extents, its ops. Test: tests/passes/lower/lower_to_tile.mlir.
#include "heed/passes/fusion/mask_analysis.h"
#include "heed/passes/ir/lowering.h"
#include "heed/passes/lower/passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace heed::ir {

#define GEN_PASS_DEF_LOWERTOTILE
#include "heed/passes/lower/passes.h.inc"

namespace {

/// Any strides, but the innermost is 1.
MemRefType argumentType(Type tensor) {
  SmallVector<int64_t> shape, strides;
  for (const Axis& axis : axesOf(tensor)) shape.push_back(axis.extent);
  strides.assign(shape.size(), ShapedType::kDynamic);
  if (!strides.empty()) strides.back() = 1;
  auto layout = StridedLayoutAttr::get(tensor.getContext(), ShapedType::kDynamic, strides);
  return MemRefType::get(shape, elementOf(tensor), layout);
}

class FunctionLowering {
 public:
  explicit FunctionLowering(func::FuncOp function)
      : function_(function), old_(function.front()), b_(function.getContext()), lowering_(b_) {}

  LogicalResult run() {
    TypeRange results = old_.getTerminator()->getOperandTypes();
    groupCopies();
    SmallVector<Type> types;
    SmallVector<Location> places;
    for (unsigned first : firsts_) {
      MemRefType type = argumentType(function_.getArgumentTypes()[first]);
      unsigned copies = copies_.lookup(first);
      types.push_back(copies ? Type(tile::ListType::get(b_.getContext(), copies, type)) : type);
      places.push_back(old_.getArgument(first).getLoc());
    }
    for (Type result : results) types.push_back(argumentType(result));
    places.resize(types.size(), old_.getTerminator()->getLoc());
    Block& block = *b_.createBlock(&function_.getBody(), function_.getBody().begin(), types, places);

    for (auto [first, argument] : llvm::zip(firsts_, block.getArguments())) {
      Value value = old_.getArgument(first);
      if (unsigned copies = copies_.lookup(first)) {
        lowering_.bindList(old_.getArguments().slice(first, copies), argument);
        bindSymbols(value, [&] {
          auto list = cast<tile::ListType>(argument.getType());
          Value zero = arith::ConstantIndexOp::create(b_, value.getLoc(), 0);
          return tile::ItemOp::create(b_, value.getLoc(), list.getElement(), argument, zero).getBuffer();
        });
        continue;
      }
      lowering_.bind(value, {argument, namesOf(axesOf(value.getType()))});
      bindSymbols(value, [&, argument = argument] { return argument; });
    }
    auto outputs = block.getArguments().drop_front(firsts_.size());
    SmallVector<Buffer> destinations;
    for (auto [value, argument] : llvm::zip(old_.getTerminator()->getOperands(), outputs)) {
      destinations.push_back({argument, namesOf(axesOf(value.getType()))});
      lowering_.want(value, destinations.back());
    }
    if (failed(lowering_.run(old_))) return failure();
    for (auto [i, result] : llvm::enumerate(results))
      for (const Axis& axis : axesOf(result))
        if (!lowering_.knows(axis))
          return function_.emitError()
                 << "the extent of axis " << axis.describe() << " of result " << i
                 << " is not known; an input must carry its symbol; pass a tensor with that axis?";
    for (auto [value, destination] : llvm::zip(old_.getTerminator()->getOperands(), destinations)) {
      Buffer computed = lowering_.buffer(value);
      if (!lowering_.isBoundTo(value, destination))
        lowering_.copy(value.getLoc(), axesOf(value.getType()), computed, destination);
    }
    func::ReturnOp::create(b_, old_.getTerminator()->getLoc());
    finish(types);
    return success();
  }

 private:
  /// Learns the extents of `value` that nobody told before, from its buffer.
  void bindSymbols(Value value, llvm::function_ref<Value()> buffer) {
    Value memref;
    for (auto [d, axis] : llvm::enumerate(axesOf(value.getType()))) {
      if (axis.isStatic() || lowering_.knows(axis)) continue;
      if (!memref) memref = buffer();
      lowering_.bindSymbol(axis.symbol, memref::DimOp::create(b_, value.getLoc(), memref, int64_t(d)));
    }
  }

  /// The same parameter of all copies of a repeat is one argument, if the copies follow each other and nothing else
  /// uses them.
  void groupCopies() {
    for (auto repeat : old_.getOps<RepeatOp>()) {
      auto own = [&](Value first, unsigned n, Value parameter) {
        auto argument = dyn_cast<BlockArgument>(parameter), start = dyn_cast<BlockArgument>(first);
        return argument && start && argument.getOwner() == &old_ &&
               argument.getArgNumber() == start.getArgNumber() + n && argument.hasOneUse();
      };
      unsigned count = repeat.getCount();
      auto parameters = repeat.getParameters();
      bool all = true;
      for (unsigned i = 0; i < parameters.size(); ++i)
        all &= own(parameters[i / count * count], i % count, parameters[i]);
      for (unsigned i = 0; all && i < parameters.size(); i += count)
        copies_[cast<BlockArgument>(parameters[i]).getArgNumber()] = count;
    }
    for (unsigned i = 0; i < old_.getNumArguments(); i += std::max(1u, copies_.lookup(i))) firsts_.push_back(i);
  }

  void finish(TypeRange types) {
    SmallVector<DictionaryAttr> attributes;
    for (unsigned first : firsts_) {
      DictionaryAttr given = function_.getArgAttrDict(first);
      NamedAttrList attribute(given ? given : b_.getDictionaryAttr({}));
      if (attribute.get("heed.parameter")) attribute.set("tile.constant", b_.getUnitAttr());
      attributes.push_back(attribute.getDictionary(b_.getContext()));
    }
    for (unsigned i = 0; i < function_.getNumResults(); ++i) {
      NamedAttrList result(function_.getResultAttrDict(i));
      result.set("heed.result", b_.getUnitAttr());
      attributes.push_back(result.getDictionary(b_.getContext()));
    }
    while (!old_.empty()) old_.back().erase();
    old_.erase();
    function_.removeResAttrsAttr();
    function_.setType(b_.getFunctionType(types, {}));
    function_.setAllArgAttrs(attributes);
  }

  func::FuncOp function_;
  std::vector<unsigned> firsts_;               // the old arguments that begin a new one
  llvm::DenseMap<unsigned, unsigned> copies_;  // how many a list stands for, by its first
  Block& old_;
  OpBuilder b_;
  Lowering lowering_;
};

struct LowerToTile : impl::LowerToTileBase<LowerToTile> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal()) return;
    if (!llvm::hasSingleElement(function.getBody()) || !llvm::all_of(function.getArgumentTypes(), isTensor) ||
        !llvm::all_of(function.getResultTypes(), isTensor)) {
      function.emitError("only a function of one block on tensors with named axes can be lowered");
      return signalPassFailure();
    }
    if (failed(FunctionLowering(function).run())) return signalPassFailure();
    function.walk([](tile::AttentionOp op) { fusion::buildClassify(op); });
  }
};

}  // namespace
}  // namespace heed::ir
