#include "check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <sstream>

#include "heed/driver/compile.h"
#include "heed/driver/reference.h"
#include "heed/runtime/element.h"
#include "heed/runtime/runner.h"

namespace heed::test {

Values::Values(std::vector<int> sizes, double fill) : extents(std::move(sizes)) {
  std::size_t count = 1;
  for (int n : extents) count *= std::size_t(n);
  data.assign(count, fill);
}

std::int64_t Values::offset(std::initializer_list<int> index) const {
  EXPECT_EQ(index.size(), extents.size());
  std::int64_t at = 0;
  auto extent = extents.begin();
  for (int i : index) {
    EXPECT_TRUE(i >= 0 && i < *extent) << i << " of " << *extent;
    at = at * *extent++ + i;
  }
  return at;
}

namespace {

/// `draw`: which of many.
Values random(const TensorSpec& spec, const Extents& sizes, const Checks& checks, int draw = 0) {
  std::vector<int> extents;
  std::string seed = spec.name + std::string(std::size_t(draw), '+');
  for (const AxisSpec& axis : spec.axes) {
    extents.push_back(axis.extent < 0 ? sizes.at(axis.symbol) : int(axis.extent));
    seed += ' ' + std::to_string(extents.back());
  }
  std::seed_seq sequence(seed.begin(), seed.end());
  std::mt19937 engine(sequence);
  Values values(std::move(extents));
  auto below = checks.below.find(spec.name);
  auto plus = checks.plus.find(spec.name);
  for (double& x : values.data)
    if (spec.dtype == DType::i32)
      x = int(engine() % unsigned(below == checks.below.end() ? 1 << 20 : below->second));
    else
      x = float(int(engine() >> 8) * 0x1p-23 - 1 + (plus == checks.plus.end() ? 0 : plus->second));
  return values;
}

AnyArray toArray(const Values& values, DType dtype) {
  std::vector<std::int64_t> sizes(values.extents.begin(), values.extents.end());
  AnyArray array(dtype, sizes);
  for (std::size_t i = 0; i < values.data.size(); ++i)
    if (dtype == DType::i32)
      static_cast<std::int32_t*>(array.view.data)[i] = std::int32_t(values.data[i]);
    else
      static_cast<float*>(array.view.data)[i] = float(values.data[i]);
  return array;
}

double element(const ArrayView& view, std::size_t i) {
  if (view.dtype == DType::i32) return static_cast<const std::int32_t*>(view.data)[i];
  return static_cast<const float*>(view.data)[i];
}

/// The largest error relative to the largest number; infinite where one side alone is not finite.
double distance(const ArrayView& got, const Values& want) {
  EXPECT_EQ(got.size(), std::int64_t(want.data.size()));
  if (got.size() != std::int64_t(want.data.size())) return INFINITY;
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < want.data.size(); ++i) {
    double x = element(got, i), y = want.data[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (!std::isfinite(x) || !std::isfinite(y)) return INFINITY;
    error = std::max(error, std::fabs(x - y));
    scale = std::max(scale, std::fabs(y));
  }
  return error / std::max(scale, 1e-30);
}

void expectNear(const std::vector<AnyArray>& got, const std::vector<Values>& want, double tolerance, const char* what) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    double error = distance(got[i].view, want[i]);
    std::ostringstream text;
    text << error;
    testing::Test::RecordProperty(what, text.str());
    EXPECT_LE(error, tolerance) << what << ", result " << i;
  }
}

/// The same numbers, to the nearest bf16; other elements stay.
AnyArray rounded(const AnyArray& x) {
  if (x.view.dtype != DType::f32) return x;
  AnyArray narrow(DType::bf16, x.view.extents());
  std::copy_n(static_cast<const float*>(x.view.data), x.view.size(), static_cast<bfloat16*>(narrow.view.data));
  return narrow;
}

/// DESIGN section 5, over some draws: the largest error of one result of few elements is a matter of luck.
void expectNarrow(const GraphView& graph, const std::vector<Extents>& sizes, const Checks& checks) {
  const Options narrow{.element = DType::bf16};
  Runner runner(compile(graph, narrow), 2);
  const auto reference = referenceOf(graph, narrow.element);
  const Signature& signature = runner.executable().signature;
  Errors errors;
  for (int draw = 0; draw < 4; ++draw)
    for (const Extents& extents : sizes) {
      std::vector<AnyArray> arguments;
      for (const TensorSpec& spec : signature.inputs)
        arguments.push_back(toArray(random(spec, extents, checks, draw), spec.dtype));
      for (TensorSpec spec : signature.parameters) {
        if (spec.dtype == DType::bf16) spec.dtype = DType::f32;
        runner.bind(spec.name, rounded(toArray(random(spec, extents, checks, draw), spec.dtype)));
      }
      std::vector<ArrayView> inputs;
      for (const AnyArray& array : arguments) inputs.push_back(array.view);
      for (const Errors& result : compare(runner, *reference, inputs)) errors.addRelative(result);
    }
  EXPECT_LE(errors.mean(), 1.1 * errors.naiveMean()) << "bf16";
  EXPECT_LE(errors.meanMost(), 1.1 * errors.naiveMeanMost()) << "bf16";
  EXPECT_LE(errors.most, 2 * errors.naive_most) << "bf16";
}

}  // namespace

Explained expectMeaning(const GraphView& graph, const std::vector<Extents>& sizes, const Meaning& meaning,
                        const Checks& checks) {
  for (const tape::Node& node : graph.nodes)  // also inside the layers the line is the user's
    EXPECT_TRUE(!node.place.line || std::string_view(node.place.file).ends_with("_test.cpp")) << node.op;
  auto code = compile(graph, {.explain = true});
  std::shared_ptr<const ReferenceCode> reference = checks.interpreted ? referenceOf(graph) : nullptr;
  for (const Extents& extents : sizes) {
    Given given;
    std::vector<AnyArray> arguments;
    std::vector<NamedArray> parameters;
    for (const TensorSpec& spec : code->signature.inputs) {
      Values& values = given.values[spec.name] = random(spec, extents, checks);
      arguments.push_back(toArray(values, spec.dtype));
    }
    for (const TensorSpec& spec : code->signature.parameters) {
      Values& values = given.values[spec.name] = random(spec, extents, checks);
      parameters.emplace_back(spec.name, toArray(values, spec.dtype));
    }
    std::vector<ArrayView> inputs, all;
    for (const AnyArray& array : arguments) inputs.push_back(array.view);
    all = inputs;
    for (const auto& [name, array] : parameters) all.push_back(array.view);

    std::vector<Values> want = meaning(given);
    Runner runner(code, 2);
    runner.bindAll(parameters);
    expectNear(runner.run(inputs), want, checks.tolerance, "compiled");
    if (reference) expectNear(reference->run(all), want, 1e-6, "interpreted");
  }
  if (checks.interpreted) expectNarrow(graph, sizes, checks);
  return {code->explanation, code->statistics.kernels};
}

}  // namespace heed::test
