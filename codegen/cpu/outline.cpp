// Captured values travel in a struct: index as i64, a memref as its descriptor, anything else as it is.
#include "heed/codegen/cpu/outline.h"

#include "heed/codegen/tile/tile.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace heed::codegen {

#define GEN_PASS_DEF_TILEADDSESSION
#define GEN_PASS_DEF_TILEOUTLINEPARALLEL
#include "heed/codegen/cpu/base.h.inc"

namespace {

func::FuncOp runtimeFunction(ModuleOp module, StringRef name, TypeRange arguments, TypeRange results) {
  if (auto known = module.lookupSymbol<func::FuncOp>(name)) return known;
  auto b = OpBuilder::atBlockBegin(module.getBody());
  auto function = func::FuncOp::create(b, module.getLoc(), name, b.getFunctionType(arguments, results));
  function.setPrivate();
  return function;
}

Value convert(OpBuilder& b, Location loc, Value value, Type type) {
  if (value.getType() == type) return value;
  if (value.getType().isIndex() || type.isIndex()) return arith::IndexCastOp::create(b, loc, type, value);
  return UnrealizedConversionCastOp::create(b, loc, type, value).getResult(0);
}

/// `start` as a contiguous memref of rank 1.
Value flatMemRef(OpBuilder& b, Location loc, MemRefType type, Value start, Value extent) {
  LLVMTypeConverter types(b.getContext());
  Value view = LLVM::PoisonOp::create(b, loc, types.convertType(type));
  Value zero = LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(0));
  Value one = LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(1));
  auto set = [&](Value field, ArrayRef<int64_t> at) { view = LLVM::InsertValueOp::create(b, loc, view, field, at); };
  set(start, 0);
  set(start, 1);
  set(zero, 2);
  set(extent, {3, 0});
  set(one, {4, 0});
  return convert(b, loc, view, type);
}

/// What `name` gives of the session's memory, as `type`; nobody asks for its extent.
Value memory(OpBuilder& b, ModuleOp module, Location loc, StringRef name, Value session, Value bytes, MemRefType type) {
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto function = runtimeFunction(module, name, {pointer, b.getI64Type()}, pointer);
  bytes = convert(b, loc, bytes, b.getI64Type());
  Value start = func::CallOp::create(b, loc, function, ValueRange{session, bytes}).getResult(0);
  return flatMemRef(b, loc, type, start, bytes);
}

struct AddSession : impl::TileAddSessionBase<AddSession> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    SmallVector<func::FuncOp> functions;
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal()) functions.push_back(function);
    for (auto function : functions)
      if (failed(function.insertArgument(0, pointer, {}, function.getLoc()))) return signalPassFailure();
    for (auto function : functions) {
      Value session = function.getArgument(0);
      function.walk([&](func::CallOp call) {
        auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
        if (callee && llvm::is_contained(functions, callee)) call.getOperandsMutable().assign(prepend(session, call));
      });
      SmallVector<memref::AllocOp> arenas;
      function.walk([&](memref::AllocOp alloc) {
        if (alloc.getType().getElementType().isInteger(8) && alloc.getDynamicSizes().size() == 1)
          arenas.push_back(alloc);
      });
      for (auto alloc : arenas) {
        OpBuilder b(alloc);
        for (Operation* user : llvm::make_early_inc_range(alloc->getUsers()))
          if (isa<memref::DeallocOp>(user)) user->erase();
        alloc.replaceAllUsesWith(memory(b, module, alloc.getLoc(), "heed_arena", session, alloc.getDynamicSizes()[0],
                                        alloc.getType()));
        alloc.erase();
      }
      SmallVector<tile::SharedOp> shared;
      function.walk([&](tile::SharedOp op) { shared.push_back(op); });
      for (auto op : shared) {
        OpBuilder b(op);
        op.replaceAllUsesWith(memory(b, module, op.getLoc(), "heed_shared", session, op.getBytes(), op.getType()));
        op.erase();
      }
      function.walk([&](tile::WorkersOp op) {
        OpBuilder b(op);
        auto count = runtimeFunction(module, "heed_workers", {pointer}, b.getI64Type());
        Value number = func::CallOp::create(b, op.getLoc(), count, session).getResult(0);
        op.replaceAllUsesWith(convert(b, op.getLoc(), number, b.getIndexType()));
        op.erase();
      });
    }
  }
  static SmallVector<Value> prepend(Value session, func::CallOp call) {
    SmallVector<Value> operands{session};
    operands.append(call.operand_begin(), call.operand_end());
    return operands;
  }
};

