// attention<Depth, Key>(q, k, v, ...): softmax over Key of modified, masked scores, times v. A formula, not a word:
// what it writes on the tape is what the user could write.
//
// Invariant: queries do not carry Key, keys and values do.
// Read tests/dsl/variants_test.cpp.
#pragma once

#include "heed/dsl/words/contract.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/softmax.h"

namespace heed {
namespace lang {

/// The axis of q that Key answers: the one Key is like, else the last one that the keys lack.
template <class Depth, class Key, class Q, class K>
struct QueryAxis {
  using Own = minus<minus<Q, K>, axes<Depth>>;
  template <class S>
  struct Last {
    using type = void;
  };
  template <class A, class... B>
  struct Last<axes<A, B...>> : Last<axes<B...>> {};
  template <class A>
  struct Last<axes<A>> {
    using type = A;
  };
  using type = std::conditional_t<has<OriginOf<Key>, Q>, OriginOf<Key>, typename Last<Own>::type>;
};

/// What a score or mask modifier is called with for batch and head: the first and the last of the other axes of q.
template <class Others>
struct Outer {
  static constexpr auto first(tape::Place place) { return Constant<i32>(place, 0); }
  static constexpr auto last(tape::Place place) { return Constant<i32>(place, 0); }
};
template <class A, class... B>
struct Outer<axes<A, B...>> {
  static constexpr auto first(tape::Place place) { return Index<A>(place); }
  static constexpr auto last(tape::Place place) {
    if constexpr (sizeof...(B) == 0)
      return Index<A>(place);
    else
      return Outer<axes<B...>>::last(place);
  }
};

template <class Depth, class Key, class Q, class K, class V>
constexpr bool attends() {
  constexpr bool depth = has<Depth, Q> && has<Depth, K>;
  constexpr bool queries = !has<Key, Q>;
  constexpr bool keys = has<Key, K> && has<Key, V>;
  constexpr bool renamed = std::is_same_v<Key, OriginOf<Key>> || !has<OriginOf<Key>, K>;
  static_assert(depth, "heed: nn::attention<Depth, Key>(q, k, v): queries or keys lack the axis Depth");
  static_assert(!depth || queries,
                "heed: nn::attention<Depth, Key>(q, k, v): the queries carry the axis Key; give the keys their "
                "own, like<Seq, \"key\">");
  static_assert(!depth || !queries || keys,
                "heed: nn::attention<Depth, Key>(q, k, v): keys or values lack the axis Key; "
                "rename<Seq, Key>(k)");
  static_assert(!depth || !queries || !keys || renamed,
                "heed: nn::attention<Depth, Key>(q, k, v): the keys still carry the queries' axis; "
                "rename<Seq, Key>(k)");
  return depth && queries && keys && renamed;
}

/// What score_mod gives: the scores modified, or Fault where it is not what is asked for.
template <class S, class Mod, class... I>
constexpr auto modified(const S& scores, const Mod& mod, const I&... indices) {
  constexpr bool takes = std::is_invocable_v<const Mod&, S, I...>;
  static_assert(takes, "heed: nn::attention: score_mod is a lambda (auto score, auto b, auto h, auto i, auto j)");
  if constexpr (takes) {
    using R = std::remove_cvref_t<std::invoke_result_t<const Mod&, S, I...>>;
    if constexpr (Faulty<R>) {
      return mod(scores, indices...);
    } else {
      constexpr bool given = AnyTensor<R> && !isMask<R>;
      static_assert(given,
                    "heed: nn::attention: score_mod gives the new score; what hides a key is mask_mod, after it");
      if constexpr (given)
        return mod(scores, indices...);
      else
        return Fault{};
    }
  } else {
    return Fault{};
  }
}

/// The mask that mask_mod gives, or that it is.
template <class Mod, class... I>
constexpr auto maskOf(const Mod& mod, const I&... indices) {
  if constexpr (isMask<Mod>) {
    return mod;
  } else {
    constexpr bool takes = std::is_invocable_v<const Mod&, I...>;
    static_assert(takes, "heed: nn::attention: mask_mod is a mask, or a lambda (auto b, auto h, auto i, auto j)");
    if constexpr (takes) {
      auto result = mod(indices...);
      using R = decltype(result);
      constexpr bool given = Faulty<R> || (Shaped<R> && isMask<R>);
      static_assert(given, "heed: nn::attention: mask_mod gives a mask, such as j <= i");
      if constexpr (given)
        return result;
      else
        return Fault{};
    } else {
      return Fault{};
    }
  }
}

}  // namespace lang

namespace nn {

/// Leaves scores as they are, hides nothing.
struct NoScoreMod {
  template <class S, class... I>
  constexpr S operator()(const S& s, const I&...) const {
    return s;
  }
};
struct NoMask {};

/// score_mod(s, b, h, i, j) gives the score, mask_mod(b, h, i, j) says whether query i sees key j, both as formulas
/// over indices (or mask_mod is the mask): b and h along the first and last axis of q beside the queries and Depth.
/// Scores are scaled by 1/sqrt(Depth) first. A parametrised modifier is a lambda with captures or a struct.
template <class Depth, class Key, lang::AnyTensor Q, lang::AnyTensor K, lang::AnyTensor V, class ScoreMod = NoScoreMod,
          class MaskMod = NoMask>
constexpr auto attention(const Q& q, const K& k, const V& v, const ScoreMod& scoreMod = {}, const MaskMod& maskMod = {},
                         tape::Place place = lang::caller()) {
  using AQ = lang::AxesOf<Q>;
  if constexpr (lang::attends<Depth, Key, AQ, lang::AxesOf<K>, lang::AxesOf<V>>()) {
    using Query = typename lang::QueryAxis<Depth, Key, AQ, lang::AxesOf<K>>::type;
    using Others = lang::Outer<lang::minus<AQ, axes<Query, Depth>>>;
    auto b = Others::first(place);
    auto h = Others::last(place);
    auto i = index<Query>(place);
    auto j = index<Key>(place);
    auto scaled = lang::at(place, contract<Depth>(q, k, place)) * rsqrt(Depth::size);
    auto scores = lang::modified(scaled, scoreMod, b, h, i, j);
    if constexpr (std::is_same_v<MaskMod, NoMask>)
      return contract<Key>(softmax<Key>(scores, place), v, place);
    else
      return contract<Key>(softmax<Key>(where(lang::at(place, lang::maskOf(maskMod, b, h, i, j)), scores, -inf), place),
                           v, place);
  } else {
    return lang::Fault{};
  }
}

template <class... A, lang::AnyTensor... Given>
requires(sizeof...(A) < 2 || sizeof...(Given) != 3) constexpr auto attention(const Given&...) {
  static_assert(lang::never<Given...>, "heed: nn::attention<Depth, Key>(q, k, v): name both axes, give three tensors");
  return lang::Fault{};
}

}  // namespace nn
}  // namespace heed
