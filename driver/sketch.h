// A graph written at run time, op by op, where even the axes are known only then: from a file, a flag, a random test.
//
// Invariant: view() is a valid tape for as long as the sketch lives. Nothing is checked here; the compiler checks.
// Read tools/bench_attention.cpp.
#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#include "heed/dsl/tape.h"

namespace heed {

class Sketch {
 public:
  using Axis = const AxisInfo*;
  using Axes = std::vector<Axis>;
  struct Tensor {
    std::uint32_t id;
    DType dtype;
    Axes axes;
  };

  /// extent -1: symbolic, under `symbol`, or under its own name.
  Axis axis(std::string name, std::int64_t extent = -1, std::string symbol = "");

  Tensor input(std::string name, DType dtype, Axes axes);
  /// After all inputs.
  Tensor parameter(std::string name, DType dtype, Axes axes);
  Tensor number(double value, DType dtype = DType::f32);
  Tensor index(Axis axis);
  Tensor cast(Tensor x, DType dtype);
  /// A pointwise word; the result has the axes of the first operand that has all of them, else their union in order.
  Tensor pointwise(std::string op, std::vector<Tensor> operands);
  Tensor where(Tensor mask, Tensor x, double other) { return pointwise("where", {mask, x, number(other)}); }
  /// softmax, logsumexp, sum, mean, amax, amin, contract: `op` over `axes`; contract takes two operands.
  Tensor over(std::string op, std::vector<Tensor> operands, Axes axes);
  Tensor rename(Tensor x, Axis from, Axis to);
  Tensor permute(Tensor x, Axes axes);
  Tensor along(Tensor x, Axis axis);

  void results(std::vector<Tensor> tensors);
  GraphView view() const;

 private:
  const TypeInfo* type(DType dtype, const Axes& axes);
  Tensor add(std::string op, const std::vector<Tensor>& operands, DType dtype, Axes axes,
             std::vector<tape::Attribute> attributes = {});
  std::string_view keep(std::string text) { return text_.emplace_back(std::move(text)); }

  std::deque<std::string> text_;
  std::deque<AxisInfo> axes_;
  std::deque<std::vector<Axis>> lists_;
  std::deque<TypeInfo> types_;
  std::vector<tape::Node> nodes_;
  std::vector<ValueInfo> values_;
  std::vector<std::uint32_t> operands_;
  std::vector<tape::Attribute> attributes_;
  std::vector<tape::Scope> scopes_{tape::Scope{}};
};

}  // namespace heed
