// One function for each alternative of the expressions; a scanner is the list of its alternatives, the first match
// wins.
//
// Invariant: an alternative gives the length of its match at the beginning of the text, 0 if it has none.
// Read tests/runtime/text/patterns_test.cpp.
#include "heed/runtime/text/patterns.h"

#include <algorithm>
#include <initializer_list>

#include "heed/runtime/text/unicode.h"

namespace heed::tokens {
namespace {

constexpr std::size_t unlimited = -1;

bool isNewline(char32_t c) { return c == '\r' || c == '\n'; }
bool isNewlineOrSlash(char32_t c) { return isNewline(c) || c == '/'; }
bool isSymbol(char32_t c) { return !isSpace(c) && !isLetter(c) && !isNumber(c); }
// [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and [\p{Ll}\p{Lm}\p{Lo}\p{M}].
bool isUpperish(char32_t c) { return (isLetter(c) && !isLower(c)) || isMark(c); }
bool isLowerish(char32_t c) { return (isLetter(c) && !isCased(c)) || isMark(c); }

/// Where the run of such characters that begins at `at` ends.
std::size_t run(std::string_view text, std::size_t at, bool (*is)(char32_t), std::size_t most = unlimited) {
  for (std::size_t end = at; at < text.size() && most > 0; at = end, --most)
    if (!is(next(text, end))) break;
  return at;
}

/// The bytes of a first character that is one of these, 0 if it is none.
std::size_t first(std::string_view text, bool (*is)(char32_t)) { return run(text, 0, is, 1); }

std::size_t contraction(std::string_view text) {
  if (!text.starts_with('\'')) return 0;
  for (std::string_view end : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.starts_with(end)) return end.size();
  return 0;
}

/// In any case; U+017F, the long s, is an s in its other case.
std::size_t anyContraction(std::string_view text) {
  if (!text.starts_with('\'')) return 0;
  if (text.substr(1).starts_with("\u017f")) return 3;
  char low[3] = {};
  const std::size_t size = std::min<std::size_t>(text.size(), 3);
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), low,
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return contraction({low, size});
}

/// ` ?[is]+`
template <bool (*is)(char32_t)>
std::size_t spaced(std::string_view text) {
  const std::size_t space = text.starts_with(' ') ? 1 : 0;
  const std::size_t end = run(text, space, is);
  return end > space ? end : 0;
}

/// ` ?[^\s\p{L}\p{N}]+[after]*`
template <bool (*after)(char32_t)>
std::size_t symbols(std::string_view text) {
  const std::size_t end = spaced<isSymbol>(text);
  return end == 0 ? 0 : run(text, end, after);
}

/// `[^\r\n\p{L}\p{N}]?`
std::size_t lead(std::string_view text) {
  return first(text, [](char32_t c) { return !isNewline(c) && !isLetter(c) && !isNumber(c); });
}

/// `[^\r\n\p{L}\p{N}]?\p{L}+`
std::size_t ledLetters(std::string_view text) {
  const std::size_t begin = lead(text), end = run(text, begin, isLetter);
  return end > begin ? end : 0;
}

/// `\p{N}{1,most}`
template <std::size_t most>
std::size_t numbers(std::string_view text) {
  return run(text, 0, isNumber, most);
}

/// `\s*[\r\n]+`: a run of spaces up to its last newline.
std::size_t spacesToNewline(std::string_view text) {
  std::size_t end = run(text, 0, isSpace);
  while (end > 0 && !isNewline(static_cast<unsigned char>(text[end - 1]))) previous(text, end);
  return end;
}

/// `\s+(?!\S)|\s+`: a run of spaces without the last, which belongs to what follows, unless it is the only one.
std::size_t spaces(std::string_view text) {
  const std::size_t end = run(text, 0, isSpace);
  std::size_t last = end;
  if (end > 0 && end < text.size()) previous(text, last);
  return last > 0 ? last : end;
}

/// `lead?[upperish]*[lowerish]+contraction?`, or with a `least` upperish and any lowerish. Some letters are both: the
/// first run then gives back its last ones, until the second has one.
std::size_t casedAt(std::string_view text, std::size_t begin, bool lower) {
  const std::size_t upper = run(text, begin, isUpperish);
  std::size_t split = upper;
  std::size_t end = run(text, split, isLowerish);
  if (lower && end == split) {
    // Back to the last character of the run that is lowerish too; all behind it are not.
    std::size_t at = upper;
    while (at > begin && end == split) {
      const std::size_t after = at;
      previous(text, at);
      if (std::size_t here = at; isLowerish(next(text, here))) return after;
    }
    return 0;
  }
  return end > begin && (lower || upper > begin) ? end : 0;
}

template <bool lower>
std::size_t cased(std::string_view text) {
  const std::size_t begin = lead(text);
  std::size_t end = casedAt(text, begin, lower);
  // A mark may be the lead, or the first of the word.
  if (end == 0 && begin > 0) end = casedAt(text, 0, lower);
  return end == 0 ? 0 : end + anyContraction(text.substr(end));
}

std::size_t firstOf(std::string_view text, std::initializer_list<std::size_t (*)(std::string_view)> alternatives) {
  for (auto* alternative : alternatives)
    if (const std::size_t length = alternative(text)) return length;
  return first(text, [](char32_t) { return true; });
}

std::size_t scanGpt2(std::string_view text) {
  return firstOf(text, {contraction, spaced<isLetter>, spaced<isNumber>, spaced<isSymbol>, spaces});
}
std::size_t scanLlama3(std::string_view text) {
  return firstOf(text, {anyContraction, ledLetters, numbers<3>, symbols<isNewline>, spacesToNewline, spaces});
}
std::size_t scanQwen2(std::string_view text) {
  return firstOf(text, {anyContraction, ledLetters, numbers<1>, symbols<isNewline>, spacesToNewline, spaces});
}
std::size_t scanO200k(std::string_view text) {
  return firstOf(text, {cased<true>, cased<false>, numbers<3>, symbols<isNewlineOrSlash>, spacesToNewline, spaces});
}

const Pattern llama3_pattern = {
    "cl100k and Llama 3",
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    scanLlama3};
const Pattern qwen2_pattern = {
    "Qwen 2",
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    scanQwen2};
const Pattern o200k_pattern = {
    "o200k",
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    scanO200k};

}  // namespace

const Pattern gpt2_pattern = {"GPT-2", R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
                              scanGpt2};

std::span<const Pattern* const> patterns() {
  static constexpr const Pattern* all[] = {&gpt2_pattern, &llama3_pattern, &qwen2_pattern, &o200k_pattern};
  return all;
}

}  // namespace heed::tokens
