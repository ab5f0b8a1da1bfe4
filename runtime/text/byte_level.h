// The printable character that stands for each byte in a byte-level vocabulary (GPT-2's bytes_to_unicode).
//
// Invariant: printable bytes of Latin-1 stand for themselves; the 68 others are U+0100 to U+0143, in order.
// Read tests/runtime/text/unicode_test.cpp.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "heed/runtime/text/unicode.h"

namespace heed::tokens {

inline constexpr std::array<char32_t, 256> byte_letters = [] {
  std::array<char32_t, 256> letters{};
  char32_t next = 0x100;
  for (char32_t b = 0; b < 256; ++b) {
    const bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);
    letters[b] = printable ? b : next++;
  }
  return letters;
}();

inline void appendLetters(std::string& text, std::string_view bytes) {
  for (char byte : bytes) append(text, byte_letters[static_cast<unsigned char>(byte)]);
}

/// The bytes of a token; null if one of its characters stands for no byte.
inline std::optional<std::string> bytesOfLetters(std::string_view token) {
  static constexpr std::array<int, 0x144> bytes = [] {
    std::array<int, 0x144> inverse{};
    inverse.fill(-1);
    for (int b = 0; b < 256; ++b) inverse[byte_letters[b]] = b;
    return inverse;
  }();
  std::string result;
  for (std::size_t at = 0; at < token.size();) {
    const char32_t c = next(token, at);
    if (c >= bytes.size() || bytes[c] < 0) return {};
    result += static_cast<char>(bytes[c]);
  }
  return result;
}

}  // namespace heed::tokens
