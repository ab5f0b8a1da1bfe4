// Unicode as tokenisers need it: code points of UTF-8, their categories, normal forms. All tables are ICU's.
//
// Invariant: every text but wellFormed()'s is well-formed UTF-8, and so is every result.
// Read tests/runtime/text/unicode_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heed::tokens {

/// The text with U+FFFD for each maximal part that is not UTF-8 (the Unicode standard, section 3.9).
std::string wellFormed(std::string_view text);
/// The length of the text without a sequence at its end that more bytes could complete.
std::size_t completeLength(std::string_view text);

/// The code point that begins at `at`, which moves behind it.
char32_t next(std::string_view text, std::size_t& at);
/// The code point that ends at `at`, which moves to its begin.
char32_t previous(std::string_view text, std::size_t& at);
void append(std::string& text, char32_t c);
std::string utf8(char32_t c);

bool isLetter(char32_t c);       // L
bool isNumber(char32_t c);       // N
bool isMark(char32_t c);         // M
bool isNonspacing(char32_t c);   // Mn
bool isPunctuation(char32_t c);  // P
bool isOther(char32_t c);        // C without Cn: controls, formats, private use, not what is not assigned
bool isLower(char32_t c);        // Ll
bool isCased(char32_t c);        // Lu or Lt
bool isSpace(char32_t c);        // White_Space
bool isWord(char32_t c);         // \w of Unicode's regular expressions (UTS 18, annex C)

/// Each code point's full lower-case mapping, without regard to its neighbours.
std::string lowered(std::string_view text);
enum class Form { nfc, nfd, nfkc, nfkd };
std::string normalized(Form form, std::string_view text);

}  // namespace heed::tokens