struct OutlineParallel : impl::TileOutlineParallelBase<OutlineParallel> {
  void runOnOperation() override {
    tasks.clear();
    SmallVector<tile::ParallelOp> loops;  // inner ones first
    getOperation().walk([&](tile::ParallelOp loop) { loops.push_back(loop); });
    for (auto [number, loop] : llvm::enumerate(loops)) outline(loop, number);
  }

  void outline(tile::ParallelOp loop, size_t number) {
    Location loc = loop.getLoc();
    MLIRContext* context = &getContext();
    auto parent = loop->getParentOfType<func::FuncOp>();
    auto pointer = LLVM::LLVMPointerType::get(context);
    Type i64 = IntegerType::get(context, 64);

    SetVector<Value> above;
    getUsedValuesDefinedAbove(loop.getBody(), above);
    SmallVector<Value> constants, captured;
    for (Value value : above) {
      Operation* source = value.getDefiningOp();
      (source && source->hasTrait<OpTrait::ConstantLike>() ? constants : captured).push_back(value);
    }
    LLVMTypeConverter types(context);
    SmallVector<Type> fields;
    for (Value value : captured) fields.push_back(types.convertType(value.getType()));
    auto record = LLVM::LLVMStructType::getLiteral(context, fields);

    OpBuilder b(parent);
    std::string name = (parent.getName() + "_task" + Twine(number)).str();
    auto task = func::FuncOp::create(b, loc, name, b.getFunctionType({pointer, i64, pointer}, {}));
    task.setPrivate();
    Block* entry = task.addEntryBlock();
    b.setInsertionPointToStart(entry);
    IRMapping inside;
    for (Value constant : constants) inside.map(constant, b.clone(*constant.getDefiningOp())->getResult(0));
    for (auto [n, value] : llvm::enumerate(captured)) {
      Value at =
          LLVM::GEPOp::create(b, loc, pointer, record, entry->getArgument(0), ArrayRef<LLVM::GEPArg>{0, int32_t(n)});
      inside.map(value, convert(b, loc, LLVM::LoadOp::create(b, loc, fields[n], at), value.getType()));
    }
    Block& body = loop.getBody().front();
    auto scratch = cast<MemRefType>(body.getArgument(1).getType());
    for (Value value : above)
      value.replaceUsesWithIf(inside.lookup(value),
                              [&](OpOperand& use) { return loop->isProperAncestor(use.getOwner()); });
    body.getArgument(0).replaceAllUsesWith(convert(b, loc, entry->getArgument(1), b.getIndexType()));
    // A task does not know the extent of its scratch and nobody asks: any number will do.
    Value unknown = LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(0));
    body.getArgument(1).replaceAllUsesWith(flatMemRef(b, loc, scratch, entry->getArgument(2), unknown));
    body.getTerminator()->erase();
    entry->getOperations().splice(entry->end(), body.getOperations());
    b.setInsertionPointToEnd(entry);
    func::ReturnOp::create(b, loc);
    task = shared(task);

    // The struct is allocated once per call of the function, whatever loop the tile.parallel stands in.
    b.setInsertionPointToStart(&parent.front());
    Value one = LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(1));
    Value captures = LLVM::AllocaOp::create(b, loc, pointer, record, one);
    b.setInsertionPoint(loop);
    for (auto [n, value] : llvm::enumerate(captured)) {
      Value at = LLVM::GEPOp::create(b, loc, pointer, record, captures, ArrayRef<LLVM::GEPArg>{0, int32_t(n)});
      LLVM::StoreOp::create(b, loc, convert(b, loc, value, fields[n]), at);
    }
    Value address = func::ConstantOp::create(b, loc, task.getFunctionType(), task.getName());
    auto run = runtimeFunction(getOperation(), "heed_parallel", {pointer, i64, i64, pointer, pointer}, {});
    func::CallOp::create(
        b, loc, run,
        ValueRange{parent.getArgument(0), convert(b, loc, loop.getTasks(), i64),
                   convert(b, loc, loop.getScratchBytes(), i64), convert(b, loc, address, pointer), captures});
    loop.erase();
  }

  /// The first task that does the same on other operands, in place of this one: the query, key and value projections of
  /// a layer are one function, and so are the layers of an unrolled model.
  func::FuncOp shared(func::FuncOp task) {
    for (func::FuncOp other : tasks)
      if (OperationEquivalence::isRegionEquivalentTo(&other.getBody(), &task.getBody(),
                                                     OperationEquivalence::IgnoreLocations)) {
        task.erase();
        return other;
      }
    tasks.push_back(task);
    return task;
  }

  SmallVector<func::FuncOp> tasks;
};

}  // namespace
}  // namespace heed::codegen
