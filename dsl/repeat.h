// Repeat<N, Block>: N copies of Block with parameters of their own. The body is traced once whatever N is.
//
// Invariant: the block returns the carries it takes, in their order; what else it takes is the same for all copies.
// Read tests/dsl/module_test.cpp.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "heed/dsl/module.h"
#include "heed/dsl/results.h"
#include "heed/dsl/signature.h"

namespace heed {
namespace lang {

template <class Wanted, class Given>
inline constexpr bool carriesAgree = false;
template <class... W, class... G>
inline constexpr bool carriesAgree<std::tuple<W...>, std::tuple<G...>> = [] {
  if constexpr (sizeof...(W) > sizeof...(G)) {
    return false;
  } else {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return ((sameAxes<AxesOf<W>, AxesOf<std::tuple_element_t<I, std::tuple<G...>>>> &&
               std::is_same_v<ElementOf<W>, ElementOf<std::tuple_element_t<I, std::tuple<G...>>>>)&&...);
    }
    (std::index_sequence_for<W...>{});
  }
}();

/// Whether tensors are what a function of a known signature takes. Asked before the call, which would say so as well.
template <class Signature, class... Given>
inline constexpr bool takesAxes = true;
template <class R, class... A, class... Given>
requires(sizeof...(A) == sizeof...(Given) &&
         ((AnyTensor<A> && AnyTensor<Given>)&&...)) inline constexpr bool takesAxes<R(A...), Given...> =
    (sameAxes<AxesOf<A>, AxesOf<Given>> && ...);
template <class F, class... Given>
constexpr bool takes() {
  if constexpr (SignatureOf<F>::known)
    return takesAxes<typename SignatureOf<F>::type, Given...>;
  else
    return true;
}

/// What Block does with operands of these types. A question is asked where the one before it has a good answer.
template <class Block, class... A>
struct Repeated {
  static constexpr bool count = sizeof...(A) > 0 && sizeof...(A) <= 4;
  static constexpr bool axes = takes<Block, A...>();
  static constexpr bool callable =
      std::conjunction_v<std::bool_constant<count && axes>, std::is_invocable<const Block&, const A&...>>;
  static constexpr bool agree = [] {
    if constexpr (callable) {
      using R = std::invoke_result_t<const Block&, const A&...>;
      if constexpr (!Faulty<R>) return carriesAgree<typename Results<R>::Tensors, std::tuple<A...>>;
    }
    return false;
  }();
  static constexpr bool faulty = [] {
    if constexpr (callable) return Faulty<std::invoke_result_t<const Block&, const A&...>>;
    return false;
  }();
};
/// The user's line is no operand.
template <class Block, class Operands, class Given>
struct RepeatedBy;
template <class Block, class... A>
struct RepeatedBy<Block, axes<A...>, axes<>> {
  using type = Repeated<Block, A...>;
};
template <class Block, class... A>
struct RepeatedBy<Block, axes<A...>, axes<tape::Place>> : RepeatedBy<Block, axes<A...>, axes<>> {};
template <class Block, class... A, class G, class... Given>
struct RepeatedBy<Block, axes<A...>, axes<G, Given...>> : RepeatedBy<Block, axes<A..., G>, axes<Given...>> {};

template <class Block, class... A>
concept Repeats = (!std::is_same_v<A, tape::Place> && ...) && !anyFaulty<A...> && Repeated<Block, A...>::agree;

template <std::int32_t N, class Block>
struct RepeatRules {
  static_assert(N > 0, "heed: Repeat<N, Block>: N must be positive");
  static_assert(std::is_class_v<Block>, "heed: Repeat<N, Block>: Block is a module: a struct with operator()");
  static constexpr bool told = true;
};

}  // namespace lang

template <std::int32_t N, class Block>
struct Repeat {
  static_assert(lang::RepeatRules<N, Block>::told);
  static constexpr std::int32_t count = N;
  Block block{};
  std::uint32_t scope = lang::unbound;

