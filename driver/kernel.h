// A compiled graph as a C++ function: arrays typed by their axes in, arrays out.
//
// Invariant: the axes of every array are checked by the C++ compiler, their extents by each call. Two threads that run
// at the same time need two kernels: copy it, the copy shares code and parameters and has a session of its own, which
// remembers nothing.
// Read tests/runtime/kernel_test.cpp.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "heed/driver/argument_types.h"
#include "heed/runtime/array.h"
#include "heed/runtime/runner.h"
#include "heed/runtime/weights/weights.h"

namespace heed {

template <class Signature>
class Kernel;

/// Kernel<R(Args...)> of tensors, R also a tuple of tensors. An argument may have its axes in any order: axis order is
/// layout, never meaning.
template <class R, class... Args>
class Kernel<R(Args...)> {
  using Inputs = matching::List<matching::ArrayOf<Args>...>;
  using Outputs = typename matching::ResultOf<R>::List;
  using Arrays = typename Outputs::Tuple;

 public:
  /// An array, or a std::tuple of arrays.
  using Result = typename matching::ResultOf<R>::type;

  /// Throws heed::Error if the executable has another signature. threads and pool as for Session.
  explicit Kernel(std::shared_ptr<const Executable> executable, int threads = 0, ThreadPool* pool = nullptr)
      : runner_(std::move(executable), threads, pool) {
    requireSignature(runner_.executable().signature, matching::specs(Inputs{}), matching::specs(Outputs{}));
  }

  /// Runs it into new arrays. Throws heed::Error naming the argument, the axis and both extents.
  template <class... Given>
  Result operator()(const Given&... given) {
    std::optional<Arrays> arrays;
    if constexpr (matching::takes(Inputs{}, matching::List<Given...>{}))
      runner_.runInto(matching::views(Inputs{}, given...), [&](const Arguments& arguments) {
        arrays.emplace(matching::newArrays(Outputs{}, arguments));
        return std::apply([](const auto&... a) { return std::array{a.view()...}; }, *arrays);
      });
    if constexpr (std::is_same_v<Result, Arrays>)
      return std::move(*arrays);
    else
      return std::get<0>(std::move(*arrays));
  }

  /// Runs it into the caller's array, or into several: run.into(std::tie(a, b), ...). A known shape allocates nothing.
  template <class Into, class... Given>
  void into(Into&& results, const Given&... given) {
    constexpr bool fits = matching::gives(Outputs{}, matching::Targets<std::remove_reference_t<Into>>{});
    if constexpr (matching::takes(Inputs{}, matching::List<Given...>{}) && fits)
      runner_.run(matching::views(Inputs{}, given...), matching::targetViews(Outputs{}, results));
  }

  /// Binds a parameter by its name for all calls to come; its axes may have any order. Its memory is kept alive if the
  /// array owns it.
  template <class D, class... A>
  void bind(std::string_view name, const Array<D, A...>& array) {
    const std::array<AxisSpec, sizeof...(A)> axes{axisSpec<A>()...};
    runner_.bind(name, array.any(), axes);
  }
  /// Binds all parameters at once; one heed::Error lists every missing and unknown name.
  void bindAll(std::span<const NamedArray> arrays) { runner_.bindAll(arrays); }
  /// Binds all parameters to the tensors of a file: run.bind(load("model.safetensors")). One heed::Error lists every
  /// missing, extra, mis-shaped and mis-typed tensor, and then nothing is bound. See BindOptions.
  void bind(const Weights& weights, const BindOptions& options = {}) { runner_.bind(weights, options); }

  /// Gives what the model remembers room and forgets what it held: run.begin({extent<Batch>(4), extent<Key>(1024)}).
  void begin(std::initializer_list<Extent> extents) { runner_.begin(extents); }
  /// How many tokens each row has been told by the calls that succeeded.
  std::span<const std::int32_t> past() const { return runner_.past(); }
  /// Forgets the last tokens of each row, so that lengths[row] are left: those of padding, or those that were only
  /// tried.
  void rewind(std::span<const std::int32_t> lengths) { runner_.rewind(lengths); }
  /// Rows padded on the left: the first counts[row] tokens of the calls to come are seen by nobody and not remembered.
  void pad(std::span<const std::int32_t> counts) { runner_.pad(counts); }

  /// Ends the running call early, from another thread: that call throws heed::Error "cancelled".
  void cancel() noexcept { runner_.cancel(); }

  const Executable& executable() const { return runner_.executable(); }
  const std::string& explanation() const { return executable().explanation; }
  const Runner& runner() const { return runner_; }
  Runner& runner() { return runner_; }

 private:
  Runner runner_;
};

/// What a graph that the C++ compiler refused gives: it takes everything, so that one mistake is one message.
template <>
class Kernel<void()> {
 public:
  struct Anything {
    template <class T>
    operator T() const;
  };
  explicit Kernel(const std::shared_ptr<const Executable>&, int = 0, ThreadPool* = nullptr);
  Anything operator()(const auto&...) { return {}; }
  void into(auto&&, const auto&...) {}
  void bind(std::string_view, const auto&) {}
  void bind(const Weights&, const BindOptions& = {}) {}
  const Executable& executable() const;
  const std::string& explanation() const;
};

}  // namespace heed
