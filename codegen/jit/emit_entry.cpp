// The face of a module towards the runtime: heed_entry(session, arguments), and heed_pack, which packs a weight.
//
// Test: tests/codegen/jit/entry.mlir.
#include "heed/codegen/jit/passes.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen {

#define GEN_PASS_DEF_EMITENTRY
#include "heed/codegen/jit/passes.h.inc"

namespace {

using namespace mlir;

bool takesSession(func::FuncOp f) {
  return f.getNumArguments() > 0 && isa<LLVM::LLVMPointerType>(f.getArgumentTypes().front());
}

/// A list is where the pointers to its descriptors begin; its buffers are loaded where they are asked for.
void lowerLists(func::FuncOp f) {
  Type pointer = LLVM::LLVMPointerType::get(f.getContext());
  LLVMTypeConverter types(f.getContext());
  f.walk([&](tile::ItemOp item) {
    ImplicitLocOpBuilder b(item.getLoc(), item);
    Value list = UnrealizedConversionCastOp::create(b, pointer, item.getList()).getResult(0);
    Value position = arith::IndexCastOp::create(b, b.getI64Type(), item.getPosition());
    Value slot = LLVM::GEPOp::create(b, pointer, pointer, list, position);
    Value descriptor =
        LLVM::LoadOp::create(b, types.convertType(item.getType()), LLVM::LoadOp::create(b, pointer, slot));
    item.replaceAllUsesWith(UnrealizedConversionCastOp::create(b, item.getType(), descriptor).getResult(0));
    item.erase();
  });
  SmallVector<Type> arguments;
  for (BlockArgument argument : f.getArguments()) {
    if (isa<tile::ListType>(argument.getType())) {
      for (Operation* cast : llvm::make_early_inc_range(argument.getUsers())) {
        cast->getResult(0).replaceAllUsesWith(argument);
        cast->erase();
      }
      argument.setType(pointer);
    }
    arguments.push_back(argument.getType());
  }
  f.setType(FunctionType::get(f.getContext(), arguments, {}));
}

/// Where each argument of the exported function, the session left out, is among those of the entry.
class Positions {
 public:
  explicit Positions(func::FuncOp function) : function_(function), session_(takesSession(function)) {
    for (unsigned n = 0; n < count(); ++n) {
      positions_.push_back(total_);
      if (!weightOf(n)) total_ += slots(n);
    }
    for (unsigned n = 0; n < count(); ++n)
      if (auto weight = weightOf(n)) positions_[n] = total_ + positions_[weight.getInt()];
  }
  unsigned count() const { return function_.getNumArguments() - session_; }
  int32_t operator[](unsigned n) const { return positions_[n]; }
  Type type(unsigned n) const { return function_.getArgumentTypes()[n + session_]; }
  int32_t slots(unsigned n) const {
    auto list = dyn_cast<tile::ListType>(type(n));
    return list ? int32_t(list.getCount()) : 1;
  }
  /// The number of the weight that argument n is the packed form of, or null; and the function that packs it.
  IntegerAttr weightOf(unsigned n) const {
    return function_.getArgAttrOfType<IntegerAttr>(n + session_, "tile.packed");
  }
  StringRef packOf(unsigned n) const {
    return function_.getArgAttrOfType<FlatSymbolRefAttr>(n + session_, "tile.pack").getValue();
  }

 private:
  mutable func::FuncOp function_;  // a handle, whose questions are not const
  unsigned session_;
  int32_t total_ = 0;
  SmallVector<int32_t> positions_;
};

/// The memref whose descriptor is at `address`.
Value loadMemRef(ImplicitLocOpBuilder& b, Type type, Value address) {
  LLVMTypeConverter types(b.getContext());
  Value descriptor = LLVM::LoadOp::create(b, types.convertType(type), address);
  return UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0);
}

