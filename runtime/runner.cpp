// Copies and untyped calls.
//
// Invariant: a copy shares the executable and the parameters' memory, never the session.
// Read tests/runtime/runner_test.cpp.
#include "heed/runtime/runner.h"

#include <algorithm>
#include <map>
#include <string>

#include "heed/runtime/error.h"
#include "heed/runtime/resident.h"
#include "heed/runtime/weights/weights.h"

namespace heed {

Runner::Runner(std::shared_ptr<const Executable> executable, int threads, ThreadPool* pool) {
  if (!executable || !executable->call)
    throw Error("kernel", "nothing to run", "an executable with code is required", "make one with compile()");
  state_ = std::make_unique<State>(std::move(executable), threads, pool);
}

Runner::Runner(const Runner& other) : Runner(other.shared(), other.session().threads(), other.session().pool()) {
  state_->arguments.bindAs(other.arguments());
}

void Runner::movedFrom() {
  throw Error("kernel", "it was moved to another", "a kernel that holds code is required",
              "call the one it was moved to, or copy it");
}

Runner& Runner::operator=(Runner other) noexcept {
  state_.swap(other.state_);
  return *this;
}

void Runner::bind(std::string_view name, const AnyArray& array, std::span<const AxisSpec> axes) {
  AnyArray ordered = array;
  for (const TensorSpec& spec : executable().signature.parameters) {
    if (spec.name != name || axes.size() != spec.axes.size()) continue;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto found = std::find_if(axes.begin(), axes.end(), [&](auto& a) { return a.name == spec.axes[i].name; });
      if (found == axes.end())
        throw Error("parameter " + spec.name, "an array without axis " + spec.axes[i].name,
                    toString(spec) + " is required", "rename its axes");
      ordered.view.sizes[i] = array.view.sizes[found - axes.begin()];
      ordered.view.strides[i] = array.view.strides[found - axes.begin()];
    }
  }
  bind(name, ordered);
}

void Runner::bind(const Weights& weights, const BindOptions& options) {
  for (const auto& [name, array] : fit(weights, executable().signature.parameters, options)) bind(name, array);
}

std::vector<AnyArray> Runner::run(std::span<const ArrayView> inputs) {
  std::vector<AnyArray> arrays;
  runInto(inputs, [&](const Arguments& arguments) {
    std::vector<ArrayView> views;
    const auto& results = executable().signature.results;
    for (std::size_t i = 0; i < results.size(); ++i) {
      arrays.emplace_back(results[i].dtype, arguments.resultExtents(static_cast<int>(i)));
      views.push_back(arrays.back().view);
    }
    return views;
  });
  return arrays;
}

Memory memoryOf(std::initializer_list<const Runner*> models) {
  Memory sum;
  std::map<std::uintptr_t, std::uintptr_t> blocks;
  for (const Runner* model : models) {
    sum.packed += model->arguments().packedBytes();
    sum.states += model->arguments().stateBytes();
    sum.working += model->session().memory().bytes;
    for (const auto& [name, array] : model->arguments().bound()) {
      const ByteRange range = byteRange(array.view);
      std::uintptr_t& end = blocks[range.begin];
      end = std::max(end, range.end);
    }
  }
  for (const auto& [begin, end] : blocks) {
    sum.bound += std::int64_t(end - begin);
    sum.parameters += residentBytes({begin, end});
  }
  return sum;
}

}  // namespace heed
