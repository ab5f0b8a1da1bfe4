// Numbers wider or narrower than a register travel as 32-bit words.
#include "heed/codegen/gpu/thread.h"

#include "heed/codegen/cpu/loops/coordinates.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {
constexpr int64_t blockSize = 256;  // threads of a kernel that shares nothing

Value allLanes(Builder& b) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(-1)); }
}  // namespace

Value Thread::lane(Builder& b) const { return b.createOrFold<arith::RemUIOp>(number, constant(b, warpSize)); }
Value Thread::warp(Builder& b) const { return quotient(b, number, constant(b, warpSize)); }

void launch(Builder& b, Value blocks, int64_t threads, int64_t sharedBytes,
            llvm::function_ref<void(Builder&, const Thread&)> body) {
  auto kernel = tile::LaunchOp::create(b, blocks, threads, sharedBytes);
  Type index = b.getIndexType();
  Type shared = MemRefType::get({ShapedType::kDynamic}, b.getI8Type(), AffineMap(), b.getI64IntegerAttr(3));
  OpBuilder::InsertionGuard guard(b);
  Block* block = b.createBlock(&kernel.getBody(), {}, {index, index, shared}, SmallVector<Location>(3, b.getLoc()));
  auto end = tile::YieldOp::create(b);
  b.setInsertionPoint(end);
  body(b, {block->getArgument(0), block->getArgument(1), block->getArgument(2)});
}

void launchOver(Builder& b, ValueRange extents, int64_t lanes,
                llvm::function_ref<void(Builder&, ValueRange, Value)> body) {
  Value points = constant(b, 1);
  for (Value extent : extents) points = mul(b, points, extent);
  const int64_t perBlock = blockSize / lanes;
  launch(b, ceiling(b, points, constant(b, perBlock)), blockSize, 0, [&](Builder& b, const Thread& thread) {
    Value within = lanes == 1 ? thread.number : thread.warp(b);
    Value position = add(b, mul(b, thread.block, constant(b, perBlock)), within);
    when(b, below(b, position, points),
         [&] { body(b, coordinatesAt(b, position, llvm::to_vector(extents)), lanes == 1 ? Value() : thread.lane(b)); });
  });
}

Value shuffle(Builder& b, Value value, int64_t mask) {
  Type type = value.getType(), word = b.getI32Type();
  auto swap = [&](Value x) -> Value {
    return NVVM::ShflOp::create(b, x.getType(), allLanes(b), x, arith::ConstantOp::create(b, b.getI32IntegerAttr(mask)),
                                arith::ConstantOp::create(b, b.getI32IntegerAttr(31)), NVVM::ShflKind::bfly,
                                UnitAttr());
  };
  if (type.isF32() || type.isInteger(32)) return swap(value);
  if (type.isIndex())
    return arith::IndexCastOp::create(b, type, shuffle(b, arith::IndexCastOp::create(b, b.getI64Type(), value), mask));
  unsigned width = type.getIntOrFloatBitWidth();
  Type bits = b.getIntegerType(width);
  Value integer = type == bits ? value : arith::BitcastOp::create(b, bits, value).getResult();
  if (width < 32) {
    integer = arith::TruncIOp::create(b, bits, swap(arith::ExtUIOp::create(b, word, integer)));
  } else {
    Value by = arith::ConstantOp::create(b, b.getI64IntegerAttr(32));
    Value low = swap(arith::TruncIOp::create(b, word, integer));
    Value high = swap(arith::TruncIOp::create(b, word, arith::ShRUIOp::create(b, integer, by)));
    high = arith::ShLIOp::create(b, arith::ExtUIOp::create(b, bits, high), by);
    integer = arith::OrIOp::create(b, high, arith::ExtUIOp::create(b, bits, low));
  }
  return type == bits ? integer : arith::BitcastOp::create(b, type, integer).getResult();
}

Value acrossLanes(Builder& b, Value value, int64_t lanes, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t mask = 1; mask < lanes; mask *= 2) value = combine(value, shuffle(b, value, mask));
  return value;
}

Value anyLane(Builder& b, Value bit) {
  return NVVM::VoteSyncOp::create(b, b.getI1Type(), allLanes(b), bit, NVVM::VoteSyncKind::any);
}

Value sameInWarp(Builder& b, Value x) {
  Type word = b.getI32Type();
  auto number = [&](int32_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(x)); };
  auto cast = [&](Type type, Value x) -> Value {
    return x.getType() == type ? x : arith::IndexCastOp::create(b, type, x).getResult();
  };
  Value first =
      NVVM::ShflOp::create(b, word, allLanes(b), cast(word, x), number(0), number(31), NVVM::ShflKind::idx, UnitAttr());
  return cast(x.getType(), first);
}

Value settled(Builder& b, Value x) {
  auto dialect = LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT);
  return LLVM::InlineAsmOp::create(b, x.getType(), x, "", "=f,0", /*has_side_effects=*/false, /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None, dialect, ArrayAttr())
      .getResult(0);
}

void syncWarp(Builder& b) { NVVM::SyncWarpOp::create(b, allLanes(b)); }
void syncBlock(Builder& b) { NVVM::Barrier0Op::create(b); }

Values choose(Builder& b, Value condition, TypeRange types, llvm::function_ref<Values()> then,
              llvm::function_ref<Values()> otherwise) {
  if (auto known = getConstantIntValue(condition)) return *known ? then() : otherwise();
  auto choice = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  Values first = then();
  if (!types.empty()) scf::YieldOp::create(b, first);
  b.setInsertionPointToStart(choice.elseBlock());
  Values second = otherwise();
  if (!types.empty()) scf::YieldOp::create(b, second);
  return llvm::to_vector(ValueRange(choice.getResults()));
}

void when(Builder& b, Value condition, llvm::function_ref<void()> then) {
  auto choice = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  then();
}

Value rounded(Builder& b, Value x, Type type) {
  return x.getType() == type ? x : arith::TruncFOp::create(b, type, x).getResult();
}

Value below(Builder& b, Value x, Value limit) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, x, limit);
}

}  // namespace heed::codegen::gpu
