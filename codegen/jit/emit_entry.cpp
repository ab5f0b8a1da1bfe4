// The face of a module towards the runtime: heed_entry(session, arguments).
//
// Test: tests/codegen/jit/entry.mlir.
#include "heed/codegen/jit/passes.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
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
      if (!isa<MemRefType>(type)) return fail(exported, "takes an argument that is no memref");
    exported.setPrivate();
    emitEntry(exported);
  }

  void fail(Operation* op, const Twine& message) {
    op->emitOpError(message);
    signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen
