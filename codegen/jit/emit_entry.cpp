// The face of a module towards the runtime: heed_entry(session, arguments).
//
// Test: tests/codegen/jit/entry.mlir.
#include "heed/codegen/jit/passes.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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
      f.setArgAttrs(argument.getArgNumber(), DictionaryAttr::get(f.getContext()));  // LLVM knows none of ours
    }
    arguments.push_back(argument.getType());
  }
  f.setType(FunctionType::get(f.getContext(), arguments, {}));
}

/// Loads descriptor i through arguments[i] and calls `callee`.
void emitEntry(func::FuncOp callee) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(callee.getLoc(), callee->getBlock());
  LLVMTypeConverter types(b.getContext());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto entry = func::FuncOp::create(b, "heed_entry", b.getFunctionType({pointer, pointer}, {}));
  b.setInsertionPointToStart(entry.addEntryBlock());
  Value session = entry.getArgument(0), arguments = entry.getArgument(1);
  SmallVector<Value> operands;
  if (takesSession(callee)) operands.push_back(session);
  int32_t position = 0;
  for (Type type : callee.getArgumentTypes().drop_front(operands.size())) {
    auto slot = LLVM::GEPOp::create(b, pointer, pointer, arguments, ArrayRef<LLVM::GEPArg>{position++});
    if (auto list = dyn_cast<tile::ListType>(type)) {
      operands.push_back(slot);
      position += int32_t(list.getCount()) - 1;
      continue;
    }
    auto descriptor = LLVM::LoadOp::create(b, types.convertType(type), LLVM::LoadOp::create(b, pointer, slot));
    operands.push_back(UnrealizedConversionCastOp::create(b, type, descriptor.getResult()).getResult(0));
  }
  func::CallOp::create(b, callee, operands);
  func::ReturnOp::create(b);
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
    emitEntry(exported);
    lowerLists(exported);
  }

  void fail(Operation* op, const Twine& message) {
    op->emitOpError(message);
    signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen
