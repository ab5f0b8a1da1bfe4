// here<T>: an operand together with the line that wrote it. Operators cannot have default arguments; a converting
// constructor can, and it is run at the user's line.
//
// Invariant: the place is where the conversion was written, never inside the language.
// Read tests/dsl/tape_test.cpp.
#pragma once

#include <cstdint>

#include "heed/dsl/tape.h"

namespace heed::lang {

/// As a default argument of a word: the line of its caller.
constexpr tape::Place caller(const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE()) {
  return {file, line};
}

template <class T>
struct here {
  T value;
  tape::Place place;
  constexpr here(const T& v, const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE())
      : value(v), place{file, line} {}
  constexpr here(const T& v, tape::Place p) : value(v), place(p) {}
};

/// The same for what an operator changes: x *= 2.
template <class T>
struct hereTo {
  T& value;
  tape::Place place;
  constexpr hereTo(T& v, const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE())
      : value(v), place{file, line} {}
};

/// x as if written at `place`: for words made of words.
template <class T>
constexpr here<T> at(tape::Place place, const T& x) {
  return {x, place};
}

}  // namespace heed::lang
