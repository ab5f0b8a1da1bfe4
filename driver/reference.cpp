#include "heed/driver/reference.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "heed/driver/graph_facts.h"
#include "heed/driver/pipeline.h"
#include "heed/driver/signature_of.h"
#include "heed/passes/import/import.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/runtime/error.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;

namespace heed {
namespace {

float halfToFloat(std::uint16_t bits) {
  return llvm::APFloat(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits)).convertToFloat();
}

double load(DType dtype, const void* data, std::int64_t at) {
  switch (dtype) {
    case DType::i1:
      return static_cast<const std::uint8_t*>(data)[at] != 0;
    case DType::i32:
      return static_cast<const std::int32_t*>(data)[at];
    case DType::f32:
      return static_cast<const float*>(data)[at];
    case DType::f16:
      return halfToFloat(static_cast<const std::uint16_t*>(data)[at]);
    case DType::bf16: {
      std::uint32_t bits = std::uint32_t(static_cast<const std::uint16_t*>(data)[at]) << 16;
      float value;
      std::memcpy(&value, &bits, 4);
      return value;
    }
  }
  return 0;
}

void store(DType dtype, void* data, std::int64_t at, double value) {
  auto rounded = [&](const llvm::fltSemantics& semantics) {
    llvm::APFloat x(value);
    bool inexact;
    x.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &inexact);
    return std::uint16_t(x.bitcastToAPInt().getZExtValue());
  };
  switch (dtype) {
    case DType::i1:
      static_cast<std::uint8_t*>(data)[at] = value != 0;
      break;
    case DType::i32:
      static_cast<std::int32_t*>(data)[at] = std::int32_t(value);
      break;
    case DType::f32:
      static_cast<float*>(data)[at] = float(value);
      break;
    case DType::f16:
      static_cast<std::uint16_t*>(data)[at] = rounded(llvm::APFloat::IEEEhalf());
      break;
    case DType::bf16:
      static_cast<std::uint16_t*>(data)[at] = rounded(llvm::APFloat::BFloat());
      break;
  }
}

/// Visits every element of a view in row-major order, with its offset.
template <class Visit>
void forEach(const ArrayView& view, Visit visit) {
  if (view.empty()) return;
  std::int64_t at[abi::max_rank]{}, offset = 0;
  for (std::int64_t n = 0; n < view.size(); ++n) {
    visit(n, offset);
    for (int d = view.rank - 1; d >= 0; --d) {
      offset += view.strides[d];
      if (++at[d] < view.sizes[d]) break;
      offset -= view.strides[d] * view.sizes[d];
      at[d] = 0;
    }
  }
}

class Interpreter final : public ReferenceCode {
 public:
  Interpreter(const GraphView& graph, DType element) : context_(registry(), MLIRContext::Threading::DISABLED) {
    std::string errors;
    ScopedDiagnosticHandler handler(&context_, [&](Diagnostic& d) { errors += d.str() + "\n"; });
    module_ = importGraph(context_, graph, element);
    if (!module_) throw Error("reference: the graph is not valid: " + errors);
    signature_ = signatureOf(*module_);
    for (const auto* list : {&signature_.inputs, &signature_.parameters})
      for (const TensorSpec& spec : *list) specs_.push_back(spec);
    for (const StateSpec& state : signature_.states) specs_.push_back(state.tensor);
  }

  const Signature& signature() const override { return signature_; }

  bool isReadByOneProduct(int parameter) const override {
    std::lock_guard lock(mutex_);
    return heed::isReadByOneProduct(function().getArgument(unsigned(signature_.inputs.size()) + unsigned(parameter)));
  }

  std::string jump() const override {
    std::lock_guard lock(mutex_);
    return firstJump(function());
  }

  std::vector<Elements> evaluate(std::span<const ArrayView> arguments, Precision precision) const override {
    std::lock_guard lock(mutex_);
    std::vector<ir::Reference> values;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      ir::Reference value;
      for (const AxisSpec& axis : specs_[i].axes) value.axes.push_back(axis.name);
      value.extents.assign(arguments[i].sizes, arguments[i].sizes + arguments[i].rank);
      value.data.resize(std::size_t(arguments[i].size()));
      forEach(arguments[i], [&](std::int64_t n, std::int64_t offset) {
        value.data[std::size_t(n)] = load(arguments[i].dtype, arguments[i].data, offset);
      });
      values.push_back(std::move(value));
    }
    std::string errors;
    ScopedDiagnosticHandler handler(&context_, [&](Diagnostic& d) { errors += d.str() + "\n"; });
    SmallVector<ir::Reference> after;
    auto computed = ir::interpret(function(), values, precision == Precision::naive, &after);
    if (failed(computed)) throw Error("reference: cannot evaluate: " + errors);
    for (std::size_t i = specs_.size() - signature_.states.size(); i < specs_.size(); ++i)
      forEach(arguments[i], [&](std::int64_t n, std::int64_t offset) {
        store(arguments[i].dtype, arguments[i].data, offset, after[i].data[std::size_t(n)]);
      });
    std::vector<Elements> results;
    for (ir::Reference& value : *computed) results.push_back({std::move(value.extents), std::move(value.data)});
    return results;
  }

 private:
  func::FuncOp function() const { return *ModuleOp(*module_).getOps<func::FuncOp>().begin(); }

  static const DialectRegistry& registry() {
    static const DialectRegistry all = [] {
      DialectRegistry r;
      registerDialects(r);
      return r;
    }();
    return all;
  }

  mutable std::mutex mutex_;
  mutable MLIRContext context_;
  mutable OwningOpRef<ModuleOp> module_;
  Signature signature_;
  std::vector<TensorSpec> specs_;
};