/// Loads descriptor i through arguments[i] and calls `callee`.
void emitEntry(func::FuncOp callee, const Positions& positions) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(callee.getLoc(), callee->getBlock());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto entry = func::FuncOp::create(b, "heed_entry", b.getFunctionType({pointer, pointer}, {}));
  b.setInsertionPointToStart(entry.addEntryBlock());
  Value session = entry.getArgument(0), arguments = entry.getArgument(1);
  SmallVector<Value> operands;
  if (takesSession(callee)) operands.push_back(session);
  for (unsigned n = 0; n < positions.count(); ++n) {
    Value slot = LLVM::GEPOp::create(b, pointer, pointer, arguments, ArrayRef<LLVM::GEPArg>{positions[n]});
    bool list = isa<tile::ListType>(positions.type(n));
    operands.push_back(list ? slot : loadMemRef(b, positions.type(n), LLVM::LoadOp::create(b, pointer, slot)));
  }
  func::CallOp::create(b, callee, operands);
  func::ReturnOp::create(b);
}

/// heed_pack(session, argument, weight, memory) -> bytes: asks the weights one after the other whether they are meant.
void emitPack(func::FuncOp callee, const Positions& positions) {
  auto module = callee->getParentOfType<ModuleOp>();
  auto b = ImplicitLocOpBuilder::atBlockEnd(callee.getLoc(), module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  auto function = func::FuncOp::create(b, "heed_pack", b.getFunctionType({pointer, i64, pointer, pointer}, {i64}));
  b.setInsertionPointToStart(function.addEntryBlock());
  auto number = [&](int64_t n) -> Value { return arith::ConstantOp::create(b, b.getI64IntegerAttr(n)); };
  Value bytes = number(0);
  for (unsigned n = 0; n < positions.count(); ++n) {
    auto weight = positions.weightOf(n);
    if (!weight) continue;
    unsigned first = positions[weight.getInt()];
    Value from = arith::SubIOp::create(b, function.getArgument(1), number(first));
    Value meant = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, from, number(positions.slots(n)));
    auto choice = scf::IfOp::create(b, i64, meant, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    auto pack = module.lookupSymbol<func::FuncOp>(positions.packOf(n));
    SmallVector<Value> operands;
    if (takesSession(pack)) operands.push_back(function.getArgument(0));
    for (unsigned a : {2u, 3u})
      operands.push_back(loadMemRef(b, pack.getArgumentTypes()[operands.size()], function.getArgument(a)));
    Value size = func::CallOp::create(b, pack, operands).getResult(0);
    scf::YieldOp::create(b, ValueRange{arith::IndexCastOp::create(b, i64, size)});
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, bytes);
    bytes = choice.getResult(0);
  }
  b.setInsertionPointToEnd(&function.getBody().front());
  func::ReturnOp::create(b, bytes);
}

struct EmitEntry : impl::EmitEntryBase<EmitEntry> {
  void runOnOperation() override {
    func::FuncOp exported;
    for (auto f : getOperation().getOps<func::FuncOp>()) {
      if (!f.isPublic() || f.isExternal()) continue;
      if (exported) return fail(f, "is a second public function; a module exports one");
      exported = f;
    }
    if (!exported) return fail(getOperation(), "has no public function; a module exports one");
    if (exported.getNumResults()) return fail(exported, "returns a value; results are written through arguments");
    for (Type type : exported.getArgumentTypes().drop_front(takesSession(exported)))
      if (!isa<MemRefType, tile::ListType>(type))
        return fail(exported, "takes an argument that is neither a memref nor a list of them");
    exported.setPrivate();
    Positions positions(exported);
    emitEntry(exported, positions);
    emitPack(exported, positions);
    for (unsigned n = 0; n < exported.getNumArguments(); ++n)
      exported.setArgAttrs(n, DictionaryAttr::get(&getContext()));  // LLVM knows none of ours
    lowerLists(exported);
  }

  void fail(Operation* op, const Twine& message) {
    op->emitOpError(message);
    signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen
