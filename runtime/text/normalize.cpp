// The published normalizers. BertNormalizer is BasicTokenizer of the BERT code (Devlin et al., arXiv:1810.04805).
//
// Invariant: a step is a function of the text alone.
// Read tests/runtime/text/normalize_test.cpp.
#include "heed/runtime/text/normalize.h"

#include <algorithm>

#include "heed/runtime/error.h"
#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

/// Each code point through `f`, which appends what becomes of it.
template <class F>
std::string mapped(std::string_view text, F f) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) f(result, next(text, at));
  return result;
}

bool isLayout(char32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

std::string cleaned(const std::string& text) {
  return mapped(text, [](std::string& result, char32_t c) {
    if (c == 0 || c == 0xfffd || (!isLayout(c) && isOther(c))) return;
    append(result, isLayout(c) || isSpace(c) ? U' ' : c);
  });
}

/// Blocks of ideographs, as the BERT code lists them; U+2B820 is where block E begins, the published library's is
/// later.
bool isIdeograph(char32_t c) {
  static constexpr char32_t blocks[][2] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
                                           {0x20000, 0x2a6df}, {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f},
                                           {0x2b820, 0x2ceaf}, {0x2f800, 0x2fa1f}};
  return std::any_of(std::begin(blocks), std::end(blocks), [c](auto& block) { return c >= block[0] && c <= block[1]; });
}

std::string withIdeographsApart(const std::string& text) {
  return mapped(text, [](std::string& result, char32_t c) {
    const bool apart = isIdeograph(c);
    if (apart) result += ' ';
    append(result, c);
    if (apart) result += ' ';
  });
}

template <bool (*drop)(char32_t)>
std::string without(const std::string& text) {
  return mapped(text, [](std::string& result, char32_t c) {
    if (!drop(c)) append(result, c);
  });
}

template <Form form>
std::string formed(const std::string& text) {
  return normalized(form, text);
}

struct Simple {
  const char* type;
  std::string (*step)(const std::string&);
};
const Simple simple[] = {
    {"NFC", formed<Form::nfc>},
    {"NFD", formed<Form::nfd>},
    {"NFKC", formed<Form::nfkc>},
    {"NFKD", formed<Form::nfkd>},
    {"Lowercase", [](const std::string& text) { return lowered(text); }},
    {"StripAccents", without<isMark>},
};

}  // namespace

std::string replacement(Fields& replace) {
  std::string content = replace.text("content");
  if (content.size() > 64)
    replace.fail("content has " + std::to_string(content.size()) + " bytes", "at most 64 may stand for a pattern");
  return content;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t found; (found = text.find(from)) != std::string_view::npos; text.remove_prefix(found + from.size()))
    result.append(text.substr(0, found)).append(to);
  return result.append(text);
}

std::string literal(Fields pattern) {
  if (pattern.find("Regex"))
    pattern.fail("it is the regular expression " + pattern.find("Regex")->shown(), "here only a String is known",
                 "take another model");
  std::string text = pattern.text("String");
  pattern.done();
  if (text.empty()) pattern.fail("it is empty", "a pattern must match something");
  return text;
}

Normalizer Normalizer::read(Fields& file) {
  Normalizer normalizer;
  if (file.find("normalizer")) normalizer.add(file.object("normalizer"));
  return normalizer;
}

std::string Normalizer::operator()(std::string text) const {
  const std::size_t most = std::min<std::size_t>(64 * text.size() + 4096, 1 << 30);
  for (const Step& step : steps_) {
    text = step(text);
    if (text.size() > most)
      throw Error("the normalizer", "it makes " + std::to_string(text.size()) + " bytes of a text",
                  "at most " + std::to_string(most) + " may become of this one", "its file is not one to trust");
  }
  return text;
}

void Normalizer::add(Fields fields) {
  const std::string type = fields.text("type");
  const auto found = std::find_if(std::begin(simple), std::end(simple), [&](auto& s) { return s.type == type; });
  if (found != std::end(simple)) {
    steps_.push_back(found->step);
  } else if (type == "Sequence") {
    for (std::size_t i = 0; i < fields.list("normalizers").size(); ++i) add(fields.object("normalizers", i));
  } else if (type == "BertNormalizer") {
    addBert(fields);
  } else if (type == "Prepend") {
    steps_.push_back(
        [prefix = fields.text("prepend")](const std::string& text) { return text.empty() ? text : prefix + text; });
  } else if (type == "Replace") {
    steps_.push_back([from = literal(fields.object("pattern")), to = replacement(fields)](const std::string& text) {
      return replaced(text, from, to);
    });
  } else {
    fields.fail(
        "its type is " + shown(type),
        "NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, BertNormalizer, Prepend, Replace and Sequence are known",
        "take another model");
  }
  fields.done();
}

void Normalizer::addBert(Fields& fields) {
  const bool lower = fields.flag("lowercase");
  if (fields.flag("clean_text")) steps_.push_back(cleaned);
  if (fields.flag("handle_chinese_chars")) steps_.push_back(withIdeographsApart);
  if (fields.flag("strip_accents", lower)) {
    steps_.push_back(formed<Form::nfd>);
    steps_.push_back(without<isNonspacing>);
  }
  if (lower) steps_.push_back([](const std::string& text) { return lowered(text); });
}

}  // namespace heed::tokens
