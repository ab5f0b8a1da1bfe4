// Dropout: in training, numbers become 0 at random and the others grow so that the expectation stays (Srivastava et
// al., JMLR 15, 2014; scaled while training, as everybody does). Without a seed it is the identity: that is inference.
//
// Invariant: whether an element stays depends on its indices, the seed and the stream alone: not on threads, target,
// layout, or the extents of axes bound at run time.
// Read tests/nn/dropout_test.cpp.
#pragma once

#include <tuple>

#include "heed/dsl/mistake.h"
#include "heed/dsl/nn/philox.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/shape.h"

namespace heed {
namespace lang {

/// The indices along A... as a tuple of expressions, the words of a counter: a new word at each run-time extent, while
/// a static one joins the word before it.
template <class... W>
constexpr std::tuple<W...> counterWords(const std::tuple<W...>& words, axes<>, tape::Place) {
  return words;
}
template <class... W, class A, class... Rest>
constexpr auto counterWords(const std::tuple<W...>& words, axes<A, Rest...>, tape::Place place) {
  constexpr std::size_t count = sizeof...(W);
  if constexpr (A::extent < 0 || count == 0) {
    return counterWords(std::tuple_cat(words, std::tuple(Index<A>(place))), axes<Rest...>{}, place);
  } else {
    auto joined = at(place, at(place, std::get<count - 1>(words)) * int(A::extent)) + Index<A>(place);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return counterWords(std::tuple(std::get<I>(words)..., joined), axes<Rest...>{}, place);
    }
    (std::make_index_sequence<count - 1>{});
  }
}

template <class S>
inline constexpr int wordCount = 0;
template <class A, class... Rest>
inline constexpr int wordCount<axes<A, Rest...>> = 1 + (0 + ... + (Rest::extent < 0 ? 1 : 0));

/// x repeated along A...
template <AnyTensor X>
constexpr X alongAll(const X& x, axes<>) {
  return x;
}
template <AnyTensor X, class A, class... Rest>
constexpr auto alongAll(const X& x, axes<A, Rest...>) {
  return alongAll(along<A>(x), axes<Rest...>{});
}

/// Word I of the counter of each element of T; 0 beyond the words there are.
template <std::size_t I, class T, class... W>
constexpr T counterWord(Tape* tape, const std::tuple<W...>& words, tape::Place place) {
  if constexpr (I < sizeof...(W)) {
    auto word = bind(tape, std::get<I>(words));
    return alongAll(word, minus<AxesOf<T>, AxesOf<decltype(word)>>{});
  } else {
    return alongAll(Constant<i32>(place, 0).bind(tape), AxesOf<T>{});
  }
}

/// The counter of each element of a tensor with these axes.
template <class... A>
constexpr auto counterOf(Tape* tape, axes<A...>, tape::Place place) {
  using T = Tensor<i32, A...>;
  auto words = counterWords(std::tuple<>(), axes<A...>{}, place);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return PhiloxCounter<T>{{counterWord<I, T>(tape, words, place)...}};
  }
  (std::make_index_sequence<4>{});
}

}  // namespace lang

namespace nn {

/// drop(x) is x; drop(x, seed), with an i32 seed of no axes or of some of x's, drops with probability p. Give every
/// place of a model a stream of its own.
struct Dropout {
  double p = 0.1;
  std::uint32_t stream = 0;

  template <lang::AnyTensor X>
  constexpr X operator()(const X& x) const {
    return x;
  }
  template <lang::AnyTensor X, lang::AnyTensor Seed>
  constexpr auto operator()(const X& x, const Seed& seed, tape::Place place = lang::caller()) const {
    constexpr bool few = lang::wordCount<lang::AxesOf<X>> <= 4;
    static_assert(few, "heed: nn::Dropout: at most four axes of x may have an extent bound at run time");
    if constexpr (few) {
      lang::UserLine line(x.tape, place);
      if (!(p >= 0 && p <= 1)) throw Mistake("heed: nn::Dropout: p is a probability, from 0 to 1");
      auto counter = lang::counterOf(x.tape, lang::AxesOf<X>{}, place);
      auto bits = lang::philox(counter, seed, stream).word[0];  // p of all i32 lie below the threshold
      double threshold = p * 0x1p32 - 0x1p31;
      if (p >= 1) return x * 0;
      return where(bits >= std::int32_t(threshold), x * (1 / (1 - p)), 0);
    } else {
      return lang::Fault{};
    }
  }
};

}  // namespace nn
}  // namespace heed
