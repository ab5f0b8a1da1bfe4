// Few blocks of rows: the keys are split, so that the whole device has work; a second kernel merges what each part
// comes to, in the order of keys.
//
// A part has a constant number of keys. Whether there are several depends on extents that a row has alone, as if the
// batch were one: a row is the same sum of the same numbers whatever it is computed beside. One part merged is, bit for
// bit, what the kernel gives that does not split. (The CPU: cpu/attention/split_keys.cpp.)
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace heed::codegen::gpu {

using namespace mlir;

static constexpr int64_t keysOfPart = 1024;
static constexpr int64_t idle = 4;  // times as many blocks must have room on the device

/// How many parts, and memory for them. Extents that nobody knows before run time count as 1, but for rows: they are
/// those of a batch.
void AttentionKernel::planParts(const Device& device) {
  auto alone = [&](int64_t dim) {
    return dim == rowDim || getConstantIntValue(extent[dim]) ? extent[dim] : constant(b, 1);
  };
  auto also = [&](Value x, Value y) { return b.createOrFold<arith::AndIOp>(x, y); };
  auto atMost = [&](Value x, Value y) { return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, x, y); };
  auto select = [&](Value condition, Value x, Value y) { return b.createOrFold<arith::SelectOp>(condition, x, y); };
  Value one = constant(b, 1), rows = one, keys = extent[keyDim], limit = constant(b, keysOfPart), points = one;
  for (int64_t dim : rowDims) rows = mul(b, rows, alone(dim));
  Value blocks = blocksOf(rows);
  for (int64_t dim : outer) blocks = mul(b, blocks, alone(dim)), points = mul(b, points, extent[dim]);
  Value few = atMost(mul(b, blocks, constant(b, idle)), constant(b, device.multiprocessors()));
  Value split = also(few, b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, limit, keys));
  parts.count = select(split, ceiling(b, keys, limit), one);
  auto told = emitRemark(op.getLoc()) << "attention by "
                                      << (hopper  ? std::string("wgmma")
                                          : cores ? narrow.isF32() ? "mma.sync in tf32" : "mma.sync"
                                          : tiled ? "fma, tiles in shared memory"
                                                  : "fma, no tiles, for " + noTiles)
                                      << ": blocks of " << rowsOfBlock << " rows, " << keyTiles * columnsOfTile
                                      << " keys at a time";
  if (const int64_t columns = columnTiles * columnsOfTile; columns < getConstantIntValue(columnCount).value_or(columns))
    told << ", values by " << columns << " columns and scores for each of these anew";
  if (rowDims.size() > 1) {
    std::optional<int64_t> known = getConstantIntValue(rowsOfPosition);
    told << ", " << (known ? std::to_string(*known) : "some") << " at a position that share their keys";
  }
  if (getConstantIntValue(parts.count) == 1) return;

  told << "; more than " << keysOfPart << " keys in parts of as many, if a batch of one has at most "
       << device.multiprocessors() / idle << " blocks";
  parts.rows = mul(b, mul(b, points, parts.count), allRows);
  Value numbers = mul(b, parts.rows, add(b, columnCount, constant(b, 2)));
  Value bytes = select(split, mul(b, numbers, constant(b, sizeof(float))), constant(b, 0));
  auto floats = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
  parts.memory.base = tile::SharedOp::create(b, floats, bytes);
  parts.memory.element = b.getF32Type();
}

/// Those of the part at work.
void AttentionKernel::keysOfTask() {
  keyFrom = constant(b, 0), keyTo = extent[keyDim];
  if (!splits()) return;
  keyFrom = mul(b, part, constant(b, keysOfPart));
  // The last part ends with the keys; so does the only one.
  Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, add(b, part, constant(b, 1)), parts.count);
  keyTo = arith::SelectOp::create(b, last, keyTo, add(b, keyFrom, constant(b, keysOfPart)));
}

/// Where its m is; its l is parts.rows further on.
Value AttentionKernel::rowOfPart(Value part, Value row) {
  return add(b, mul(b, add(b, mul(b, point, parts.count), part), allRows), row);
}

Value AttentionKernel::columnOfPart(Value rowOfPart, Value column) {
  return add(b, add(b, mul(b, parts.rows, constant(b, 2)), mul(b, rowOfPart, columnCount)), column);
}

/// m, l and O of a part; l is that of the whole quad.
void AttentionKernel::finishPart(State state) {
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, quad, constant(b, 0));
  for (int h = 0; h < halves; ++h)
    when(b, below(b, row[h], rowEnd), [&] {
      Value mine = rowOfPart(part, row[h]);
      when(b, first, [&] {
        store(b, parts.memory, state.max[h], mine);
        store(b, parts.memory, state.sum[h], add(b, mine, parts.rows));
      });
      eachColumn(out, h, [&](const View&, int n, int c) {
        store(b, parts.memory, state.out.at(h, n, c), columnOfPart(mine, add(b, chunk, column(n, c))));
      });
    });
}

/// All parts of a row: m = max m_n, l = sum of l_n 2^(m_n - m), O = sum of O_n 2^(m_n - m). A thread for each column.
void AttentionKernel::merge() {
  Value one = constant(b, 1), none = constant(b, 0), points = one;
  for (int64_t dim : outer) points = mul(b, points, extent[dim]);
  Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, parts.count, one);
  points = arith::SelectOp::create(b, several, points, none);  // no blocks, no kernel
  launchOver(b, {points, allRows, columnCount}, 1, [&](Builder&, ValueRange where, Value) {
    point = where[0];
    Value row = where[1], column = where[2];
    auto number = [&](Value at) { return load(b, parts.memory, at); };
    auto each = [&](Value from, ValueRange so, llvm::function_ref<Values(Value mine, ValueRange so)> next) {
      auto loop = scf::ForOp::create(b, from, parts.count, one, so);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      scf::YieldOp::create(b, next(rowOfPart(loop.getInductionVar(), row), loop.getRegionIterArgs()));
      return llvm::to_vector(ValueRange(loop.getResults()));
    };
    Value most = each(none, real(-INFINITY), [&](Value mine, ValueRange so) -> Values {
      return {arith::MaxNumFOp::create(b, so[0], number(mine))};
    })[0];
    Value by = shift(most), zero = real(0);
    Values sums = each(none, {zero, zero}, [&](Value mine, ValueRange so) -> Values {
      Value factor = rescaled(number(mine), by);
      auto with = [&](Value so, Value at) { return math::FmaOp::create(b, number(at), factor, so).getResult(); };
      return {with(so[0], add(b, mine, parts.rows)), with(so[1], columnOfPart(mine, column))};
    });
    Positions at;
    Value rest = point;
    auto there = [&](View view) {
      for (auto [dim, position] : at) view = moved(view, dim, position);
      return atRow(view, row);
    };
    for (int64_t dim : llvm::reverse(outer)) {
      at[dim] = dim == outer.front() ? rest : arith::RemUIOp::create(b, rest, extent[dim]).getResult();
      rest = quotient(b, rest, extent[dim]);
    }
    View mine = atColumn(there(out), column);
    store(b, mine, mean(sums[1], sums[0]), mine.offset);
    if (!op.getLse()) return;
    when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, column, none), [&] {
      View mine = there(lse);
      store(b, mine, logSum(most, sums[0]), mine.offset);
    });
  });
}

}  // namespace heed::codegen::gpu
