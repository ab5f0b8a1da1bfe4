// Writing random attention graphs. Test: meaning_test.cpp.
#include "random_graph.h"

#include <limits>
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
  func::FuncOp function;
  Value seqIndex, keyIndex;

  int below(int n) { return int(random() % unsigned(n)); }
  bool maybe(int oneIn = 2) { return below(oneIn) == 0; }
  Type f32 = b.getF32Type(), i32 = b.getI32Type(), i1 = b.getI1Type();

  // ---- axes: batch and group may be missing, some extents are static
  ir::Axis batch{"batch", ShapedType::kDynamic, "B"}, group{"group", 2, ""}, seq{"seq", ShapedType::kDynamic, "T"},
      key{"key", ShapedType::kDynamic, "K"}, depth{"depth", 3, ""}, width{"width", 2, ""};
  ir::Axes outer, rows;  // of keys; of queries besides the sequence

  Value number(double x) { return ir::ConstantOp::create(b, loc, ir::tensorOf(f32, {}), x); }
  Value argument(Type element, ir::Axes axes) {
    llvm::shuffle(axes.begin(), axes.end(), random);
    Type type = ir::tensorOf(element, axes);
    (void)function.insertArgument(function.getNumArguments(), type, {}, loc);
    return function.getArguments().back();
  }
  ir::Axes some(ir::Axes axes) {
    llvm::erase_if(axes, [&](const ir::Axis&) { return maybe(3); });
    return axes;
  }
  ir::Axes all() {
    ir::Axes axes = rows;
    axes.append({seq, key});
    return axes;
  }
  template <class Op>
  Value pointwise(Type element, Value x, Value y) {
    if (maybe() && !std::is_same_v<Op, ir::SubOp> && !std::is_same_v<Op, ir::DivOp> && element == f32) std::swap(x, y);
    ir::Axes axes = ir::axesOf(x.getType());
    (void)ir::unite(loc, "test", axes, ir::axesOf(y.getType()));
    return Op::create(b, loc, ir::tensorOf(element, axes), x, y);
  }
  Value where(Value m, Value x, Value other) {
    ir::Axes axes = ir::axesOf(m.getType());
    for (Value v : {x, other}) (void)ir::unite(loc, "test", axes, ir::axesOf(v.getType()));
    return ir::WhereOp::create(b, loc, ir::tensorOf(ir::elementOf(x.getType()), axes), m, x, other);
  }
  template <class Op>
  Value unary(Value x) {
    return Op::create(b, loc, x.getType(), x);
  }
  Value along(Value x, ir::Axis axis) {
    ir::Axes axes = ir::axesOf(x.getType());
    axes.push_back(axis);
    return ir::AlongOp::create(b, loc, ir::tensorOf(f32, axes), x, axis.name);
  }
  Value permuted(Value x) {
    ir::Axes axes = ir::axesOf(x.getType());
    llvm::shuffle(axes.begin(), axes.end(), random);
    return ir::PermuteOp::create(b, loc, ir::tensorOf(ir::elementOf(x.getType()), axes), x);
  }
  Value contract(Value l, Value r, StringRef axis) {
    if (maybe()) std::swap(l, r);
    ir::Axes axes = ir::axesOf(l.getType());
    (void)ir::unite(loc, "test", axes, ir::axesOf(r.getType()));
    axes = ir::without(axes, axis);
    llvm::shuffle(axes.begin(), axes.end(), random);
    return ir::ContractOp::create(b, loc, ir::tensorOf(f32, axes), l, r, b.getStrArrayAttr(axis));
  }
  Value scaled(Value x) {
    if (!maybe(3)) return x;
    Value c = maybe() ? number(0.5) : number(1.0 + below(5));
    if (maybe(4)) c = argument(f32, {});
    return maybe() ? pointwise<ir::MulOp>(f32, x, c) : ir::DivOp::create(b, loc, x.getType(), x, number(3));
  }

  Value similarity() {
    ir::Axes q = rows, k = outer;
    q.append({seq, depth});
    k.append({key, depth});
    Value query = argument(f32, q), keys;
    if (maybe(4)) {  // keys come under another name
      ir::Axes other = outer;
      other.append({ir::Axis{"other", key.extent, key.symbol}, depth});
      keys = ir::RenameOp::create(b, loc, argument(f32, other), "other", "key");
    } else {
      keys = argument(f32, k);
    }
    if (maybe(4)) query = permuted(query);
    query = scaled(query);
    keys = scaled(keys);
    if (!maybe(3)) return scaled(contract(query, keys, "depth"));
    Value sum = pointwise<ir::AddOp>(f32, along(query, key), keys);
    if (maybe()) sum = pointwise<ir::MulOp>(f32, sum, argument(f32, some(rows)));
    Value t = unary<ir::TanhOp>(sum);
    return scaled(contract(t, argument(f32, {depth}), "depth"));
  }

  Value gaussian() {
    ir::Axes q = some(rows), k = some(outer);
    q.push_back(seq);
    k.push_back(key);
    Value d = pointwise<ir::SubOp>(f32, along(argument(f32, q), key), argument(f32, k));
    return pointwise<ir::MulOp>(f32, pointwise<ir::MulOp>(f32, d, d), number(-0.5));
  }

  Value predicate() {
    auto compare = [&](Value x, Value y) {
      switch (below(3)) {
        case 0:
          return pointwise<ir::LeOp>(i1, x, y);
        case 1:
          return pointwise<ir::LtOp>(i1, x, y);
        default:
          return pointwise<ir::EqOp>(i1, x, y);
      }
    };
    auto documents = [&](ir::Axis axis) {
      ir::Axes axes = some(outer);
      axes.push_back(axis);
      return argument(i32, axes);
    };
    Value three = ir::ConstantOp::create(b, loc, ir::tensorOf(i32, {}), 3);
    Value p;
    switch (below(6)) {
      case 0:
        p = compare(keyIndex, seqIndex);
        break;
      case 1:
        p = compare(keyIndex, argument(i32, some(rows)));
        break;
      case 2:
        p = compare(documents(seq), documents(key));
        break;
      case 3:
        p = pointwise<ir::LtOp>(i1, pointwise<ir::SubOp>(i32, seqIndex, keyIndex), three);
        break;
      case 4:
        p = argument(i1, some(all()));
        break;
      default:
        p = pointwise<ir::LtOp>(i1, argument(f32, some(all())), number(0.25));
    }
    if (maybe(4)) p = unary<ir::NotOp>(p);
    if (maybe(3)) p = maybe() ? pointwise<ir::AndOp>(i1, p, predicate()) : pointwise<ir::OrOp>(i1, p, predicate());
    return p;
  }

  Value score() {
    Value s = maybe(4) ? gaussian() : similarity();
    if (maybe(6)) s = pointwise<ir::AddOp>(f32, s, similarity());
    bool masked = false;
    for (int n = below(5); n > 0; --n) {
      const int what = below(7);
      masked |= what >= 3 && what <= 5;
      switch (what) {
        case 0: {
          Value d = pointwise<ir::SubOp>(i32, keyIndex, seqIndex);
          Value far = ir::CastOp::create(b, loc, d, f32);
          s = pointwise<ir::AddOp>(f32, s, pointwise<ir::MulOp>(f32, argument(f32, some(rows)), far));
          break;
        }
        case 1:
          s = unary<ir::TanhOp>(s);
          break;
        case 2:
          s = pointwise<ir::AddOp>(f32, s, argument(f32, some(all())));
          break;
        case 3:
          s = where(predicate(), s, number(maybe() ? -1e9 : -std::numeric_limits<double>::infinity()));
          break;
        case 4:
          s = where(predicate(), number(-std::numeric_limits<double>::infinity()), s);
          break;
        case 5: {
          Value mask = where(predicate(), number(0), number(-std::numeric_limits<double>::infinity()));
          s = pointwise<ir::AddOp>(f32, s, mask);
          break;
        }
        default:
          // -inf times a scalar that may be negative is no mask, and peeling another one off above it is not exact.
          s = permuted(masked ? s : scaled(s));
      }
    }
    return s;
  }

  Value softmax(Value s) { return ir::SoftmaxOp::create(b, loc, s.getType(), s, "key"); }
  Value weighed(Value w) {
    if (maybe(4)) w = where(predicate(), w, number(0));
    if (maybe(4)) w = pointwise<ir::MulOp>(f32, w, argument(f32, some(all())));
    return maybe(5) ? permuted(w) : w;
  }

  void write() {
    bool grouped = maybe(3);
    if (maybe()) outer.push_back(batch);
    rows = outer;
    if (grouped) rows.push_back(group);
    if (maybe(5)) seq = {"seq", 4, ""};
    if (maybe(5)) key = {"key", 5, ""};
    function = func::FuncOp::create(b, loc, "graph", b.getFunctionType({}, {}));
    b.setInsertionPointToEnd(function.addEntryBlock());
    seqIndex = ir::IndexOp::create(b, loc, ir::tensorOf(i32, {seq}), "seq");
    keyIndex = ir::IndexOp::create(b, loc, ir::tensorOf(i32, {key}), "key");
    ir::Axes v = some(outer);
    v.append({key, width});
    Value value = argument(f32, v), s = score();
    Value w = softmax(s), used = weighed(w);
    for (int n = 0; n < 2 && maybe(4); ++n)
      if (Value other = weighed(softmax(score())); ir::sameAxes(other.getType(), used.getType()))
        used = maybe() ? pointwise<ir::SubOp>(f32, used, other) : pointwise<ir::AddOp>(f32, used, other);
    SmallVector<Value> results{contract(used, value, "key")};
    if (maybe(4)) results.push_back(ir::LogsumexpOp::create(b, loc, s, "key"));
    if (maybe(4)) results.push_back(maybe() ? w : unary<ir::ExpOp>(w));
    func::ReturnOp::create(b, loc, results);
    function.setType(b.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  }
};

}  // namespace

OwningOpRef<ModuleOp> randomAttention(MLIRContext& context, unsigned seed) {
  OpBuilder b(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(b, b.getUnknownLoc());
  b.setInsertionPointToEnd(module->getBody());
  Writer{std::mt19937(seed), b, b.getUnknownLoc(), {}, {}, {}}.write();
  return module;
}

}  // namespace heed::test
