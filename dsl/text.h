// Text: a string literal as a template argument, so that an axis can be named by one.
//
// Invariant: view() has no trailing zero and lives as long as the program when the Text does.
// Read tests/dsl/axis_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>

namespace heed::lang {

template <std::size_t N>
struct Text {
  char chars[N]{};
  constexpr Text(const char (&text)[N]) {
    for (std::size_t i = 0; i < N; ++i) chars[i] = text[i];
  }
  constexpr std::string_view view() const { return {chars, N - 1}; }
};

template <std::size_t N, std::size_t M>
constexpr bool operator==(const Text<N>& l, const Text<M>& r) {
  return l.view() == r.view();
}

}  // namespace heed::lang
