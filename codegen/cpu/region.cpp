// The region cloner: a forward walk that keeps uniform values scalar.
#include "heed/codegen/cpu/region.h"

#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heed::codegen {

Type RegionCloner::widened(Type scalar) const { return VectorType::get({lanes}, scalar); }

bool RegionCloner::isWide(Value value) const { return isa<VectorType>(value.getType()); }

Value RegionCloner::broadcast(Value value) {
  if (lanes == 0 || isWide(value)) return value;
  return vector::BroadcastOp::create(b, loc, widened(value.getType()), value);
}

/// base + (0, 1, .. lanes-1), computed in `element` bits: the cast of a sum is the sum of the casts, modulo 2^n.
Value RegionCloner::laneIndex(LaneIndex index, Type element) {
  if (index.each) {
    if (element.isInteger(32)) return index.each;
    if (element.isIndex()) return arith::IndexCastOp::create(b, loc, widened(element), index.each);
    if (element.getIntOrFloatBitWidth() > 32) return arith::ExtSIOp::create(b, loc, widened(element), index.each);
    return arith::TruncIOp::create(b, loc, widened(element), index.each);
  }
  Value base = index.base;
  if (!element.isIndex()) base = arith::IndexCastOp::create(b, loc, element, base);
  if (!index.perLane || lanes == 0) return base;
  auto type = cast<VectorType>(widened(element));
  SmallVector<Attribute> steps;
  for (int lane = 0; lane < lanes; ++lane) steps.push_back(b.getIntegerAttr(element, lane));
  Value step = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, steps));
  return arith::AddIOp::create(b, loc, broadcast(base), step);
}

/// A load whose address differs by lane, one lane at a time.
Value RegionCloner::gather(Operation& op) {
  auto load = cast<memref::LoadOp>(op);
  auto type = cast<VectorType>(widened(load.getType()));
  Value memref = map.lookupOrDefault(load.getMemRef());
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int lane = 0; lane < lanes; ++lane) {
    SmallVector<Value> at;
    for (Value index : load.getIndices()) {
      Value mapped = map.lookupOrDefault(index);
      at.push_back(isWide(mapped) ? vector::ExtractOp::create(b, loc, mapped, int64_t(lane)).getResult() : mapped);
    }
    Value element = memref::LoadOp::create(b, loc, memref, at);
    result = vector::InsertOp::create(b, loc, element, result, int64_t(lane));
  }
  return result;
}

bool RegionCloner::cloneOp(Operation& op) {
  if (isa<tile::IndexOp, linalg::IndexOp>(op)) {
    auto index = dyn_cast<tile::IndexOp>(op);
    LaneIndex position = indexAt(index ? index.getDim() : cast<linalg::IndexOp>(op).getDim());
    positions[op.getResult(0)] = position;
    if (!llvm::all_of(op.getUsers(), llvm::IsaPred<arith::IndexCastOp>))
      map.map(op.getResult(0), laneIndex(position, b.getIndexType()));
    return true;
  }
  if (auto cast = dyn_cast<arith::IndexCastOp>(op))
    if (auto position = positions.find(cast.getIn()); position != positions.end()) {
      map.map(cast.getResult(), laneIndex(position->second, cast.getType()));
      return true;
    }

  bool wide = llvm::any_of(op.getOperands(), [&](Value v) { return isWide(map.lookupOrDefault(v)); });
  if (!wide) {
    if (op.getNumRegions() != 0) {
      op.emitError() << op.getName() << ": control flow in a scalar region; only arith, math and loads are possible";
      return false;
    }
    b.clone(op, map);
    return true;
  }
  if (isa<memref::LoadOp>(op)) {
    map.map(op.getResult(0), gather(op));
    return true;
  }
  if (!op.hasTrait<OpTrait::Vectorizable>()) {
    op.emitError() << op.getName() << ": has no vector form; only arith, math and loads are possible here";
    return false;
  }
  // A product and its sum: one rounding instead of two.
  if (auto add = dyn_cast<arith::AddFOp>(op); add && contract)
    for (auto [side, other] : {std::pair{add.getLhs(), add.getRhs()}, std::pair{add.getRhs(), add.getLhs()}})
      if (auto mul = side.getDefiningOp<arith::MulFOp>(); mul && mul->getBlock() == op.getBlock() && mul->hasOneUse()) {
        auto at = [&](Value v) { return broadcast(map.lookupOrDefault(v)); };
        map.map(add.getResult(), vector::FMAOp::create(b, loc, at(mul.getLhs()), at(mul.getRhs()), at(other)));
        return true;
      }
  SmallVector<Value> operands;
  for (Value operand : op.getOperands()) operands.push_back(broadcast(map.lookupOrDefault(operand)));
  SmallVector<Type> types;
  for (Type type : op.getResultTypes()) types.push_back(widened(type));
  OperationState state(loc, op.getName().getStringRef(), operands, types, op.getAttrs());
  state.propertiesAttr = op.getPropertiesAsAttribute();
  Operation* clone = b.create(state);
  map.map(op.getResults(), clone->getResults());
  return true;
}

bool RegionCloner::cloneBody(Region& region, ValueRange arguments, Operation* except) {
  map.map(region.front().getArguments(), arguments);
  for (Operation& op : region.front().without_terminator())
    if (&op != except && !cloneOp(op)) return false;
  return true;
}

SmallVector<Value> RegionCloner::clone(Region& region, ValueRange arguments) {
  if (!cloneBody(region, arguments, nullptr)) return {};
  SmallVector<Value> results;
  for (Value value : region.front().getTerminator()->getOperands()) {
    if (auto position = positions.find(value); position != positions.end() && !map.contains(value))
      results.push_back(laneIndex(position->second, b.getIndexType()));
    else
      results.push_back(map.lookupOrDefault(value));
  }
  return results;
}

Value RegionCloner::evaluate(Region& region, Value value, ValueRange arguments) {
  map.map(region.front().getArguments(), arguments);
  llvm::DenseSet<Value> wanted{value};
  for (Operation& op : llvm::reverse(region.front()))
    if (llvm::any_of(op.getResults(), [&](Value v) { return wanted.contains(v); }))
      wanted.insert(op.operand_begin(), op.operand_end());
  for (Operation& op : region.front().without_terminator())
    if (llvm::any_of(op.getResults(), [&](Value v) { return wanted.contains(v); }) && !cloneOp(op)) return {};
  return map.lookupOrDefault(value);
}

Value RegionCloner::accumulate(Region& region, ValueRange arguments, Value sum) {
  Value yielded = region.front().getTerminator()->getOperand(0);
  auto mul = contract ? yielded.getDefiningOp<arith::MulFOp>() : arith::MulFOp();
  if (mul && (mul->getBlock() != &region.front() || !mul->hasOneUse())) mul = nullptr;
  if (!cloneBody(region, arguments, mul)) return {};
  auto at = [&](Value v) { return broadcast(map.lookupOrDefault(v)); };
  if (mul && lanes == 0) return math::FmaOp::create(b, loc, at(mul.getLhs()), at(mul.getRhs()), sum);
  if (mul) return vector::FMAOp::create(b, loc, at(mul.getLhs()), at(mul.getRhs()), sum);
  return arith::AddFOp::create(b, loc, sum, at(yielded));
}

}  // namespace heed::codegen
