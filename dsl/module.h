// Modules: plain structs whose tensor members are parameters, whose State members are remembered between calls, whose
// other members are modules or numbers, and whose operator() is the formula. Adoption gives every tensor member its
// place on the tape and its path.
//
// Invariant: parameters are in declaration order, depth first; adoption happens before the formula runs.
// Read tests/dsl/module_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "heed/dsl/fields.h"
#include "heed/dsl/tensor.h"
#include "heed/dsl/words/append.h"

namespace heed {

template <std::int32_t N, class Block>
struct Repeat;

namespace lang {

template <class M>
inline constexpr bool isRepeat = false;
template <std::int32_t N, class Block>
inline constexpr bool isRepeat<Repeat<N, Block>> = true;

template <class M>
inline constexpr std::size_t arraySize = 0;
template <class T, std::size_t N>
inline constexpr std::size_t arraySize<std::array<T, N>> = N;

template <class M>
concept Number = std::is_arithmetic_v<M> || std::is_enum_v<M> || std::is_empty_v<M>;
template <class M>
concept Module = std::is_class_v<M> && std::is_aggregate_v<M> && !std::is_empty_v<M> && !Operand<M> && !isState<M>;

/// What a module holds, from good to bad: nothing wrong; a layer that was refused where it was declared; what no module
/// may hold.
enum class Form { sound, refused, foreign };

template <class M>
constexpr Form formOf();
template <class Fields>
inline constexpr Form formOfFields = Form::foreign;
template <class... F>
inline constexpr Form formOfFields<hana::tuple<F...>> = std::max({Form::sound, formOf<typename F::type>()...});

/// The worst that M holds, at any depth.
template <class M>
constexpr Form formOf() {
  if constexpr (Faulty<M>)
    return Form::refused;
  else if constexpr (Number<M> || AnyTensor<M> || isState<M>)
    return Form::sound;
  else if constexpr (isRepeat<M>)
    return std::is_class_v<decltype(M::block)> ? formOf<decltype(M::block)>() : Form::refused;
  else if constexpr (arraySize<M> > 0)
    return arraySize<M> <= 1000 ? formOf<typename M::value_type>() : Form::foreign;
  else if constexpr (!Module<M>)
    return Form::foreign;
  else if constexpr (fieldCount<M> > fieldLimit || !plainFields<M>(std::make_index_sequence<fieldCount<M>>{}))
    return Form::foreign;
  else
    return formOfFields<typename FieldsOf<M>::type>;
}

template <class M>
constexpr void adopt(Tape& tape, M& member, std::uint32_t parent, std::string_view field);

template <class M>
constexpr void adoptFields(Tape& tape, M& module, std::uint32_t scope) {
  hana::for_each(fields<M>, [&](auto field) { adopt(tape, field.of(module), scope, field.name); });
}

template <class M, std::size_t... I>
constexpr void adoptElements(Tape& tape, M& array, std::uint32_t scope, std::index_sequence<I...>) {
  (adopt(tape, array[I], scope, Numeral<I>::value), ...);
}

template <class M>
constexpr void adopt(Tape& tape, M& member, std::uint32_t parent, std::string_view field) {
  if constexpr (AnyTensor<M>) {
    member = M{&tape, tape.addParam(op::param, tape.addScope(parent, field, 0), &M::info, {})};
  } else if constexpr (rememberless<M>) {
    member.id = rejected;
  } else if constexpr (isState<M>) {
    using Key = typename M::Key;
    member = M{&tape, tape.addParam(op::state, tape.addScope(parent, field, 0), &M::Type::info,
                                    {axisAttribute<Key>("memory"), axisAttribute<typename Key::tokens>("tokens")})};
  } else if constexpr (isRepeat<M>) {
    member.scope = tape.addScope(parent, field, M::count);
    if constexpr (isRepeat<decltype(member.block)>)
      adopt(tape, member.block, member.scope, "");
    else
      adoptFields(tape, member.block, member.scope);
  } else if constexpr (arraySize<M> > 0) {
    adoptElements(tape, member, tape.addScope(parent, field, 0), std::make_index_sequence<arraySize<M>>{});
  } else if constexpr (!Number<M>) {
    adoptFields(tape, member, tape.addScope(parent, field, 0));
  }
}

/// Whether two modules of one type have the same numbers; their tensors carry none.
template <class M>
constexpr bool sameNumbers(const M& l, const M& r) {
  if constexpr (std::is_empty_v<M> || AnyTensor<M> || isState<M>) {
    return true;
  } else if constexpr (Number<M>) {
    return l == r;
  } else if constexpr (arraySize<M> > 0) {
    for (std::size_t i = 0; i < arraySize<M>; ++i)
      if (!sameNumbers(l[i], r[i])) return false;
    return true;
  } else if constexpr (isRepeat<M>) {
    return sameNumbers(l.block, r.block);
  } else if constexpr (!Module<M>) {
    return true;  // a lambda
  } else {
    bool same = true;
    hana::for_each(fields<M>, [&](auto field) { same = same && sameNumbers(field.of(l), field.of(r)); });
    return same;
  }
}

}  // namespace lang
}  // namespace heed
