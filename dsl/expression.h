// Graph-free expressions: index<Key>() <= index<Seq>() needs no graph, so here the nodes are types, held in a
// hana::tuple. They join a graph on contact with a tensor.
//
// Invariant: bind() appends the same nodes that the formula would have given on tensors.
// Read tests/dsl/expression_test.cpp.
#pragma once

#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>

#include "heed/dsl/tensor.h"

namespace heed::lang {

namespace word {
struct Cast {
  static constexpr std::string_view name = op::cast;
};
}  // namespace word

template <class T>
constexpr auto bind(Tape* tape, const T& x) {
  if constexpr (AnyTensor<T>)
    return x;
  else
    return x.bind(tape);
}

template <class Word, class Type, class... Args>
struct Expr : PointwiseWords<Expr<Word, Type, Args...>> {
  hana::tuple<Args...> args;
  tape::Place place;

  constexpr Expr(tape::Place p, const Args&... a) : args(a...), place(p) {}
  constexpr Type bind(Tape* tape) const {
    return hana::unpack(
        args, [&](const auto&... arg) { return emit<Type>(tape, Word::name, {arg.bind(tape).id...}, {}, place); });
  }
};

template <class D>
struct Constant : PointwiseWords<Constant<D>> {
  double value;
  tape::Place place;

  constexpr Constant(tape::Place p, double v) : value(v), place(p) {}
  constexpr Tensor<D> bind(Tape* tape) const {
    if (!fits(D::dtype, value)) tape->size.largeAt = place.line ? place.line : 1;
    tape::Attribute attribute =
        isFloat(D::dtype) ? realAttribute("value", value) : integerAttribute("value", std::int64_t(value));
    return emit<Tensor<D>>(tape, op::constant, {}, {attribute}, place);
  }
};

template <class A>
struct Index : PointwiseWords<Index<A>> {
  using axis = A;
  tape::Place place;

  constexpr explicit Index(tape::Place p) : place(p) {}
  constexpr Tensor<i32, A> bind(Tape* tape) const {
    return emit<Tensor<i32, A>>(tape, op::index, {}, {axisAttribute<A>("axis")}, place);
  }
};

/// How many tokens along A each row has told in earlier calls.
template <class A>
struct Past : PointwiseWords<Past<A>> {
  tape::Place place;

  constexpr explicit Past(tape::Place p) : place(p) {}
  constexpr auto bind(Tape* tape) const {
    return emit<typename Traits<Past>::Type>(tape, op::past, {}, {axisAttribute<A>("tokens")}, place);
  }
};

/// The index along A, or the sum of index and past where A continues earlier calls.
template <class A>
constexpr auto positionOf(tape::Place place) {
  if constexpr (SequenceAxis<A>)
    return Expr<word::Add, TensorOf<i32, unite<typename A::rows, axes<A>>>, Index<A>, Past<A>>(place, Index<A>(place),
                                                                                               Past<A>(place));
  else
    return Index<A>(place);
}

}  // namespace heed::lang
