// Axes: the named dimensions of tensors. An axis is a type; its extent is part of it or bound at run time.
//
// Invariant: two axes are one axis exactly when they are one type; no graph holds two axes of one name.
// Read tests/dsl/axis_test.cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "heed/dsl/tape.h"
#include "heed/dsl/text.h"

namespace heed {
namespace lang {

inline constexpr std::int64_t symbolic = -1;

template <class...>
inline constexpr bool never = false;

/// What Seq::size is while nobody knows it: it answers any question with the reason.
struct RunTimeExtent {
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr operator T() const {
    static_assert(never<T>, "heed: Axis::size: this axis has no static extent; declare it as axis<\"name\", extent>");
    return 1;
  }
};

/// What is wrong with an axis. The rules of a class are a class beside it, of which nothing but `told` is read, here
/// and in all ...Rules: to clang a class that says what is wrong is invalid, and so is all that is made of it.
template <Text Name, std::int64_t Extent>
struct AxisRules {
  static_assert(!Name.view().empty(), "heed: axis<name>: an axis needs a name");
  static constexpr bool sized = Extent >= symbolic, told = true;
  static_assert(sized, "heed: axis<name, extent>: an extent is not negative");
};

}  // namespace lang

/// struct Seq : axis<"seq"> {};        extent bound at run time
/// struct Heads : axis<"heads", 8> {}; extent 8
template <lang::Text Name, std::int64_t Extent = lang::symbolic, lang::Text Symbol = Name>
struct axis {
  static_assert(lang::AxisRules<Name, Extent>::told);
  static constexpr auto name = Name;
  static constexpr auto symbol = Symbol;
  static constexpr std::int64_t extent = Extent;
  static constexpr std::conditional_t<Extent == lang::symbolic, lang::RunTimeExtent, std::int64_t> size = [] {
    if constexpr (Extent == lang::symbolic)
      return lang::RunTimeExtent{};
    else
      return Extent;
  }();
};

template <class A>
concept Axis = requires {
  { A::extent } -> std::convertible_to<std::int64_t>;
  A::name.view();
  A::symbol.view();
};

/// Same extent as A under a name of its own: the keys of self-attention are like<Seq, "key">.
template <Axis A, lang::Text Name>
struct like : axis<Name, A::extent, A::symbol> {
  using origin = A;
};

template <class... A>
struct axes;

/// An axis of tokens, those of one call, that continue what earlier calls have told. Each row along Rows has a past of
/// its own: struct Seq : sequence<"seq", Batch> {}. position<Seq>() counts from the beginning of that past.
template <lang::Text Name, class... Rows>
struct sequence : axis<Name> {
  using rows = axes<Rows...>;
};

/// The axis along which a state remembers the tokens of all calls. Its extent is how many there is room for.
template <Axis Tokens, lang::Text Name>
struct memory : axis<Name> {
  using origin = Tokens;
  using tokens = Tokens;
  static_assert(
      requires { typename Tokens::rows; }, "heed: memory<Tokens, name>: Tokens is a sequence<name, Rows...>");
};

namespace lang {

/// An extent divided among parts; 1 where that is a mistake.
template <std::int64_t Whole, std::int64_t Parts>
struct Division {
  static constexpr bool known = Whole >= 0 && Parts > 0, divides = known && Whole % (known ? Parts : 1) == 0;
  static constexpr std::int64_t extent = divides ? Whole / (known ? Parts : 1) : 1;
};
template <class Division>
struct DivisionRules {
  static constexpr bool known = Division::known, divides = !known || Division::divides;
  static_assert(known, "heed: part<Whole, Parts, name>: both axes need a static extent");
  static_assert(divides, "heed: part<Whole, Parts, name>: the extent of Parts does not divide that of Whole");
  static constexpr bool told = true;
};

}  // namespace lang

/// A's extent divided among Parts: the depth of one head is part<Model, Heads, "depth">.
template <Axis A, Axis Parts, lang::Text Name>
struct part : axis<Name, lang::Division<A::extent, Parts::extent>::extent> {
  using division = lang::Division<A::extent, Parts::extent>;
  static_assert(lang::DivisionRules<division>::told);
};

namespace lang {

/// Whether A is a part that was refused.
template <class A>
inline constexpr bool undivided = false;
template <class A>
requires requires { typename A::division; }
inline constexpr bool undivided<A> = !A::division::divides;

template <class T>
constexpr std::string_view typeName() {
  return __PRETTY_FUNCTION__;
}

/// What the tape carries, and the type it was made from. Types are told apart by name and not by the address of their
/// AxisInfo, because g++ does not compare addresses in a constant once a sanitizer is on.
struct AxisIdentity : AxisInfo {
  std::string_view type;
};

template <class A>
inline constexpr AxisIdentity axisInfo{
    {A::name.view(), A::extent < 0 ? A::symbol.view() : std::string_view(), A::extent}, typeName<A>()};

constexpr bool sameText(std::string_view l, std::string_view r) {
  return l.size() == r.size() && __builtin_memcmp(l.data(), r.data(), l.size()) == 0;
}

/// The axis whose extent A shares: Seq for like<Seq, "key">, A itself for every other.
template <class A>
struct Origin {
  using type = A;
};
template <class A>
requires requires { typename A::origin; }
struct Origin<A> : Origin<typename A::origin> {};
template <class A>
using OriginOf = typename Origin<A>::type;

/// Tokens that continue a past.
template <class A>
concept SequenceAxis = Axis<A> && requires {
  typename A::rows;
};
/// Tokens of all calls.
template <class A>
concept MemoryAxis = Axis<A> && requires {
  typename A::tokens;
};

template <class A>
concept StaticAxis = Axis<A> &&(A::extent >= 0);

}  // namespace lang
}  // namespace heed
