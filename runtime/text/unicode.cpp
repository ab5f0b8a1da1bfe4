// ICU's C interface, and the two questions it is asked in another form.
//
// Invariant: no ICU type leaves this file.
// Read tests/runtime/text/unicode_test.cpp.
#include "heed/runtime/text/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

#include "heed/runtime/error.h"

namespace heed::tokens {
namespace {

std::uint32_t category(char32_t c) { return U_GET_GC_MASK(static_cast<UChar32>(c)); }
bool isAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

const UNormalizer2* normalizer(Form form, UErrorCode& code) {
  switch (form) {
    case Form::nfc:
      return unorm2_getNFCInstance(&code);
    case Form::nfd:
      return unorm2_getNFDInstance(&code);
    case Form::nfkc:
      return unorm2_getNFKCInstance(&code);
    case Form::nfkd:
      return unorm2_getNFKDInstance(&code);
  }
  return nullptr;
}

void require(UErrorCode code) {
  if (U_FAILURE(code)) throw Error("ICU", u_errorName(code), "normal forms are required", "check its data library");
}

}  // namespace

std::string wellFormed(std::string_view text) {
  std::string result;
  if (isAscii(text)) return result = text;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    UChar32 c;
    U8_NEXT_OR_FFFD(text.data(), at, text.size(), c);
    append(result, static_cast<char32_t>(c));
  }
  return result;
}

std::size_t completeLength(std::string_view text) {
  auto length = static_cast<std::ptrdiff_t>(text.size());  // signed: the macro subtracts before it compares
  U8_TRUNCATE_IF_INCOMPLETE(text.data(), 0, length);
  return static_cast<std::size_t>(length);
}

char32_t next(std::string_view text, std::size_t& at) {
  UChar32 c;
  U8_NEXT_OR_FFFD(text.data(), at, text.size(), c);
  return static_cast<char32_t>(c);
}
char32_t previous(std::string_view text, std::size_t& at) {
  UChar32 c;
  U8_PREV_UNSAFE(text.data(), at, c);
  return static_cast<char32_t>(c);
}
void append(std::string& text, char32_t c) {
  char bytes[U8_MAX_LENGTH];
  std::size_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, static_cast<UChar32>(c));
  text.append(bytes, length);
}
std::string utf8(char32_t c) {
  std::string text;
  append(text, c);
  return text;
}

bool isLetter(char32_t c) { return category(c) & U_GC_L_MASK; }
bool isNumber(char32_t c) { return category(c) & U_GC_N_MASK; }
bool isMark(char32_t c) { return category(c) & U_GC_M_MASK; }
bool isNonspacing(char32_t c) { return category(c) & U_GC_MN_MASK; }
bool isPunctuation(char32_t c) { return category(c) & U_GC_P_MASK; }
bool isOther(char32_t c) { return category(c) & U_GC_C_MASK & ~U_GC_CN_MASK; }
bool isLower(char32_t c) { return category(c) & U_GC_LL_MASK; }
bool isCased(char32_t c) { return category(c) & (U_GC_LU_MASK | U_GC_LT_MASK); }
bool isSpace(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }
bool isWord(char32_t c) {
  return category(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK) || u_isUAlphabetic(static_cast<UChar32>(c)) ||
         u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_JOIN_CONTROL);
}

std::string lowered(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next(text, at);
    // U+0130 is the only one whose full mapping has two code points (Unicode's SpecialCasing.txt).
    if (c == 0x130)
      result += "i\u0307";
    else
      append(result, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))));
  }
  return result;
}

std::string normalized(Form form, std::string_view text) {
  if (isAscii(text)) return std::string(text);
  UErrorCode code = U_ZERO_ERROR;
  const UNormalizer2* normal = normalizer(form, code);
  require(code);
  std::vector<UChar> wide(text.size()), result;
  std::int32_t length = 0;
  u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &code);
  require(code);
  if (unorm2_isNormalized(normal, wide.data(), length, &code)) return std::string(text);
  const std::int32_t size = unorm2_normalize(normal, wide.data(), length, nullptr, 0, &code);
  if (code == U_BUFFER_OVERFLOW_ERROR) code = U_ZERO_ERROR;
  result.resize(static_cast<std::size_t>(size));
  unorm2_normalize(normal, wide.data(), length, result.data(), size, &code);
  require(code);
  std::string bytes(result.size() * 3, '\0');
  u_strToUTF8(bytes.data(), static_cast<std::int32_t>(bytes.size()), &length, result.data(), size, &code);
  require(code);
  bytes.resize(static_cast<std::size_t>(length));
  return bytes;
}

}  // namespace heed::tokens
