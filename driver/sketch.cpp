#include "heed/driver/sketch.h"

#include <algorithm>

#include "heed/dsl/dtype.h"

namespace heed {

using Axis = Sketch::Axis;
using Axes = Sketch::Axes;

static bool has(const Axes& axes, Axis axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); }

static tape::Attribute attributeOf(std::string_view name, tape::Attribute::Kind kind) {
  tape::Attribute attribute;
  attribute.name = name;
  attribute.kind = kind;
  return attribute;
}

static std::vector<tape::Attribute> named(std::string_view name, const Axes& axes) {
  std::vector<tape::Attribute> list;
  for (Axis a : axes) {
    tape::Attribute attribute = attributeOf(name, tape::Attribute::Kind::axis);
    attribute.axis = a;
    list.push_back(attribute);
  }
  return list;
}

Sketch::Axis Sketch::axis(std::string name, std::int64_t extent, std::string symbol) {
  std::string_view kept = keep(name);
  return &axes_.emplace_back(AxisInfo{kept, symbol.empty() ? kept : keep(symbol), extent});
}

const TypeInfo* Sketch::type(DType dtype, const Axes& axes) {
  auto& list = lists_.emplace_back(axes);
  return &types_.emplace_back(TypeInfo{dtype, std::uint32_t(list.size()), list.data()});
}

Sketch::Tensor Sketch::add(std::string op, const std::vector<Tensor>& operands, DType dtype, Axes axes,
                           std::vector<tape::Attribute> attributes) {
  tape::Node node;
  node.op = keep(std::move(op));
  node.operands = {std::uint32_t(operands_.size()), std::uint32_t(operands.size())};
  for (const Tensor& x : operands) operands_.push_back(x.id);
  node.results = {std::uint32_t(values_.size()), 1};
  std::uint32_t id = std::uint32_t(values_.size());
  values_.push_back({type(dtype, axes)});
  node.attributes = {std::uint32_t(attributes_.size()), std::uint32_t(attributes.size())};
  attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
  node.place = {"sketch.cpp", std::uint32_t(nodes_.size() + 1)};
  nodes_.push_back(node);
  return {id, dtype, std::move(axes)};
}

Sketch::Tensor Sketch::input(std::string name, DType dtype, Axes axes) {
  tape::Attribute attribute = attributeOf("name", tape::Attribute::Kind::text);
  attribute.text = keep(std::move(name));
  return add("input", {}, dtype, std::move(axes), {attribute});
}

Sketch::Tensor Sketch::parameter(std::string name, DType dtype, Axes axes) {
  Tensor x = add("param", {}, dtype, std::move(axes));
  nodes_.back().scope = std::uint32_t(scopes_.size());
  scopes_.push_back({0, keep(std::move(name))});
  return x;
}

Sketch::Tensor Sketch::number(double value, DType dtype) {
  tape::Attribute attribute =
      attributeOf("value", lang::isFloat(dtype) ? tape::Attribute::Kind::real : tape::Attribute::Kind::integer);
  attribute.real = value;
  attribute.integer = lang::isFloat(dtype) ? 0 : std::int64_t(value);
  return add("constant", {}, dtype, {}, {attribute});
}

Sketch::Tensor Sketch::index(Axis axis) { return add("index", {}, DType::i32, {axis}, named("axis", {axis})); }

Sketch::Tensor Sketch::cast(Tensor x, DType dtype) { return add("cast", {x}, dtype, x.axes); }

Sketch::Tensor Sketch::pointwise(std::string op, std::vector<Tensor> operands) {
  Axes all;
  for (const Tensor& x : operands)
    for (Axis a : x.axes)
      if (!has(all, a)) all.push_back(a);
  for (const Tensor& x : operands)
    if (x.axes.size() == all.size()) {
      all = x.axes;
      break;
    }
  static constexpr std::string_view truths[] = {"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"};
  bool truth = std::find(std::begin(truths), std::end(truths), op) != std::end(truths);
  DType dtype = truth ? DType::i1 : operands.back().dtype;
  return add(std::move(op), operands, dtype, all);
}

Sketch::Tensor Sketch::over(std::string op, std::vector<Tensor> operands, Axes axes) {
  Axes left;
  for (const Tensor& x : operands)
    for (Axis a : x.axes)
      if (!has(left, a) && (op == "softmax" || !has(axes, a))) left.push_back(a);
  bool one = op == "softmax" || op == "logsumexp";
  return add(std::move(op), operands, operands.front().dtype, left, named(one ? "axis" : "axes", axes));
}

Sketch::Tensor Sketch::rename(Tensor x, Axis from, Axis to) {
  Axes axes = x.axes;
  std::replace(axes.begin(), axes.end(), from, to);
  auto attributes = named("from", {from});
  attributes.push_back(named("to", {to})[0]);
  return add("rename", {x}, x.dtype, axes, attributes);
}

Sketch::Tensor Sketch::permute(Tensor x, Axes axes) { return add("permute", {x}, x.dtype, std::move(axes)); }

Sketch::Tensor Sketch::along(Tensor x, Axis axis) {
  Axes axes = x.axes;
  axes.push_back(axis);
  return add("along", {x}, x.dtype, axes, named("axis", {axis}));
}

void Sketch::results(std::vector<Tensor> tensors) {
  std::vector<tape::Attribute> names;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tape::Attribute attribute = attributeOf("name", tape::Attribute::Kind::text);
    attribute.text = keep("r" + std::to_string(i));
    names.push_back(attribute);
  }
  add("return", tensors, DType::f32, {}, names);
  nodes_.back().results.count = 0;
  values_.pop_back();
}

GraphView Sketch::view() const {
  GraphView view;
  view.name = "sketch";
  view.nodes = {nodes_.data(), nodes_.size()};
  view.values = {values_.data(), values_.size()};
  view.operands = {operands_.data(), operands_.size()};
  view.attributes = {attributes_.data(), attributes_.size()};
  view.scopes = {scopes_.data(), scopes_.size()};
  return view;
}

}  // namespace heed
