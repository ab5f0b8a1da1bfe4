// The register tile of matrix registers: 16 x 16 sums each, of words that are packed as for vectors.
//
// Two by two of them are summed at once: each turn loads two matrices of rows and two of the panel for four products.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/x86.h"

namespace heed::codegen {

using namespace mlir;

/// Tiles of 16 bits leave a line of each of many rows that lie far apart: to read it first takes longer than the
/// products.
Value ContractKernel::goesPast(Builder& b, const Panel& panel) const {
  constexpr int64_t large = 1 << 20, line = 64;
  const int64_t size = out.element.getIntOrFloatBitWidth() / 8;
  Value bytes = constant(b, size), start = memref::ExtractAlignedPointerAsIndexOp::create(b, out.base);
  Value off = add(b, start, mul(b, panel.place.out, bytes));
  for (int64_t dim : rows) off = arith::OrIOp::create(b, off, mul(b, out.stride[dim], bytes));
  off = arith::AndIOp::create(b, off, constant(b, line - 1));
  Value total = bytes;
  for (Value extent : out.extent)
    if (extent) total = mul(b, total, extent);
  Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, off, constant(b, 0));
  return arith::AndIOp::create(b, whole,
                               arith::CmpIOp::create(b, arith::CmpIPredicate::sge, total, constant(b, large)));
}

/// What is `before` and the products of the slice go to `after`: positions in the scratch, as `rows` is.
void ContractKernel::sumMatrices(Builder& b, const Block& block, const Panel& panel, const Part& part, Value number,
                                 Value rows, Value before, Value after, int height) const {
  constexpr int64_t side = 16, asked = 6;
  Location loc = b.getLoc();
  const int down = height / side, across = tile.vectors;
  Value line = constant(b, width()), rowPitch = constant(b, pitch);
  auto sumAt = [&](Value start, int n) {
    return add(b, start, constant(b, n / across * side * width() + n % across * side));
  };
  Values sums;
  for (int n = 0; n < down * across; ++n) sums.push_back(loadMatrix(b, loc, block.scratch, sumAt(before, n), line));
  auto turns = [&](Value lines) { return quotient(b, lines, constant(b, side)); };
  sums = loop(b, turns(part.from), turns(part.to), sums, [&](Value turn, Values sums) {
    Value k = mul(b, turn, constant(b, side)), lines = add(b, panel.position, mul(b, k, line));
    // The next part of a weight comes from afar: the tiles ask for it together, each turn for some lines.
    Value ofTile = mul(b, number, constant(b, tile.part * asked / tile.rows));
    Value next = add(b, add(b, lines, constant(b, tile.part * width())), ofTile);
    next = sub(b, next, mul(b, sub(b, k, part.from), constant(b, width() - asked)));
    for (int64_t n = 0; packed && !bits && n < asked; ++n)
      memref::PrefetchOp::create(b, packed, add(b, next, constant(b, n * side)), /*isWrite=*/false,
                                 /*localityHint=*/2, /*isDataCache=*/true);
    Values columns;
    for (int v = 0; v < across; ++v)
      columns.push_back(loadMatrix(b, loc, panel.memory, add(b, lines, constant(b, v * side)), line));
    for (int n = 0; n < down; ++n) {
      Value at = add(b, add(b, rows, k), constant(b, n * side * pitch));
      Value left = loadMatrix(b, loc, block.scratch, at, rowPitch);
      for (int v = 0; v < across; ++v)
        sums[n * across + v] = dotMatrices(b, loc, sums[n * across + v], left, columns[v]);
    }
    return sums;
  });
  for (auto [n, sum] : llvm::enumerate(sums)) storeMatrix(b, loc, sum, block.scratch, sumAt(after, n), line);
}

}  // namespace heed::codegen
