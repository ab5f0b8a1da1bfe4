// contract<Axis...>(l, r): the sum over the named axes of l * r.
//
// Invariant: an axis that both have and that is not named is a batch axis; it is in the result once.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"

namespace heed {

template <class... A, lang::Shaped L, lang::Shaped R>
constexpr auto contract(const L& l, const R& r, tape::Place place = lang::caller()) {
  using Left = lang::AxesOf<L>;
  using Right = lang::AxesOf<R>;
  constexpr bool tensors = lang::AnyTensor<L> && lang::AnyTensor<R>;
  constexpr bool named = sizeof...(A) > 0;
  constexpr bool once = lang::distinctNames<axes<A...>>;
  constexpr bool left = (lang::has<A, Left> && ...), right = (lang::has<A, Right> && ...);
  constexpr bool agree = std::is_same_v<lang::ElementOf<L>, lang::ElementOf<R>>;
  constexpr bool numbers = !std::is_same_v<lang::ElementOf<L>, i1>;
  static_assert(tensors, "heed: contract<Axis...>(l, r): both operands must be tensors");
  static_assert(named, "heed: contract<Axis...>(l, r): name the axes to sum over");
  static_assert(once, "heed: contract<Axis...>(l, r): an axis is named twice");
  static_assert(left, "heed: contract<Axis...>(l, r): the left operand has no such axis");
  static_assert(!left || right, "heed: contract<Axis...>(l, r): the right operand has no such axis");
  static_assert(agree, "heed: contract<Axis...>(l, r): different element types; use cast<T>(x)");
  static_assert(!agree || numbers, "heed: contract<Axis...>(l, r): the operands are masks; use cast<f32>(x)");
  if constexpr (tensors && named && once && left && right && agree && numbers)
    return lang::emit<lang::TensorOf<lang::ElementOf<L>, lang::minus<lang::unite<Left, Right>, axes<A...>>>>(
        l.tape, op::contract, {l.id, r.id}, {lang::axisAttribute<A>("axes")...}, place);
  else
    return lang::Fault{};
}

template <class... A, class L, class R>
requires(lang::Faulty<L> || lang::Faulty<R>) constexpr lang::Fault contract(const L&, const R&, tape::Place = {}) {
  return {};
}

}  // namespace heed
