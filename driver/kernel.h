// A compiled graph as a C++ function: arrays typed by their axes in, arrays out.
//
// Invariant: the axes of every array are checked by the C++ compiler, their extents by each call. Two threads that run
// at the same time need two kernels: copy it, the copy shares code and parameters and has a session of its own. Read
// tests/runtime/kernel_test.cpp.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "heed/runtime/array.h"
#include "heed/runtime/runner.h"

namespace heed {
namespace typed {

template <class T>
inline constexpr bool is_array = false;
template <class D, class... A>
inline constexpr bool is_array<Array<D, A...>> = true;

template <class L, class R>
inline constexpr bool same_dtype = false;
template <class D, class... A, class E, class... B>
inline constexpr bool same_dtype<Array<D, A...>, Array<E, B...>> = dtype_of<D> == dtype_of<E>;

/// Tensor<D, Axes...> of the language becomes Array<D, Axes...>; a tuple of tensors a std::tuple of arrays.
template <class T>
struct ArrayOf;
template <template <class...> class Tensor, class D, class... A>
requires lang::ElementType<D>
struct ArrayOf<Tensor<D, A...>> {
  using type = Array<D, A...>;
};
template <class R>
struct ResultOf {
  using arrays = std::tuple<typename ArrayOf<R>::type>;
  using type = typename ArrayOf<R>::type;
};
template <template <class...> class Tuple, class... T>
requires(sizeof...(T) > 0 && (requires { typename ArrayOf<T>::type; } && ...)) struct ResultOf<Tuple<T...>> {
  using arrays = std::tuple<typename ArrayOf<T>::type...>;
  using type = arrays;
};

/// Argument number N of a kernel: what it must be and what was given.
template <int N, class Required, class Given>
struct Argument {
  static constexpr bool no_array = !is_array<Given>;
  static constexpr bool other_dtype = !no_array && !same_dtype<Required, Given>;
  static constexpr bool other_axes = !no_array && !other_dtype && !same_axes<Required, Given>;
  static_assert(!no_array, "heed: run(...): an argument is no heed::Array; see Argument<number, Required, Given>");
  static_assert(!other_dtype,
                "heed: run(...): an argument has another element type; see Argument<number, Required, Given>");
  static_assert(!other_axes, "heed: run(...): an argument has other axes; see Argument<number, Required, Given>");
  static constexpr bool ok = !no_array && !other_dtype && !other_axes;
};

/// The view of `array` with its axes in the order of Required.
template <class D, Axis... Required, class Given>
ArrayView viewAs(std::type_identity<Array<D, Required...>>, const Given& array) {
  if constexpr (std::is_same_v<Array<D, Required...>, Given>)
    return array.view();
  else
    return array.template reordered<Required...>().view();
}
template <int N, class Required, class Given>
ArrayView argument(const Given& given) {
  if constexpr (Argument<N, Required, Given>::ok)
    return viewAs(std::type_identity<Required>{}, given);
  else
    return {};
}

template <class D, class... A>
TensorSpec specOf(std::type_identity<Array<D, A...>>) {
  return {"", dtype_of<D>, {axisSpec<A>()...}};
}
}  // namespace typed

template <class Signature>
class Kernel;

/// Kernel<R(Args...)> of tensors, or R a tuple of tensors. An argument may have its axes in any order: axis order is
/// layout, never meaning.
template <class R, class... Args>
class Kernel<R(Args...)> {
 public:
  using Result = typename typed::ResultOf<R>::type;

  /// Throws heed::Error if the executable has another signature. threads and pool as for Session.
  explicit Kernel(std::shared_ptr<const Executable> executable, int threads = 0, ThreadPool* pool = nullptr)
      : runner_(std::move(executable), threads, pool) {
    const std::vector<TensorSpec> inputs{typed::specOf(std::type_identity<ArrayFor<Args>>{})...};
    requireSignature(runner_.executable().signature, inputs, resultSpecs(std::type_identity<Arrays>{}));
  }

  /// Runs it into new arrays; several results come as a std::tuple. Throws heed::Error naming argument, axis and
  /// extents.
  template <class... Given>
  Result operator()(const Given&... given) {
    static_assert(sizeof...(Given) == sizeof...(Args), "heed: run(...): one array per input of the graph is required");
    std::optional<Arrays> arrays;
    if constexpr (sizeof...(Given) == sizeof...(Args))
      runner_.runInto(inputViews(std::index_sequence_for<Args...>{}, given...), [&](const Arguments& arguments) {
        arrays.emplace(newArrays(arguments, std::type_identity<Arrays>{}));
        return std::apply([](const auto&... a) { return std::array<ArrayView, sizeof...(a)>{a.view()...}; }, *arrays);
      });
    if constexpr (std::is_same_v<Result, Arrays>)
      return std::move(*arrays);
    else
      return std::get<0>(std::move(*arrays));
  }

  /// Runs it into the caller's array, or into std::tie(a, b) of several. A known shape allocates nothing.
  template <class Into, class... Given>
  void into(Into&& result, const Given&... given) {
    static_assert(sizeof...(Given) == sizeof...(Args),
                  "heed: run.into(result, ...): one array per input of the graph is required");
    if constexpr (sizeof...(Given) == sizeof...(Args))
      runner_.run(inputViews(std::index_sequence_for<Args...>{}, given...), resultViews(result));
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

  /// Ends the running call early, from another thread: that call throws heed::Error "cancelled".
  void cancel() noexcept { runner_.cancel(); }

  const Executable& executable() const { return runner_.executable(); }
  const std::string& explanation() const { return executable().explanation; }
  const Runner& runner() const { return runner_; }

 private:
  template <class T>
  using ArrayFor = typename typed::ArrayOf<T>::type;
  using Arrays = typename typed::ResultOf<R>::arrays;

  template <std::size_t... I, class... Given>
  static std::array<ArrayView, sizeof...(I)> inputViews(std::index_sequence<I...>, const Given&... given) {
    return {typed::argument<I + 1, ArrayFor<Args>>(given)...};
  }
  template <class Into>
  static auto resultViews(const Into& result) {
    if constexpr (typed::is_array<Into>) {
      static_assert(std::tuple_size_v<Arrays> == 1,
                    "heed: run.into(std::tie(...), ...): the graph has several results");
      return resultViews(std::tie(result));
    } else {
      static_assert(std::tuple_size_v<Into> == std::tuple_size_v<Arrays>,
                    "heed: run.into(std::tie(...), ...): one array per result of the graph is required");
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<ArrayView, sizeof...(I)>{resultView<I>(std::get<I>(result))...};
      }
      (std::make_index_sequence<std::tuple_size_v<Into>>{});
    }
  }
  template <std::size_t I, class D, class... A>
  static ArrayView resultView(const Array<D, A...>& array) {
    static_assert(!std::is_const_v<D>, "heed: run.into(result, ...): the result is read-only");
    return typed::argument<I + 1, std::tuple_element_t<I, Arrays>>(array);
  }
  template <class... A>
  static Arrays newArrays(const Arguments& arguments, std::type_identity<std::tuple<A...>>) {
    int i = 0;
    return Arrays{[&] {
      const auto extents = arguments.resultExtents(i++);
      return A::uninitialized(typename A::Extents(extents));
    }()...};
  }
  template <class... A>
  static std::vector<TensorSpec> resultSpecs(std::type_identity<std::tuple<A...>>) {
    return {typed::specOf(std::type_identity<A>{})...};
  }

  Runner runner_;
};

}  // namespace heed
