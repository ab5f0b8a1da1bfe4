// A weight's panels, packed for all calls: the same words as packing them in every call.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/tasks.h"

namespace heed::codegen {

using namespace mlir;

static constexpr int64_t grain = 1 << 16;  // words per task

PackedForm ContractKernel::packedForm() {
  OpOperand& operand = swapped ? op.getLhsMutable() : op.getRhsMutable();
  AffineMap map = op.mapOf(operand);
  PackedForm form{cast<MemRefType>(operand.get().getType()).getElementType(),
                  {},
                  0,
                  int64_t(columns.size()),
                  pairs,
                  packedBits(),
                  width()};
  auto add = [&](int64_t dim) {
    if (auto at = map.getResultPosition(getAffineDimExpr(dim, op.getContext()))) form.order.push_back(*at);
  };
  for (int64_t dim : shared) add(dim);
  form.shared = form.order.size();
  for (int64_t dim : columns) add(dim);
  add(lane);
  for (int64_t dim : depth) add(dim);
  return form;
}

Value ContractKernel::emitPack(Builder& b, Value weight, Value memory) {
  right = viewOf(b, b.getLoc(), weight, op.mapOf(swapped ? op.getLhsMutable() : op.getRhsMutable()));
  extents = extentsOf(right);
  left = out = View{.offset = constant(b, 0), .stride = Values(extents.size()), .extent = Values(extents.size())};
  bits = packedBits();
  countPanels(b);

  SmallVector<int64_t> outer;
  for (int64_t dim : shared)
    if (right.has(dim)) outer.push_back(dim);
  Values points = sizes(outer);
  points.push_back(panelCount);
  Value zero = constant(b, 0), words = packedWords(b, lineCount);
  Value wanted = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, zero, memref::DimOp::create(b, memory, int64_t(0)));
  auto choice = scf::IfOp::create(b, wanted, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  Value scratchBytes = constant(b, bits ? int64_t(sizeof(float)) * tile.depth * width() : 0);
  overTasks(b, points, words, grain, scratchBytes, [&](Builder& b, ValueRange point, Value scratch) {
    Value before = zero, first = point.back();
    for (auto [dim, index] : llvm::zip(outer, point)) before = add(b, mul(b, before, extents[dim]), index);
    Place place = move(b, origin(), outer, point.drop_back());
    overPanels(b, first, add(b, first, constant(b, 1)), [&](Value number, ValueRange at) {
      Panel panel = panelAt(b, place, at);
      overSlices(b, [&](const Slice& slice) {
        Value position = add(b, mul(b, before, mul(b, panelCount, words)), packedAt(b, slice, number));
        panel.memory = bits ? scratch : memory, panel.position = bits ? zero : position;
        packPanel(b, slice, panel);
        if (bits) roundPanel(b, slice, scratch, memory, position);
      });
    });
  });
  b.setInsertionPointAfter(choice);
  Value all = mul(b, mul(b, product(b, outer), panelCount), words);
  return mul(b, all, constant(b, sizeof(float)));
}

}  // namespace heed::codegen
