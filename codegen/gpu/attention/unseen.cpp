// What keys hold that nobody sees: 0 times NaN is NaN, so their values become 0 before they are multiplied.
// Test: tests/codegen/gpu/attention_test.cpp.
#include "heed/codegen/gpu/attention/kernel.h"
#include "heed/codegen/tile/async.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace heed::codegen::gpu {

using namespace mlir;

/// Values of a tile whose keys no row of the block sees become 0 where they lie; `seen` is what the rows of this warp
/// see. All threads that multiply come by together: whether a tile is whole is known of the block.
void AttentionKernel::clearUnseen(ValueRange seen, const ValuesInMemory& values) {
  const int64_t workers = hopper ? 4 * consumers : warps, threads = workers * warpSize;
  const int64_t words = values.rows / warpSize, share = threads / values.rows;
  auto meet = [&] {
    if (hopper)
      tile::NamedBarrierOp::create(b, named(consumersBarrier), threads);
    else
      syncBlock(b);
  };
  auto sharedAt = [&](Value bytes) -> Value {
    Value address = arith::IndexCastOp::create(b, b.getI64Type(), add(b, tensor->base(), bytes));
    return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), 3), address);
  };
  auto setAt = [&](Value warp, Value word) {
    return sharedAt(
        add(b, constant(b, setsAt), mul(b, add(b, mul(b, warp, constant(b, words)), word), constant(b, 4))));
  };
  // Found anew: seldom are we here, and what is the same each time would be kept in registers meanwhile.
  Value thread = shuffle(b, self.number, 0), warp = quotient(b, thread, constant(b, warpSize));
  Value lane = sub(b, thread, mul(b, warp, constant(b, warpSize)));
  when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, constant(b, 0)), [&] {
    for (int64_t n = 0; n < words; ++n) LLVM::StoreOp::create(b, seen[n], setAt(warp, constant(b, n)));
  });
  meet();
  Value row = quotient(b, thread, constant(b, share));
  Value there = below(b, row, constant(b, values.rows));
  Value of = quotient(b, smaller(b, row, constant(b, values.rows - 1)), constant(b, warpSize)), any;
  for (int64_t w = 0; w < workers; ++w) {
    Value set = LLVM::LoadOp::create(b, b.getI32Type(), setAt(constant(b, w), of));
    any = any ? arith::OrIOp::create(b, any, set).getResult() : set;
  }
  Value within = arith::IndexCastOp::create(b, b.getI32Type(), sub(b, row, mul(b, of, constant(b, warpSize))));
  Value bit = arith::TruncIOp::create(b, b.getI1Type(), arith::ShRUIOp::create(b, any, within));
  Value unseen = arith::XOrIOp::create(b, bit, arith::ConstantOp::create(b, b.getBoolAttr(true)));
  when(b, b.createOrFold<arith::AndIOp>(unseen, there), [&] {
    // The threads of a row take turns at pieces of four numbers.
    Value zeros = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
    Value turn = sub(b, thread, mul(b, row, constant(b, share)));
    Value line = add(b, add(b, values.begin, mul(b, row, constant(b, values.pitch))), mul(b, turn, constant(b, 8)));
    for (int64_t box = 0; box < values.boxes; ++box)
      for (int64_t at = 0; at < values.bytes; at += 8 * share)
        LLVM::StoreOp::create(b, zeros, sharedAt(add(b, line, constant(b, box * values.rows * values.pitch + at))));
  });
  if (hopper) tile::FenceAsyncOp::create(b);
  meet();
}

}  // namespace heed::codegen::gpu
