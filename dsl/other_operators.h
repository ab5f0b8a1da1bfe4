// The operators that are no pointwise words: the pipe x | f, and those that C++ has and a formula has no use for.
//
// Invariant: what has no meaning says so once, at the user's line, and gives Fault; Fault itself says nothing. Results
// are `auto` where they can be: it makes g++ look into the body where it is used, and not when the graph is traced.
// Read tests/dsl/errors/tensor_as_condition.cpp and its neighbours.
#pragma once

#include <concepts>
#include <type_traits>

#include "heed/dsl/operand.h"

namespace heed::lang {

/// f(x), where f may take the user's line as well, or not know what to do with x.
template <class X, class F>
constexpr auto pipe(tape::Place place, const X& x, const F& f);

/// Whether F takes everything and the user's line, and says itself what is wrong with x. It is not asked whether it
/// takes x: its answer would come with all the steps of the question.
template <class F>
inline constexpr bool answers = std::is_invocable_v<const F&, Fault, tape::Place>;

template <class... Operands>
inline constexpr bool anyFaulty = (Faulty<Operands> || ...);

/// The Fault that a rejected word returns, which is not complete here.
template <class>
constexpr auto fault();

/// Base of every operand, below the words.
template <class Self>
struct OtherOperators {
  /// if (x > 0), c ? x : y, std::max(x, y): all of them would ask for one answer while the formula is written.
  template <std::same_as<bool> B>
  explicit constexpr operator B() const {
    static_assert(anyFaulty<Self> && std::same_as<B, bool>,
                  "heed: a tensor or mask is no C++ condition, its numbers come later; use where(mask, x, other)");
    return false;
  }

  /// x | layer is layer(x).
  template <class F>
  friend constexpr auto operator|(here<Self> x, const F& f) {
    if constexpr (answers<F>)
      return f(x.value, x.place);
    else
      return pipe(x.place, x.value, f);
  }

  template <class R>
  friend constexpr auto operator&(const Self&, const R&) {
    static_assert(anyFaulty<Self, R>, "heed: & has no meaning here; join masks by &&");
    return fault<R>();
  }
  template <class R>
  friend constexpr auto operator<<(const Self&, const R&) {
    static_assert(anyFaulty<Self, R>, "heed: << and >> have no meaning here; multiply or divide");
    return fault<R>();
  }
  template <class R>
  friend constexpr auto operator>>(const Self&, const R&) {
    static_assert(anyFaulty<Self, R>, "heed: << and >> have no meaning here; multiply or divide");
    return fault<R>();
  }
  template <class Stream>
  requires(!Operand<Stream>) friend constexpr Stream& operator<<(Stream& stream, const Self&) {
    static_assert(anyFaulty<Self> && std::is_class_v<Stream>,
                  "heed: a tensor of a formula has no numbers to print; print the Array that a kernel gives");
    return stream;
  }
  template <std::same_as<Self> S>
  friend constexpr auto operator~(const S&) {
    static_assert(anyFaulty<S>, "heed: ~ has no meaning here; the opposite of a mask is !mask");
    return fault<S>();
  }
  template <std::same_as<Self> S>
  friend constexpr const S& operator+(const S& x) {
    return x;
  }
  template <std::same_as<Self> S>
  friend constexpr auto& operator++(S& x) {
    static_assert(anyFaulty<S>, "heed: ++ and -- have no meaning here; write x += 1");
    return x;
  }
  template <std::same_as<Self> S>
  friend constexpr auto& operator--(S& x) {
    static_assert(anyFaulty<S>, "heed: ++ and -- have no meaning here; write x -= 1");
    return x;
  }
};

}  // namespace heed::lang
