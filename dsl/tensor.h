// Tensor: a value of the graph. Its type is the element type and the axes, its value is an id on a tape.
//
// Invariant: copying a Tensor shares the node; nothing about its history is in its type.
// Read tests/dsl/words_test.cpp.
#pragma once

#include <initializer_list>
#include <type_traits>

#include "heed/dsl/pointwise.h"
#include "heed/dsl/tape_builder.h"

namespace heed {
namespace lang {

template <class D>
inline constexpr bool isElement = ElementType<D>;
template <class A>
inline constexpr bool isAxis = Axis<A>;

template <class D, class... A>
struct TypeStore {
  static constexpr TypeInfo info{};
};
template <class D, class... A>
requires(isElement<D> && (isAxis<A> && ...)) struct TypeStore<D, A...> {
  static constexpr const AxisInfo* axes[sizeof...(A) + 1]{&axisInfo<A>..., nullptr};
  static constexpr TypeInfo info{D::dtype, sizeof...(A), axes};
};

/// Appends a node with one result of type R.
template <class R>
constexpr R emit(Tape* tape, std::string_view op, Tape::Ids operands, Tape::Attributes attributes, tape::Place place) {
  if (!tape) return R{nullptr, operands.size() ? *operands.begin() : unbound};
  return R{tape, tape->add(op, operands, attributes, {&R::info}, place)};
}

template <bool Axes, class... A>
inline constexpr bool distinctAxes = true;
template <class... A>
inline constexpr bool distinctAxes<true, A...> = distinctNames<axes<A...>>;

/// What is wrong with a Tensor.
template <class D, class... A>
struct TensorRules {
  static constexpr bool hasElement = isElement<D>;
  static constexpr bool hasAxes = (isAxis<A> && ...);
  static constexpr bool distinct = distinctAxes<hasAxes, A...>;
  static_assert(hasElement, "heed: Tensor<T, Axes...>: T is one of i1, i32, f16, bf16, f32");
  static_assert(!hasElement || hasAxes,
                "heed: Tensor<T, Axes...>: an axis is a struct that derives from axis<\"name\">");
  static_assert(distinct, "heed: Tensor<T, Axes...>: two axes of one name in one tensor");
  static constexpr bool told = true;
};

/// What a rejected word returns: it becomes anything without another word, so that one mistake is one message.
struct Fault : PointwiseWords<Fault> {
  template <class D, class... A>
  constexpr operator Tensor<D, A...>() const {
    return {nullptr, rejected};
  }
  template <class I>
  constexpr Fault operator[](const I&) const {
    return {};
  }
};
template <class>
constexpr auto fault() {
  return Fault{};
}

template <class X, class F>
constexpr auto pipe([[maybe_unused]] tape::Place place, const X& x, const F& f) {
  if constexpr (anyFaulty<X, F>) {
    return Fault{};
  } else if constexpr (std::is_invocable_v<const F&, X, tape::Place>) {
    return f(x, place);
  } else {
    constexpr bool takes = std::is_invocable_v<const F&, X>;
    static_assert(takes, "heed: x | f is f(x), and f does not take this x; join masks by ||");
    if constexpr (takes)
      return f(x);
    else
      return Fault{};
  }
}

#ifndef __clang__
/// Check an implicit conversion. g++ reports it at the user's line as a default argument, clang in a body.
template <class To, class From>
struct Converted {
  static constexpr bool axesAgree = sameAxes<AxesOf<To>, AxesOf<From>>;
  static constexpr bool typesAgree = std::is_same_v<ElementOf<To>, ElementOf<From>>;
  static_assert(axesAgree, "heed: a tensor with other axes is expected here");
  static_assert(!axesAgree || typesAgree, "heed: a tensor with another element type is expected here; use cast<T>(x)");
};
template <class E>
struct NoTensor {
  static_assert(never<E>,
                "heed: a number or a formula of indices alone is no tensor; it is beside one, as in x * (j - i)");
};
#endif

}  // namespace lang

/// The axes are in the order of memory, the outermost first. A Tensor converts to one with the same axes in another
/// order, because order is layout and never meaning.
template <class D, class... A>
struct Tensor : lang::PointwiseWords<Tensor<D, A...>> {
  static_assert(lang::TensorRules<D, A...>::told);

  static constexpr const TypeInfo& info = lang::TypeStore<D, A...>::info;
  lang::Tape* tape = nullptr;
  std::uint32_t id = lang::unbound;

  constexpr Tensor() = default;
  constexpr Tensor(lang::Tape* t, std::uint32_t i) : tape(t), id(i) {}

  template <class E, class... B>
  requires(!std::is_same_v<Tensor, Tensor<E, B...>>)
#ifdef __clang__
      constexpr Tensor(const Tensor<E, B...>& x, tape::Place place = lang::caller()) {
    constexpr bool axesAgree = lang::sameAxes<axes<A...>, axes<B...>>, typesAgree = std::is_same_v<D, E>;
    static_assert(axesAgree, "heed: a tensor with other axes is expected here");
    static_assert(!axesAgree || typesAgree,
                  "heed: a tensor with another element type is expected here; use cast<T>(x)");
    *this = lang::emit<Tensor>(x.tape, op::permute, {x.id}, {}, place);
  }
#else
      constexpr Tensor(const Tensor<E, B...>& x, lang::Converted<Tensor, Tensor<E, B...>> = {},
                       tape::Place place = lang::caller())
      : Tensor(lang::emit<Tensor>(x.tape, op::permute, {x.id}, {}, place)) {
  }
#endif

  template <class E>
  requires(lang::AnyExpression<E> || lang::Scalar<E>)
#ifdef __clang__
      constexpr Tensor(const E&)
      : id(lang::rejected) {
    static_assert(lang::never<E>,
                  "heed: a number or a formula of indices alone is no tensor; it is beside one, as in x * (j - i)");
  }
#else
      constexpr Tensor(const E&, lang::NoTensor<E> = {})
      : id(lang::rejected) {
  }
#endif

  /// doc[j]: the tensor as seen along the axis of the index j, which is one of its axes or like one of them.
  template <class I>
  constexpr auto operator[](const I& i) const;
};

}  // namespace heed
