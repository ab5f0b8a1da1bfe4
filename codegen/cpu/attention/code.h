// A small vocabulary for writing loops over index arithmetic and lane vectors.
//
// Constants are created once, at the head of the task. Test: tests/codegen/attention/attention_test.cpp.
#pragma once

#include "heed/codegen/cpu/target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using mlir::Value;
using Values = llvm::SmallVector<Value>;

/// The scalar or vector type with another element type.
mlir::Type withElement(mlir::Type like, mlir::Type element);

class Code {
 public:
  Code(mlir::OpBuilder& builder, mlir::Location loc, const Target& target)
      : b(builder), loc(loc), target(target), lanes(target.lanes) {}

  mlir::OpBuilder& b;
  mlir::Location loc;
  const Target& target;
  const int lanes;

  /// From here on constants are created at the start of `block`.
  void constantsIn(mlir::Block* block) {
    constants.clear();
    home = block;
  }

  Value index(int64_t n) { return constant(b.getIndexAttr(n)); }
  Value bit(bool n) { return constant(b.getBoolAttr(n)); }
  Value constant(mlir::TypedAttr value);
  Value splat(float value);  // vector<lanes x f32>
  mlir::VectorType vectorOf(mlir::Type element) const { return mlir::VectorType::get({lanes}, element); }
  mlir::VectorType floats() const { return vectorOf(b.getF32Type()); }

  Value add(Value x, Value y) { return b.createOrFold<mlir::arith::AddIOp>(loc, x, y); }
  Value add(Value x, int64_t y) { return y == 0 ? x : add(x, index(y)); }
  Value sub(Value x, Value y) { return b.createOrFold<mlir::arith::SubIOp>(loc, x, y); }
  Value sub(Value x, int64_t y) { return y == 0 ? x : sub(x, index(y)); }
  Value mul(Value x, Value y) { return b.createOrFold<mlir::arith::MulIOp>(loc, x, y); }
  Value mul(Value x, int64_t y) { return mul(x, index(y)); }
  Value div(Value x, int64_t y) { return b.createOrFold<mlir::arith::DivUIOp>(loc, x, index(y)); }
  Value roundUp(Value x, int64_t y) { return mul(div(add(x, y - 1), y), y); }
  Value least(Value x, Value y) { return b.createOrFold<mlir::arith::MinSIOp>(loc, x, y); }
  Value largest(Value x, Value y) { return b.createOrFold<mlir::arith::MaxSIOp>(loc, x, y); }
  Value less(Value x, Value y) { return compare(mlir::arith::CmpIPredicate::slt, x, y); }
  Value atMost(Value x, Value y) { return compare(mlir::arith::CmpIPredicate::sle, x, y); }
  Value select(Value condition, Value x, Value y) {
    return b.createOrFold<mlir::arith::SelectOp>(loc, condition, x, y);
  }
  /// The condition, of which true is expected.
  Value likely(Value condition);
  /// The constant that an index is, or ShapedType::kDynamic.
  static int64_t known(Value index);
  Value broadcast(Value scalar);
  /// A float or floats of any width as f32, and back, rounded.
  Value widened(Value x);
  Value narrowed(Value x, mlir::Type element);
  /// x > y ? x : y, one instruction: y where either is NaN.
  Value larger(Value x, Value y);

  /// for (i = from; i < to; i += step) body(i)
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body);
  Values loop(Value from, Value to, Value step, Values start, llvm::function_ref<Values(Value, Values)> body);
  void when(Value condition, llvm::function_ref<void()> body);
  Values choose(Value condition, mlir::TypeRange types, llvm::function_ref<Values()> yes,
                llvm::function_ref<Values()> no);

  Value load(Value memref, Value at) { return mlir::memref::LoadOp::create(b, loc, memref, at); }
  void store(Value value, Value memref, Value at) { mlir::memref::StoreOp::create(b, loc, value, memref, at); }
  Value loadLanes(Value memref, Value at, int count = 0);
  void storeLanes(Value value, Value memref, Value at) { mlir::vector::StoreOp::create(b, loc, value, memref, at); }
  /// Asks for the line of memory that element `at` lies in; any address will do.
  enum class Cache { second = 2, first = 3 };
  void prefetch(Value memref, Value at, Cache cache) {
    mlir::memref::PrefetchOp::create(b, loc, memref, at, /*isWrite=*/false, unsigned(cache), /*isDataCache=*/true);
  }
  /// The memref from element `at` on: its own base register in an inner loop.
  Value from(Value memref, Value at);

 private:
  Value compare(mlir::arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<mlir::arith::CmpIOp>(loc, predicate, x, y);
  }

  mlir::Block* home = nullptr;
  llvm::DenseMap<mlir::Attribute, Value> constants;
};

}  // namespace heed::codegen