std::string shown(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

/// The views that a call's descriptors stand for.
std::vector<ArrayView> viewsOf(const Signature& signature, void** arguments) {
  std::vector<ArrayView> views;
  std::vector<TensorSpec> states;
  for (const StateSpec& state : signature.states) states.push_back(state.tensor);
  for (const auto* list : {&signature.inputs, &signature.parameters, &std::as_const(states), &signature.results})
    for (const TensorSpec& spec : *list) {
      auto* words = static_cast<std::int64_t*>(arguments[views.size()]);
      ArrayView view;
      view.dtype = spec.dtype;
      view.rank = spec.rank();
      view.data = reinterpret_cast<char*>(words[1]) + words[2] * elementBytes(spec.dtype);
      std::copy_n(words + 3, view.rank, view.sizes);
      std::copy_n(words + 3 + view.rank, view.rank, view.strides);
      views.push_back(view);
    }
  return views;
}

/// Inputs, parameters and states of a call, the states in copies of their own.
struct Before {
  std::vector<ArrayView> views;
  std::vector<AnyArray> states, weights;

  Before(const Signature& signature, void** arguments) : views(viewsOf(signature, arguments)) {
    views.resize(views.size() - signature.results.size());
    for (std::size_t i = views.size() - signature.states.size(); i < views.size(); ++i) {
      states.emplace_back(views[i].dtype, views[i].extents());
      copyElements(views[i], states.back().view);
      views[i] = states.back().view;
    }
  }

  void round(const Signature& signature, const RoundedWeight& as) {
    ArrayView& view = views[signature.inputs.size() + std::size_t(as.parameter)];
    view = weights.emplace_back(asMultiplied(view, as)).view;
  }
};

}  // namespace

std::shared_ptr<const ReferenceCode> referenceOf(const GraphView& graph, DType element) {
  return std::make_shared<Interpreter>(graph, element);
}

std::vector<AnyArray> ReferenceCode::run(std::span<const ArrayView> arguments, Precision precision) const {
  std::vector<AnyArray> results;
  for (const auto& [result, spec] : llvm::zip_equal(evaluate(arguments, precision), signature().results)) {
    AnyArray& array = results.emplace_back(spec.dtype, result.extents);
    for (std::size_t n = 0; n < result.numbers.size(); ++n)
      store(spec.dtype, array.view.data, std::int64_t(n), result.numbers[n]);
  }
  return results;
}

Executable::Call interpretCall(std::shared_ptr<const ReferenceCode> reference) {
  return [reference](Session&, void** arguments) {
    const Signature& signature = reference->signature();
    std::vector<ArrayView> views = viewsOf(signature, arguments);
    std::size_t inputs = views.size() - signature.results.size();
    std::vector<AnyArray> results = reference->run(std::span<const ArrayView>(views).first(inputs));
    for (std::size_t r = 0; r < results.size(); ++r) copyElements(results[r].view, views[inputs + r]);
  };
}

/// Of two errors; NaN is the largest.
static double larger(double x, double y) { return x >= y || std::isnan(x) ? x : y; }

double Errors::root(double squares) const { return std::sqrt(squares / double(std::max<std::int64_t>(count, 1))); }

void Errors::addRelative(const Errors& other) {
  const double unit = other.largest > 0 ? 1 / other.largest : 1;
  largest = 1;
  most = larger(most, other.most * unit), naive_most = larger(naive_most, other.naive_most * unit);
  squares += other.squares * unit * unit, naive_squares += other.naive_squares * unit * unit;
  each_most += other.most * unit, naive_each_most += other.naive_most * unit;
  count += other.count, ++results;
}

Errors errorsOf(const ArrayView& got, const ArrayView& exact, const ArrayView& naive) {
  Errors errors;
  errors.count = got.size();
  forEach(got, [&](std::int64_t n, std::int64_t offset) {
    const double want = load(exact.dtype, exact.data, n), have = load(got.dtype, got.data, offset);
    const double plain = load(naive.dtype, naive.data, n);
    if (std::isfinite(want)) errors.largest = std::fmax(errors.largest, std::fabs(want));
    if (std::isfinite(want) && std::isfinite(plain)) {
      errors.naive_most = std::fmax(errors.naive_most, std::fabs(plain - want));
      errors.naive_squares += (plain - want) * (plain - want);
    }
    if (have == want || (std::isnan(have) && std::isnan(want))) return;
    const double here = std::fabs(have - want);
    errors.squares += here * here;
    if (const double most = larger(errors.most, here); most != errors.most && !std::isnan(errors.most))
      errors.most = most, errors.at = n;
  });
  return errors;
}

