// The f64 meaning of heed.attention, as its description writes it. Test: tests/passes/ir/attention_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/program.h"

using namespace mlir;

namespace heed::ir {
namespace {

using Strides = SmallVector<SmallVector<int64_t>>;

/// A list of axes with numbers for extents.
struct Space {
  std::vector<std::string> names;
  std::vector<int64_t> extents;

  void add(ArrayRef<Axis> axes, ArrayRef<Reference> tensors) {
    for (const Axis& axis : axes) {
      names.push_back(axis.name.str());
      auto known = llvm::find_if(tensors, [&](const Reference& r) { return r.has(axis.name); });
      extents.push_back(known->extent(axis.name));
    }
  }
  void add(const std::string& name, const Space& other) {
    names.push_back(name);
    extents.push_back(other.extents[llvm::find(other.names, name) - other.names.begin()]);
  }
};

/// Runs `program` on one element of each tensor at every point of `space`; `store` gets the place in `out`.
template <class Store>
void forEachElement(const Space& space, const Strides& out, ArrayRef<Reference> tensors, Program& program,
                    size_t positions, Store store) {
  Strides strides = out;
  for (const Reference& tensor : tensors) strides.push_back(tensor.strides(space.names));
  // Unit strides along single axes make the loop count positions.
  for (size_t d = 0; d < positions; ++d) {
    strides.emplace_back(space.names.size(), 0);
    strides.back()[d] = 1;
  }
  size_t first = out.size(), ids = first + tensors.size();
  SmallVector<double> x(tensors.size());
  SmallVector<int64_t> at(strides.size()), position(positions);
  forEachRun(space.extents, strides, [&](const int64_t* begin, const int64_t* step, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      for (size_t k = 0; k < x.size(); ++k) x[k] = tensors[k].data[begin[first + k] + i * step[first + k]];
      for (size_t d = 0; d < positions; ++d) position[d] = begin[ids + d] + i * step[ids + d];
      store(begin[0] + i * step[0], program(x.data(), position.data()));
    }
  });
}

}  // namespace

SmallVector<Reference> AttentionOp::evaluate(ArrayRef<Reference> operands, Evaluation&) {
  size_t similar = getSimilar().size(), captured = getCaptures().size();
  ArrayRef<Reference> captures = operands.slice(similar, captured),
                      initial = operands.drop_front(similar + captured + 1);
  const Reference& value = operands[similar + captured];

  Axes axes = without(scoreAxes(), getKey());
  axes.push_back(*findAxis(axesOf(getValue().getType()), getKey()));
  Space scores;
  scores.add(axes, operands);
  const size_t positions = scores.names.size();
  const int64_t keys = scores.extents.back();

  // s_n = sum of bodies[n]
  SmallVector<Reference> inputs;
  for (int64_t n = 0; n < similarities(); ++n) {
    SmallVector<Reference> own;
    for (size_t i = 0; i < similar; ++i)
      if (getSimilarity()[i] == n) own.push_back(operands[i]);
    Space space = scores;
    space.add(contractedAxes(n), own);
    Reference s(scores.names, scores.extents);
    Program body(getBodies()[n].front(), scores.names);
    Strides to{s.strides(space.names)};
    if (body.isProduct())
      forEachRun(space.extents, {to[0], own[0].strides(space.names), own[1].strides(space.names)},
                 [&](const int64_t* at, const int64_t* step, int64_t count) {
                   const double *l = &own[0].data[at[1]], *r = &own[1].data[at[2]];
                   for (int64_t i = 0; i < count; ++i) s.data[at[0] + i * step[0]] += l[i * step[1]] * r[i * step[2]];
                 });
    else
      forEachElement(space, to, own, body, positions, [&](int64_t at, double x) { s.data[at] += x; });
    inputs.push_back(std::move(s));
  }

  // score and keep
  Reference score(scores.names, scores.extents), visible(scores.names, scores.extents, 1);
  Strides to{score.strides(scores.names)};
  inputs.append(captures.begin(), captures.end());
  Program post(getPost().front(), scores.names);
  forEachElement(scores, to, inputs, post, positions, [&](int64_t at, double x) { score.data[at] = x; });
  if (!getKeep().empty()) {
    Program keep(getKeep().front(), scores.names);
    forEachElement(scores, to, captures, keep, positions, [&](int64_t at, double x) { visible.data[at] = x; });
  }

  // weights = softmax over the visible keys, from m and l on
  Space rows{{scores.names.begin(), scores.names.end() - 1}, {scores.extents.begin(), scores.extents.end() - 1}};
  Reference lse(rows.names, rows.extents), carry(rows.names, rows.extents);
  SmallVector<Reference> start;
  for (const Reference& x : initial.take_front(2)) start.push_back(x.inOrder(rows.names));
  for (int64_t row = 0; row < lse.size(); ++row) {
    double* s = score.data.data() + row * keys;
    double* shown = visible.data.data() + row * keys;
    double before = start.empty() ? -INFINITY : start[0].data[row], max = before;
    for (int64_t j = 0; j < keys; ++j)
      if (shown[j]) max = meaning::larger(max, s[j]);
    if (max == -INFINITY) max = 0;
    carry.data[row] = std::exp(before - max);
    double sum = start.empty() ? 0 : start[1].data[row] * carry.data[row];
    for (int64_t j = 0; j < keys; ++j) sum += s[j] = shown[j] ? std::exp(s[j] - max) : 0;
    lse.data[row] = max + std::log(sum);
    for (int64_t j = 0; j < keys; ++j) s[j] = sum == 0 ? 0 : s[j] / sum;
    carry.data[row] = sum == 0 ? 0 : carry.data[row] / sum;
    if (sum == 0) std::fill_n(shown, keys, 0);
  }
  if (!getWeigh().empty()) {
    SmallVector<Reference> weights{score};
    weights.append(captures.begin(), captures.end());
    Program weigh(getWeigh().front(), scores.names);
    forEachElement(scores, to, weights, weigh, positions, [&](int64_t at, double x) { score.data[at] = x; });
  }

  // out = weights * value; a hidden key contributes nothing, whatever its value
  Space space = scores;
  for (const Axis& axis : axesOf(getValue().getType()))
    if (!has(axes, axis.name)) space.add(axis, value);
  Space result;
  for (const std::string& name : axisNames(axesOf(getOut().getType()))) result.add(name, space);
  Reference out(result.names, result.extents);
  forEachRun(space.extents, {out.strides(space.names), score.strides(space.names), value.strides(space.names)},
             [&](const int64_t* at, const int64_t* step, int64_t count) {
               for (int64_t i = 0; i < count; ++i)
                 if (int64_t weight = at[1] + i * step[1]; visible.data[weight])
                   out.data[at[0] + i * step[0]] += score.data[weight] * value.data[at[2] + i * step[2]];
             });
  if (!initial.empty())
    forEachRun(out.extents, {out.strides(out.axes), initial[2].strides(out.axes), carry.strides(out.axes)},
               [&](const int64_t* at, const int64_t* step, int64_t count) {
                 for (int64_t i = 0; i < count; ++i)
                   if (double factor = carry.data[at[2] + i * step[2]]; factor != 0)
                     out.data[at[0] + i * step[0]] += factor * initial[2].data[at[1] + i * step[1]];
               });
  SmallVector<Reference> results{out};
  if (getLse()) results.push_back(lse.inOrder(axisNames(axesOf(getLse().getType()))));
  return results;
}

}  // namespace heed::ir
