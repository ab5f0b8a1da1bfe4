// First each group of four lines becomes the columns of its 4 x 4 corners, then each column's corners change places:
// both in place. Every shuffle is one instruction on x86.
#include "heed/codegen/cpu/transpose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heed::codegen {

namespace {

/// Lanes of (a, b) in a shuffle's numbering: chunks of `size` lanes, chosen by `chunk(n)` for the n-th of the result.
SmallVector<int64_t> chunks(int64_t lanes, int64_t size, llvm::function_ref<int64_t(int64_t)> chunk) {
  SmallVector<int64_t> mask;
  for (int64_t n = 0; n < lanes / size; ++n)
    for (int64_t lane = 0; lane < size; ++lane) mask.push_back(chunk(n) * size + lane);
  return mask;
}

/// Within each 128 bits: the low (or high) halves of a and b by turns, in chunks of `size` lanes.
SmallVector<int64_t> unpack(int64_t lanes, int64_t size, bool high) {
  int64_t perCorner = 4 / size;
  return chunks(lanes, size, [&](int64_t n) {
    int64_t corner = n / perCorner * perCorner, within = n % perCorner;
    return corner + within / 2 + (high ? perCorner / 2 : 0) + (within % 2 ? lanes / size : 0);
  });
}

/// The even (or odd) 128 bits of a, then those of b.
SmallVector<int64_t> everySecond(int64_t lanes, bool odd) {
  return chunks(lanes, 4, [&](int64_t n) { return 2 * n + odd; });
}

using Shuffle = llvm::function_ref<Value(Value, Value, ArrayRef<int64_t>)>;

SmallVector<Value> columnsOfCorners(int64_t lanes, ArrayRef<Value> lines, Shuffle shuffle) {
  SmallVector<int64_t> low = unpack(lanes, 1, false), high = unpack(lanes, 1, true);
  Value low01 = shuffle(lines[0], lines[1], low), high01 = shuffle(lines[0], lines[1], high);
  Value low23 = shuffle(lines[2], lines[3], low), high23 = shuffle(lines[2], lines[3], high);
  low = unpack(lanes, 2, false), high = unpack(lanes, 2, true);
  return {shuffle(low01, low23, low), shuffle(low01, low23, high), shuffle(high01, high23, low),
          shuffle(high01, high23, high)};
}

/// parts[i] holds corner j of the square in its 128 bits j; corners[j] then holds it in its 128 bits i. Corner j is
/// found by the bits of j, lowest first.
void exchange(int64_t lanes, ArrayRef<Value> parts, int64_t corner, int64_t bit, MutableArrayRef<Value> corners,
              Shuffle shuffle) {
  if (parts.size() == 1) {
    corners[corner] = parts[0];
    return;
  }
  for (bool odd : {false, true}) {
    SmallVector<Value> next;
    for (size_t p = 0; p < parts.size(); p += 2)
      next.push_back(shuffle(parts[p], parts[p + 1], everySecond(lanes, odd)));
    exchange(lanes, next, corner + (odd ? bit : 0), 2 * bit, corners, shuffle);
  }
}

}  // namespace

void transpose(OpBuilder& b, Location loc, int64_t lanes, const Square& square) {
  auto shuffle = [&](Value x, Value y, ArrayRef<int64_t> mask) -> Value {
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  };
  auto index = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
  auto each = [&](int64_t end, int64_t step, int64_t distance, int64_t count, auto&& body) {
    auto loop = scf::ForOp::create(b, loc, index(0), index(end), index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> lines;
    for (int64_t n = 0; n < count; ++n)
      lines.push_back(b.createOrFold<arith::AddIOp>(loc, loop.getInductionVar(), index(n * distance)));
    body(lines);
  };
  auto keep = [&](ArrayRef<Value> lines, ArrayRef<Value> vectors) {
    for (auto [line, vector] : llvm::zip_equal(lines, vectors)) square.store(line, vector);
  };
  each(lanes, 4, 1, 4, [&](ArrayRef<Value> lines) {
    keep(lines, columnsOfCorners(lanes, llvm::map_to_vector(lines, square.read), shuffle));
  });
  each(4, 1, 4, lanes / 4, [&](ArrayRef<Value> lines) {
    SmallVector<Value> corners(lines.size());
    exchange(lanes, llvm::map_to_vector(lines, square.load), 0, 1, corners, shuffle);
    keep(lines, corners);
  });
}

}  // namespace heed::codegen
