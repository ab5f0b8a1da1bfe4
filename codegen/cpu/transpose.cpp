// Two rounds of unpacking turn four rows into the columns of 4 x 4 corners; further rounds gather the corners of a
// column, 128 bits at a time. Every shuffle is one instruction on x86.
#include "heed/codegen/cpu/transpose.h"

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

}  // namespace

SmallVector<Value> transpose(OpBuilder& b, Location loc, ArrayRef<Value> rows) {
  int64_t n = rows.size();
  auto shuffle = [&](Value x, Value y, ArrayRef<int64_t> mask) -> Value {
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  };
  SmallVector<SmallVector<Value>> groups;  // [column within a corner][group of four rows]
  groups.resize(4);
  for (int64_t r = 0; r < n; r += 4) {
    Value low01 = shuffle(rows[r], rows[r + 1], unpack(n, 1, false)),
          high01 = shuffle(rows[r], rows[r + 1], unpack(n, 1, true));
    Value low23 = shuffle(rows[r + 2], rows[r + 3], unpack(n, 1, false));
    Value high23 = shuffle(rows[r + 2], rows[r + 3], unpack(n, 1, true));
    groups[0].push_back(shuffle(low01, low23, unpack(n, 2, false)));
    groups[1].push_back(shuffle(low01, low23, unpack(n, 2, true)));
    groups[2].push_back(shuffle(high01, high23, unpack(n, 2, false)));
    groups[3].push_back(shuffle(high01, high23, unpack(n, 2, true)));
  }
  // Corner k of the result is found by the bits of k, lowest first.
  SmallVector<Value> columns(n);
  auto gather = [&](auto& self, ArrayRef<Value> parts, int64_t column, int64_t corner, int64_t bit) -> void {
    if (parts.size() == 1) {
      columns[4 * corner + column] = parts[0];
      return;
    }
    for (bool odd : {false, true}) {
      SmallVector<Value> next;
      for (size_t p = 0; p < parts.size(); p += 2) next.push_back(shuffle(parts[p], parts[p + 1], everySecond(n, odd)));
      self(self, next, column, corner + (odd ? bit : 0), 2 * bit);
    }
  };
  for (int64_t column = 0; column < 4; ++column) gather(gather, groups[column], column, 0, 1);
  return columns;
}

}  // namespace heed::codegen
