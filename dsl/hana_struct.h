// Every module is a boost::hana::Struct without a macro: hana::keys, members and fold walk a model.
//
// Invariant: keys are the field names, in declaration order.
// Read tests/dsl/typed_test.cpp.
#pragma once

#include <boost/hana/accessors.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/string.hpp>
#include <utility>

#include "heed/dsl/module.h"

namespace heed::lang {

template <class F, std::size_t... C>
constexpr auto keyOf(std::index_sequence<C...>) {
  return hana::string_c<F::name[C]...>;
}

template <class F>
struct Access {
  template <class M>
  constexpr decltype(auto) operator()(M&& module) const {
    return F::of(module);
  }
};

template <class Fields>
struct Accessors;
template <class... F>
struct Accessors<hana::tuple<F...>> {
  static constexpr auto value =
      hana::make_tuple(hana::make_pair(keyOf<F>(std::make_index_sequence<F::name.size()>{}), Access<F>{})...);
};

}  // namespace heed::lang

namespace boost::hana {

template <class M>
struct accessors_impl<M, when<heed::lang::Module<M>>> {
  static constexpr auto apply() {
    return heed::lang::Accessors<std::remove_cv_t<decltype(heed::lang::fields<M>)>>::value;
  }
};

}  // namespace boost::hana
