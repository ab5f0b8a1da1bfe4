#include "heed/codegen/gpu/warpgroup.h"

#include "heed/codegen/tile/async.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {
// Of a thread, at first: what ptxas gives each of three warpgroups of 65536 registers.
constexpr int64_t registersAtFirst = 168;

Value addressOf(Builder& b, const View& view) {
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, view.base);
  return add(b, memory, mul(b, view.offset, constant(b, 2)));
}
}  // namespace

Value i32(Builder& b, Value index) { return arith::IndexCastOp::create(b, b.getI32Type(), index); }

int64_t Mapped::bytes() const {
  int64_t bytes = 2;
  for (const Dim& dim : dims) bytes *= dim.box;
  return bytes;
}

Value Mapped::possible(Builder& b) const {
  Value bits = addressOf(b, view), zero = constant(b, 0), all;
  auto also = [&](Value x) { all = all ? arith::AndIOp::create(b, all, x).getResult() : x; };
  for (const Dim& dim : dims) {
    also(below(b, zero, dim.extent));
    if (&dim == dims.begin()) continue;
    Value bytes = mul(b, dim.stride, constant(b, 2));
    also(below(b, zero, bytes));
    bits = arith::OrIOp::create(b, bits, bytes);
  }
  Value rest = arith::AndIOp::create(b, bits, constant(b, 15));
  also(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, zero));
  return all;
}

Value Mapped::map(Builder& b) const {
  Values sizes, strides;
  SmallVector<int64_t> box;
  for (const Dim& dim : dims) {
    sizes.push_back(dim.extent), box.push_back(dim.box);
    if (sizes.size() > 1) strides.push_back(mul(b, dim.stride, constant(b, 2)));
  }
  Type type = LLVM::LLVMArrayType::get(b.getI64Type(), 16);
  return tile::TensorMapOp::create(b, type, addressOf(b, view), sizes, strides, box, view.element);
}

void bring(Builder& b, Value map, Value to, int64_t count, int64_t pitch, Value barrier, ValueRange at) {
  for (int64_t n = 0; n < count; ++n) {
    Values from{i32(b, add(b, at[0], constant(b, n * boxColumns)))};
    for (Value x : at.drop_front()) from.push_back(i32(b, x));
    tile::TmaLoadOp::create(b, map, add(b, to, constant(b, n * pitch)), barrier, from);
  }
}

Value Ring::barrier(Value slot, int64_t kind) {
  return add(b, add(b, at, constant(b, 8 * stages * kind)), mul(b, slot, constant(b, 8)));
}

void Ring::begin(int64_t consumerWarps) {
  for (int64_t n = 0; n < stages; ++n) {
    tile::MbarrierInitOp::create(b, barrier(constant(b, n), 0), 1);
    tile::MbarrierInitOp::create(b, barrier(constant(b, n), 1), consumerWarps);
  }
}

Ring::Turn Ring::turn(Value count) {
  Value slot = arith::AndIOp::create(b, count, constant(b, stages - 1));
  Value time = arith::AndIOp::create(b, quotient(b, count, constant(b, stages)), constant(b, 1));
  return {slot, i32(b, time)};
}

void Ring::waitFull(const Turn& turn) { tile::MbarrierWaitOp::create(b, full(turn), turn.parity); }

/// A slot that was never filled is empty: the phase of parity 1 is complete from the start.
void Ring::waitEmpty(const Turn& turn) {
  Value other = arith::XOrIOp::create(b, turn.parity, arith::ConstantOp::create(b, b.getI32IntegerAttr(1)));
  tile::MbarrierWaitOp::create(b, barrier(turn.slot, 1), other);
}

void Ring::giveBack(const Turn& turn) { tile::MbarrierArriveOp::create(b, barrier(turn.slot, 1)); }

void specialise(Builder& b, Value warp, int64_t producerRegisters, llvm::function_ref<void()> produce,
                llvm::function_ref<void()> consume) {
  const int64_t consumerRegisters = registersAtFirst + (registersAtFirst - producerRegisters) / consumerGroups;
  Value first = constant(b, warpsOfGroup * consumerGroups);
  choose(
      b, below(b, warp, first), {},
      [&] {
        tile::RegistersOp::create(b, consumerRegisters, /*more=*/true);
        consume();
        return Values();
      },
      [&] {
        tile::RegistersOp::create(b, producerRegisters, /*more=*/false);
        when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, warp, first), produce);
        return Values();
      });
}

Value descriptor(Builder& b, Value address, int64_t leading, int64_t stride) {
  Type i64 = b.getI64Type();
  auto number = [&](int64_t x) -> Value { return arith::ConstantOp::create(b, b.getI64IntegerAttr(x)); };
  Value bits = arith::IndexCastOp::create(b, i64, address);
  bits = arith::AndIOp::create(b, arith::ShRUIOp::create(b, bits, number(4)), number(0x3fff));
  return arith::OrIOp::create(b, bits, number((int64_t(1) << 62) | (stride / 16) << 32 | (leading / 16) << 16));
}

Value further(Builder& b, Value descriptor, int64_t bytes) {
  if (bytes == 0) return descriptor;
  return arith::AddIOp::create(b, descriptor, arith::ConstantOp::create(b, b.getI64IntegerAttr(bytes / 16)));
}

}  // namespace heed::codegen::gpu