std::vector<Errors> compare(Runner& model, const ReferenceCode& reference, std::span<const ArrayView> inputs,
                            std::span<const Extent> room) {
  const Signature& signature = reference.signature();
  std::vector<AnyArray> owned;  // results of three evaluations, states of two
  auto run = [&](Precision precision) {
    std::vector<ArrayView> all(inputs.begin(), inputs.end());
    const std::vector<NamedArray> bound = model.arguments().bound();
    for (const TensorSpec& parameter : signature.parameters)
      for (const auto& [name, array] : bound)
        if (name == parameter.name) all.push_back(array.view);
    for (const StateSpec& state : signature.states) {
      std::vector<std::int64_t> sizes;
      for (const AxisSpec& axis : state.tensor.axes) {
        const auto given = std::ranges::find(room, axis.symbol, &Extent::symbol);
        sizes.push_back(axis.extent < 0 && given != room.end() ? given->extent : axis.extent);
      }
      owned.emplace_back(state.tensor.dtype, sizes);
      std::memset(owned.back().view.data, 0, std::size_t(byteSize(state.tensor.dtype, sizes)));
      all.push_back(owned.back().view);
    }
    return reference.run(all, precision);
  };
  const std::vector<AnyArray> exact = run(Precision::f64), naive = run(Precision::naive);
  if (!signature.states.empty()) model.begin(room);
  const std::vector<AnyArray> got = model.run(inputs);
  std::vector<Errors> errors;
  for (std::size_t r = 0; r < got.size(); ++r) errors.push_back(errorsOf(got[r].view, exact[r].view, naive[r].view));
  return errors;
}

// Of f32 twice the bound of one op, since errors of many add up: 4 x the error of the naive evaluation, or 16 units in
// the last place of the largest element; of tf32, where that was asked for, units in the last place it has. The errors
// of bf16 and f16 are those of storing: 2 x, since in a call of few elements the largest is a matter of luck, or the
// rounding of the largest element. What a product reads in few bits, the reference reads so; where other parts of the
// graph read such a weight too, as it was given, results may move by as much as they do when all read it in few bits,
// twice.
Executable::Call verifyCall(std::shared_ptr<const ReferenceCode> reference, DType element, Executable::Call compiled,
                            bool tf32, std::vector<RoundedWeight> rounded) {
  const double slack = element == DType::f32 ? 4 : 2;
  const double unit = element == DType::f32    ? 16 * (tf32 ? 0x1p-10 : 0x1p-23)
                      : element == DType::bf16 ? 0x1p-8
                                               : 0x1p-11;
  const auto shared = std::stable_partition(rounded.begin(), rounded.end(), [&](const RoundedWeight& weight) {
    return reference->isReadByOneProduct(weight.parameter);
  });
  const std::vector<RoundedWeight> alone(rounded.begin(), shared);
  return [reference, slack, unit, compiled, alone, all = std::move(rounded), jump = reference->jump()](
             Session& session, void** arguments) {
    const Signature& signature = reference->signature();
    Before given(signature, arguments), again(signature, arguments), coarse(signature, arguments);
    compiled(session, arguments);
    std::vector<ArrayView> views = viewsOf(signature, arguments);
    std::size_t inputs = views.size() - signature.results.size();
    for (const RoundedWeight& weight : alone) given.round(signature, weight), again.round(signature, weight);
    std::vector<AnyArray> exact = reference->run(given.views), naive = reference->run(again.views, Precision::naive);
    std::vector<AnyArray> moved;
    if (alone.size() < all.size()) {
      for (const RoundedWeight& weight : all) coarse.round(signature, weight);
      moved = reference->run(coarse.views);
    }
    for (std::size_t r = 0; r < exact.size(); ++r) {
      const Errors errors = errorsOf(views[inputs + r], exact[r].view, naive[r].view);
      double allowed = std::fmax(slack * errors.naive_most, unit * errors.largest);
      if (!moved.empty()) allowed += 2 * errorsOf(moved[r].view, exact[r].view, naive[r].view).most;
      if (!(errors.most <= allowed))
        throw Error("verify: result " + std::to_string(r) + " '" + signature.results[r].name + "': element " +
                    std::to_string(errors.at) + " is off by " + shown(errors.most) + "; at most " + shown(allowed) +
                    " is allowed; " +
                    (jump.empty() ? "" : jump + " makes much of small differences; if that is not it, ") +
                    "this is a mistake of heed, not yours");
    }
  };
}

}  // namespace heed
