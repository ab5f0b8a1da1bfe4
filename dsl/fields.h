// Reflection without macros at the user: the fields of an aggregate, their names, and a walk over them.
//
// Invariant: a module is an aggregate without bases and with at most 32 fields; fields are seen in declaration order.
// Read tests/dsl/module_test.cpp.
#pragma once

#include <boost/hana/for_each.hpp>
#include <boost/hana/tuple.hpp>
#include <string_view>
#include <type_traits>
#include <utility>

namespace heed::lang {

namespace hana = boost::hana;

inline constexpr std::size_t fieldLimit = 32;

struct Anything {
  template <class T>
  constexpr operator T() const;
};

template <class M, std::size_t... I>
constexpr bool takesFields(std::index_sequence<I...>) {
  return requires { M{(void(I), Anything{})...}; };
}

template <class M, std::size_t N = 0>
constexpr std::size_t countFields() {
  if constexpr (N > fieldLimit || !takesFields<M>(std::make_index_sequence<N + 1>{}))
    return N;
  else
    return countFields<M, N + 1>();
}
template <class M>
inline constexpr std::size_t fieldCount = countFields<M>();

/// Converts to bases of M, and to nothing else.
template <class M>
struct AnyBase {
  template <class B>
  requires(std::is_base_of_v<B, M> && !std::is_same_v<B, M>) constexpr operator B() const;
};

template <class M, std::size_t... Before, std::size_t... After>
constexpr bool takesEmpty(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { M{(void(Before), Anything{})..., {}, (void(After), Anything{})...}; };
}

/// Whether M has no base, and no T[n]: an empty pair of braces would take all of such an array, and the fields would
/// not be as many as they are counted.
template <class M, std::size_t... I>
constexpr bool plainFields(std::index_sequence<I...>) {
  constexpr std::size_t n = sizeof...(I);
  return !requires { M{AnyBase<M>{}}; } &&
         (takesEmpty<M>(std::make_index_sequence<I>{}, std::make_index_sequence<n - 1 - I>{}) && ...);
}

/// f(field, field, ...) of m.
// clang-format off
#define HEED_FIELDS(n, ...) else if constexpr (N == n) { auto& [__VA_ARGS__] = m; return f(__VA_ARGS__); }
template <class M, class F>
constexpr decltype(auto) withFields(M& m, F f) {
  constexpr std::size_t N = fieldCount<std::remove_cv_t<M>>;
  if constexpr (N == 0) return f();
  HEED_FIELDS(1, f1)
  HEED_FIELDS(2, f1, f2)
  HEED_FIELDS(3, f1, f2, f3)
  HEED_FIELDS(4, f1, f2, f3, f4)
  HEED_FIELDS(5, f1, f2, f3, f4, f5)
  HEED_FIELDS(6, f1, f2, f3, f4, f5, f6)
  HEED_FIELDS(7, f1, f2, f3, f4, f5, f6, f7)
  HEED_FIELDS(8, f1, f2, f3, f4, f5, f6, f7, f8)
  HEED_FIELDS(9, f1, f2, f3, f4, f5, f6, f7, f8, f9)
  HEED_FIELDS(10, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10)
  HEED_FIELDS(11, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11)
  HEED_FIELDS(12, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12)
  HEED_FIELDS(13, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13)
  HEED_FIELDS(14, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14)
  HEED_FIELDS(15, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15)
  HEED_FIELDS(16, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16)
  HEED_FIELDS(17, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17)
  HEED_FIELDS(18, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18)
  HEED_FIELDS(19, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19)
  HEED_FIELDS(20, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20)
  HEED_FIELDS(21, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21)
  HEED_FIELDS(22, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22)
  HEED_FIELDS(23, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23)
  HEED_FIELDS(24, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24)
  HEED_FIELDS(25, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25)
  HEED_FIELDS(26, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26)
  HEED_FIELDS(27, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27)
  HEED_FIELDS(28, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28)
  HEED_FIELDS(29, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29)
  HEED_FIELDS(30, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30)
  HEED_FIELDS(31, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31)
  HEED_FIELDS(32, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32)
}
#undef HEED_FIELDS
// clang-format on

template <class M>
inline constexpr M specimen{};

/// "0", "1", ... "999", of program lifetime.
template <std::size_t I>
struct Numeral {
  static constexpr std::size_t digits = I < 10 ? 1 : I < 100 ? 2 : 3;
  static constexpr char text[3]{char('0' + I / 100), char('0' + I / 10 % 10), char('0' + I % 10)};
  static constexpr std::string_view value{text + 3 - digits, digits};
};

/// clang 14 takes a pointer to a member of an object as a template argument only inside a class.
template <class T>
struct FieldPointer {
  const T* pointer;
};

/// The I-th of its arguments.
template <class I>
struct PickField;
template <std::size_t... Before>
struct PickField<std::index_sequence<Before...>> {
  template <class T, class... Rest>
  static constexpr T& pick(decltype((void(Before), (const void*)nullptr))..., T* field, Rest*...) {
    return *field;
  }
  template <class... F>
  constexpr auto& operator()(F&... fields) const {
    return pick(&fields...);
  }
};
template <std::size_t I>
using Pick = PickField<std::make_index_sequence<I>>;

template <auto P>
constexpr std::string_view spelledField() {
  std::string_view text = __PRETTY_FUNCTION__;  // "... {& specimen<Block>.Block::attn} ..."
  text = text.substr(0, text.rfind('}'));
  while (!text.empty() && (text.back() == '}' || text.back() == ')')) text.remove_suffix(1);
  return text.substr(text.find_last_of(".:") + 1);
}

template <class M, std::size_t I>
struct Field {
  using type = std::remove_cvref_t<decltype(withFields(std::declval<M&>(), Pick<I>{}))>;
  static constexpr std::string_view name = spelledField<FieldPointer<type>{&withFields(specimen<M>, Pick<I>{})}>();
  static constexpr type& of(M& m) { return withFields(m, Pick<I>{}); }
  static constexpr const type& of(const M& m) { return withFields(m, Pick<I>{}); }
};

template <class M, class I = std::make_index_sequence<fieldCount<M>>>
struct FieldsOf;
template <class M, std::size_t... I>
struct FieldsOf<M, std::index_sequence<I...>> {
  using type = hana::tuple<Field<M, I>...>;
};
/// The fields of M as a hana::tuple of descriptors, to be walked by hana::for_each and its kin.
template <class M>
inline constexpr typename FieldsOf<M>::type fields{};

}  // namespace heed::lang
