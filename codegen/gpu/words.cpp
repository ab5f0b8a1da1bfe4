#include "heed/codegen/gpu/words.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace heed::codegen::gpu {

using namespace mlir;

static constexpr int64_t wordBytes = 4, width = wordBytes / 2;

Words::Words(Builder& b, ArrayRef<View> views, int64_t dim) : b(b), views(views) {
  for (const View& view : views) {
    Value& bytes = rest.emplace_back();
    if (dim < 0 || view.unit != dim || view.element.getIntOrFloatBitWidth() != 8 * width) continue;
    Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, view.base);
    bytes = add(b, memory, mul(b, view.offset, constant(b, width)));
    for (auto [number, stride] : llvm::enumerate(view.stride))
      if (stride && int64_t(number) != dim) bytes = arith::OrIOp::create(b, bytes, mul(b, stride, constant(b, width)));
    bytes = arith::AndIOp::create(b, bytes, constant(b, wordBytes - 1));
  }
}

Value Words::whole(size_t n) {
  if (!rest[n]) return arith::ConstantOp::create(b, b.getBoolAttr(false));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest[n], constant(b, 0));
}

Value Words::pointer(size_t n, Value position) {
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, views[n].base);
  Value address = add(b, memory, mul(b, position, constant(b, width)));
  Value bits = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), /*global=*/1), bits);
}

Value Words::secondAt(Value from) {
  return LLVM::GEPOp::create(b, from.getType(), b.getI8Type(), from, LLVM::GEPArg(int32_t(width)));
}

/// By words or by halves: of one address, and to one register.
std::pair<Value, Value> Words::load(size_t n, Value first, Value second) {
  const View& view = views[n];
  if (!rest[n]) return {codegen::load(b, view, first), codegen::load(b, view, second)};
  Value from = pointer(n, first), by = arith::ConstantOp::create(b, b.getI32IntegerAttr(8 * width));
  Type word = b.getI32Type(), half = b.getIntegerType(8 * width);
  auto halfAt = [&](Value at) -> Value {
    return arith::ExtUIOp::create(b, word, LLVM::LoadOp::create(b, half, at, width));
  };
  Value both = choose(
      b, whole(n), {word}, [&] { return Values{LLVM::LoadOp::create(b, word, from, wordBytes)}; },
      [&] {
        Value high = arith::ShLIOp::create(b, halfAt(secondAt(from)), by);
        return Values{arith::OrIOp::create(b, halfAt(from), high)};
      })[0];
  auto element = [&](Value x) -> Value {
    return arith::BitcastOp::create(b, view.element, arith::TruncIOp::create(b, half, x));
  };
  return {element(both), element(arith::ShRUIOp::create(b, both, by))};
}

void Words::store(size_t n, Value x, Value y, Value first, Value second) {
  if (!rest[n]) return codegen::store(b, views[n], x, first), codegen::store(b, views[n], y, second);
  choose(
      b, whole(n), {}, [&] { return storeWhole(n, x, y, first), Values(); },
      [&] {
        Value to = pointer(n, first);
        Type half = b.getIntegerType(8 * width);
        LLVM::StoreOp::create(b, arith::BitcastOp::create(b, half, x), to, width);
        LLVM::StoreOp::create(b, arith::BitcastOp::create(b, half, y), secondAt(to), width);
        return Values();
      });
}

void Words::storeWhole(size_t n, Value x, Value y, Value first) {
  auto wide = [&](Value x) -> Value {
    Value bits = arith::BitcastOp::create(b, b.getIntegerType(8 * width), x);
    return arith::ExtUIOp::create(b, b.getI32Type(), bits);
  };
  Value by = arith::ConstantOp::create(b, b.getI32IntegerAttr(8 * width));
  Value word = arith::OrIOp::create(b, wide(x), arith::ShLIOp::create(b, wide(y), by));
  LLVM::StoreOp::create(b, word, pointer(n, first), wordBytes);
}

}  // namespace heed::codegen::gpu