  template <class A>
  requires lang::Repeats<Block, A>
  constexpr auto operator()(const A& a, tape::Place place = lang::caller()) const { return run(place, a); }
  template <class A, class B>
  requires lang::Repeats<Block, A, B>
  constexpr auto operator()(const A& a, const B& b, tape::Place place = lang::caller()) const {
    return run(place, a, b);
  }
  template <class A, class B, class C>
  requires lang::Repeats<Block, A, B, C>
  constexpr auto operator()(const A& a, const B& b, const C& c, tape::Place place = lang::caller()) const {
    return run(place, a, b, c);
  }
  template <class A, class B, class C, class D>
  requires lang::Repeats<Block, A, B, C, D>
  constexpr auto operator()(const A& a, const B& b, const C& c, const D& d, tape::Place place = lang::caller()) const {
    return run(place, a, b, c, d);
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    if constexpr (std::is_class_v<Block> && !lang::anyFaulty<Given...>) {
      using Asked = typename lang::RepeatedBy<Block, axes<>, axes<Given...>>::type;
      constexpr bool count = Asked::count, axes = !count || Asked::axes, callable = !count || !axes || Asked::callable,
                     agree = !count || !axes || !callable || Asked::faulty || Asked::agree;
      static_assert(count, "heed: Repeat<N, Block>: layers(x), with one to four operands");
      static_assert(axes, "heed: Repeat<N, Block>: Block takes tensors of other axes");
      static_assert(callable, "heed: Repeat<N, Block>: Block cannot be called with these operands");
      static_assert(agree, "heed: Repeat<N, Block>: Block must return the tensors it takes, the carries first");
    }
    return lang::Fault{};
  }

 private:
  template <class... A>
  constexpr auto run(tape::Place place, const A&... args) const {
    using R = std::invoke_result_t<const Block&, const A&...>;
    constexpr std::size_t carries = lang::resultCount<R>;
    return trace<R>(place, std::tuple<const A&...>(args...), std::make_index_sequence<carries>{},
                    std::make_index_sequence<sizeof...(A) - carries>{});
  }

  template <class R, class... A, std::size_t... C, std::size_t... E>
  constexpr R trace(tape::Place place, std::tuple<A...> args, std::index_sequence<C...>,
                    std::index_sequence<E...>) const {
    using Carries = ResultTensors<R>;
    lang::Tape* tape = std::get<0>(args).tape;
    Carries before{std::tuple_element_t<C, Carries>(std::get<C>(args))...};
    if (!tape) return lang::Results<R>::build(std::get<C>(before)...);
    std::uint32_t first = structural(*tape, op::repeat, {std::get<C>(before).id...}, {&std::get<C>(before).info...},
                                     {lang::integerAttribute("count", N)}, place);
    lang::Inside body(*tape, scope, {}, false);
    Carries after =
        lang::Results<R>::flatten(call<R>(place, std::tuple_element_t<C, Carries>(tape, first + std::uint32_t(C))...,
                                          std::get<sizeof...(C) + E>(args)...));
    first = structural(*tape, op::yield, {std::get<C>(after).id...}, {&std::get<C>(after).info...}, {}, place);
    return lang::Results<R>::build(std::tuple_element_t<C, Carries>(tape, first + std::uint32_t(C))...);
  }

  /// A shipped layer learns the user's line; one of the user's has its own.
  template <class R, class... A>
  constexpr R call(tape::Place place, const A&... args) const {
    if constexpr (std::is_invocable_v<const Block&, const A&..., tape::Place>)
      return block(args..., place);
    else
      return block(args...);
  }

  constexpr std::uint32_t structural(lang::Tape& tape, std::string_view op, lang::Tape::Ids ids,
                                     lang::Tape::Types types, lang::Tape::Attributes attributes,
                                     tape::Place place) const {
    lang::Inside here(tape, scope, place);
    return tape.add(op, ids, attributes, types, place);
  }
};

}  // namespace heed
