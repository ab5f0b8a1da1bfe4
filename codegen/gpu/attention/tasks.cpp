// What is whose: a task is a block of rows of one outer point, and one part of its keys. All of them stand in one list.
//
// Threads' kernels have a block for each task: several blocks share a multiprocessor, and whoever is done makes room
// for the next. A block of wgmma has a multiprocessor for itself: there are as many as those, or as tasks where they
// are fewer (split keys often are), and each goes through its tasks: the producer brings what the next one wants while
// the consumers still store the last. Who does a task changes nothing of it.
//
// The last rows stand first: under a causal mask those see the most keys, and what is long comes first, of all heads
// and batches, until what is left is short. Turns go to and fro (block 0 first, then last): of every two rounds each
// block has a long one and a short one. Computed for causal masks of 1k to 16k keys on 132 multiprocessors, 12 shapes:
// that takes at most .02 longer than if each block took the next task when it is done; one way only would take up to
// .35. Test: tests/codegen/gpu/attention_test.cpp.
#include "heed/codegen/gpu/attention/kernel.h"

namespace heed::codegen::gpu {

using namespace mlir;

/// The list goes through sections of points, one after the other; in each, through the same rows of all its points
/// before the next rows. Of half as many points as there are multiprocessors, so that two blocks at least read the same
/// keys at a time. Where no rows see more than others, of one: all blocks at work read the same keys.
void AttentionKernel::planTasks(const Device& device) {
  tasks.blocksOfRows = blocksOf(allRows);
  tasks.points = parts.count;
  for (int64_t dim : outer) tasks.points = mul(b, tasks.points, extent[dim]);
  const int64_t most = op.getKeep().empty() ? 1 : std::max(device.multiprocessors() / 2, 1);
  tasks.section = smaller(b, tasks.points, constant(b, most));
  tasks.count = mul(b, tasks.blocksOfRows, tasks.points);
  tasks.blocks = hopper ? smaller(b, tasks.count, constant(b, device.multiprocessors())) : tasks.count;
  if (hopper) tasks.rounds = ceiling(b, tasks.count, b.createOrFold<arith::MaxSIOp>(tasks.blocks, constant(b, 1)));
}

namespace {

/// Numbers of tasks have 32 bits: no grid is larger.
class Numbers {
 public:
  explicit Numbers(Builder& b) : b(b) {}
  Value of(Value index) { return i32(b, index); }
  Value of(int64_t x) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(x))); }
  Value index(Value x) { return arith::IndexCastOp::create(b, b.getIndexType(), x); }
  /// x / y and what is left.
  std::pair<Value, Value> split(Value x, Value y) {
    Value n = b.createOrFold<arith::DivUIOp>(x, y);
    return {n, sub(b, x, mul(b, n, y))};
  }

 private:
  Builder& b;
};

}  // namespace

/// Of a block's task in a round.
Value AttentionKernel::numberOf(Value block, Value round) {
  Numbers as(b);
  Value blocks = as.of(tasks.blocks), one = as.of(int64_t(1)), odd = arith::AndIOp::create(b, round, one);
  Value forth = mul(b, as.of(block), sub(b, one, add(b, odd, odd))), back = mul(b, odd, sub(b, blocks, one));
  return add(b, mul(b, round, blocks), add(b, forth, back));
}

/// The numbers of a block's tasks, to and fro; body(number, the round, so). Nothing is kept from round to
/// round but its number: what is done in one wants all registers.
Values AttentionKernel::overTasks(Value block, Values start,
                                  llvm::function_ref<Values(Value, Value, ValueRange)> body) {
  Numbers as(b);
  auto loop = scf::ForOp::create(b, as.of(int64_t(0)), as.of(tasks.rounds), as.of(int64_t(1)), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value round = loop.getInductionVar(), number = numberOf(block, round);
  Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, as.of(tasks.count));
  ValueRange so = loop.getRegionIterArgs();
  scf::YieldOp::create(
      b, choose(
             b, some, so.getTypes(), [&] { return body(number, round, so); }, [&] { return llvm::to_vector(so); }));
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// Everything is at the task's rows, outer point and keys while `body` writes code.
void AttentionKernel::atTask(Value number, llvm::function_ref<void()> body) {
  const Operands whole = *this;
  everywhere = &whole;
  locate(number);
  body();
  static_cast<Operands&>(*this) = whole;
}

/// The thread and its task: what is the same before and after the loop over keys, or in all tasks, is not kept in
/// registers meanwhile.
void AttentionKernel::findAgain() {
  const Value number = self.number;
  self.number = shuffle(b, number, 0);
  findThread();
  if (hopper) warp = sameInWarp(b, warp);
  self.number = number;
  static_cast<Operands&>(*this) = *everywhere;
  locate(findNumber());
}

/// How many blocks so many rows are; they are all of some positions.
Value AttentionKernel::blocksOf(Value rows) {
  if (cutDim < 0) return ceiling(b, rows, constant(b, rowsOfBlock));
  return mul(b, quotient(b, rows, rowsOfPosition), constant(b, blocksOfPosition));
}

void AttentionKernel::locate(Value number) {
  Numbers as(b);
  Value blocksOfRows = as.of(tasks.blocksOfRows), section = as.of(tasks.section);
  auto [before, rest] = as.split(number, mul(b, section, blocksOfRows));
  Value first = mul(b, before, section);
  auto [nth, within] = as.split(rest, smaller(b, section, sub(b, as.of(tasks.points), first)));
  nth = sub(b, sub(b, blocksOfRows, as.of(int64_t(1))), nth);
  Value size = constant(b, rowsOfBlock), begin = constant(b, 0), end = allRows;
  if (cutDim >= 0) {
    auto [position, piece] = as.split(nth, as.of(blocksOfPosition));
    begin = mul(b, as.index(position), rowsOfPosition), end = add(b, begin, rowsOfPosition);
    nth = piece;
  }
  blockRow = add(b, begin, mul(b, as.index(nth), size));
  rowEnd = smaller(b, add(b, blockRow, size), end);

  Value left = add(b, first, within);
  if (splits()) {
    auto [of, nth] = as.split(left, as.of(parts.count));
    left = of, part = as.index(nth);
  }
  point = as.index(left);
  for (int64_t dim : llvm::reverse(outer)) {
    Value position = left;
    if (dim != outer.front()) std::tie(left, position) = as.split(left, as.of(extent[dim]));
    at[dim] = as.index(position);
  }
  keysOfTask();
  auto move = [&](View& view) {
    for (int64_t dim : outer) view = moved(view, dim, at[dim]);
  };
  for (View& view : similar) move(view);
  for (Capture& capture : captures) move(capture.view);
  for (View& view : initial) move(view);
  move(valueView), move(out);
  if (op.getLse()) move(lse);
}

}  // namespace heed::codegen::gpu
