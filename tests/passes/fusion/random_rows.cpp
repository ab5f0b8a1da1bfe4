// Writing random chains: each op takes what is there already, so that values have several users. Test:
// meaning_test.cpp.
#include "random_rows.h"

#include <random>

#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
namespace ir = heed::ir;

namespace heed::test {
namespace {

struct Writer {
  std::mt19937 random;
  OpBuilder b;
  Location loc = b.getUnknownLoc();
  func::FuncOp function = {};
  SmallVector<Value> values = {};
  Type f32 = b.getF32Type();
  const ir::Axis a{"a", ShapedType::kDynamic, "A"}, other{"b", ShapedType::kDynamic, "B"}, five{"c", 5, ""};

  int below(int n) { return int(random() % unsigned(n)); }
  ir::Axes shuffled(ir::Axes axes) {
    llvm::shuffle(axes.begin(), axes.end(), random);
    return axes;
  }
  /// Late values more often, so that chains become long.
  Value any() {
    int n = int(values.size());
    return values[below(2) ? below(n) : n - 1 - below(std::min(n, 3))];
  }
  void argument(ir::Axes axes) {
    (void)function.insertArgument(function.getNumArguments(), ir::tensorOf(f32, shuffled(axes)), {}, loc);
    values.push_back(function.getArguments().back());
  }
  ir::Axes united(Value x, Value y) {
    ir::Axes axes = ir::axesOf(x.getType());
    (void)ir::unite(loc, "test", axes, ir::axesOf(y.getType()));
    return axes;
  }
  Type without(Value x, StringRef axis) {
    return ir::tensorOf(f32, shuffled(ir::without(ir::axesOf(x.getType()), axis)));
  }

  template <class Op>
  Value binary(Value x, Value y) {
    return Op::create(b, loc, ir::tensorOf(f32, united(x, y)), x, y);
  }
  Value pointwise() {
    Value x = any(), y = any();
    switch (below(7)) {
      case 0:
        return ir::TanhOp::create(b, loc, x.getType(), x);
      case 1:
        return binary<ir::SubOp>(x, y);
      case 2:
        return binary<ir::MulOp>(ir::TanhOp::create(b, loc, x.getType(), x), y);
      case 3:
        return binary<ir::MaxOp>(x, y);
      case 4: {
        Value half = ir::ConstantOp::create(b, loc, ir::tensorOf(f32, {}), 0.5);
        return binary<ir::MulOp>(x, half);
      }
      case 5: {
        ir::Axes axes = ir::axesOf(x.getType());
        if (axes.empty()) return binary<ir::AddOp>(x, y);
        ir::Axis axis = axes[below(int(axes.size()))];
        Value i = ir::IndexOp::create(b, loc, ir::tensorOf(b.getI32Type(), {axis}), b.getStringAttr(axis.name));
        return binary<ir::AddOp>(x, ir::CastOp::create(b, loc, i, f32));
      }
      default:
        return binary<ir::AddOp>(x, y);
    }
  }
  Value reduction() {
    Value x = any();
    ir::Axes axes = ir::axesOf(x.getType());
    if (axes.empty()) return pointwise();
    auto axis = b.getStringAttr(axes[below(int(axes.size()))].name);
    ArrayAttr list = b.getArrayAttr(axis);
    switch (below(6)) {
      case 0:
        return ir::SumOp::create(b, loc, without(x, axis), x, list);
      case 1:
        return ir::AmaxOp::create(b, loc, without(x, axis), x, list);
      case 2:
        return ir::SoftmaxOp::create(b, loc, x.getType(), x, axis);
      case 3:
        return ir::LogsumexpOp::create(b, loc, without(x, axis), x, axis);
      default:
        return ir::MeanOp::create(b, loc, without(x, axis), x, list);
    }
  }
  Value contraction() {
    Value x = any(), y = any();
    for (const ir::Axis& axis : shuffled(ir::axesOf(x.getType())))
      if (ir::has(ir::axesOf(y.getType()), axis.name))
        return ir::ContractOp::create(b, loc, ir::tensorOf(f32, shuffled(ir::without(united(x, y), axis.name))),
                                      ir::TanhOp::create(b, loc, x.getType(), x), y, b.getStrArrayAttr(axis.name));
    return pointwise();
  }

  void write() {
    function = func::FuncOp::create(b, loc, "f", b.getFunctionType({}, {}));
    b.setInsertionPointToEnd(function.addEntryBlock());
    argument({a, other, five});
    argument({a, five});
    argument({five});
    argument({a, other});
    for (int n = 4 + below(14); n > 0; --n) {
      int what = below(8);
      values.push_back(what < 2 ? reduction() : what == 2 ? contraction() : pointwise());
    }
    SmallVector<Value> results{values.back()};
    while (below(2)) results.push_back(values[4 + below(int(values.size()) - 4)]);
    func::ReturnOp::create(b, loc, results);
    function.setType(b.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  }
};

}  // namespace

OwningOpRef<ModuleOp> randomRows(MLIRContext& context, unsigned seed) {
  OpBuilder b(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(b, b.getUnknownLoc());
  b.setInsertionPointToEnd(module->getBody());
  Writer{std::mt19937(seed), b}.write();
  return module;
}

}  // namespace heed::test
