// The published pre-tokenizers.
//
// Invariant: a regular expression is one of patterns(), character for character, or the file is refused.
// Read tests/runtime/text/split_test.cpp.
#include "heed/runtime/text/split.h"

#include "heed/runtime/text/byte_level.h"
#include "heed/runtime/text/normalize.h"
#include "heed/runtime/text/patterns.h"
#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

void scan(std::string_view text, const Pattern& pattern, Pieces& pieces) {
  while (!text.empty()) {
    const std::size_t length = pattern.scan(text);
    pieces.add(text.substr(0, length));
    text.remove_prefix(length);
  }
}

/// What becomes of the characters that separate.
enum class Separator { removed, apart, with_previous, with_next, together };

/// Cuts around matches: `match(text, at)` gives where the next one begins, and its length, 0 if there is none.
template <class Match>
void cut(std::string_view text, Separator separator, Match match, Pieces& pieces) {
  const auto add = [&](std::size_t from, std::size_t to) { pieces.add(text.substr(from, to - from)); };
  std::size_t begin = 0, at = 0;  // of the piece that is open; behind the last match
  while (at < text.size()) {
    const auto [from, length] = match(text, at);
    if (length == 0) break;
    const std::size_t to = from + length;
    if (separator == Separator::with_previous) {
      add(begin, to);
      begin = to;
    } else if (separator == Separator::together) {
      if (from > at) add(begin, at), add(at, from), begin = from;
    } else {
      add(begin, from);
      begin = separator == Separator::with_next ? from : to;
      if (separator == Separator::apart) add(from, to);
    }
    at = to;
  }
  if (separator == Separator::together) add(begin, at), begin = at;
  add(begin, text.size());
}

/// For cut(): single characters that are such.
template <class Is>
auto eachCharacter(Is is) {
  return [is](std::string_view text, std::size_t at) {
    for (std::size_t end = at; at < text.size(); at = end)
      if (is(next(text, end))) return std::pair(at, end - at);
    return std::pair<std::size_t, std::size_t>(at, 0);
  };
}

auto eachString(std::string string) {
  return [string = std::move(string)](std::string_view text, std::size_t at) {
    const std::size_t found = text.find(string, at);
    return found == std::string_view::npos ? std::pair(at, std::size_t(0)) : std::pair(found, string.size());
  };
}

/// The BERT code has all of ASCII that is neither letter nor digit as punctuation, "$" and "^" too.
bool isBertPunctuation(char32_t c) {
  return (c > 0x20 && c < 0x7f && !isLetter(c) && !isNumber(c)) || isPunctuation(c);
}

void splitBert(std::string_view text, bool, Pieces& pieces) {
  Pieces words;
  cut(text, Separator::removed, eachCharacter(isSpace), words);
  for (std::size_t i = 0; i < words.size(); ++i)
    cut(words[i], Separator::apart, eachCharacter(isBertPunctuation), pieces);
}

const Pattern& patternOf(Fields pattern) {
  const std::string expression = pattern.text("Regex");
  pattern.done();
  std::string names;
  for (const Pattern* known : patterns()) {
    if (known->expression == expression) return *known;
    names += (names.empty() ? "" : ", ") + std::string(known->name);
  }
  pattern.fail("its expression is " + shown(expression), "those of " + names + " are known", "take another model");
}

Separator separatorOf(Fields& fields) {
  const std::string behavior = fields.text("behavior");
  if (behavior == "Removed") return Separator::removed;
  if (behavior == "Isolated") return Separator::apart;
  if (behavior == "MergedWithPrevious") return Separator::with_previous;
  if (behavior == "MergedWithNext") return Separator::with_next;
  if (behavior != "Contiguous")
    fields.fail("behavior is " + shown(behavior),
                "Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous are known");
  return Separator::together;
}

}  // namespace

Splitter Splitter::read(Fields& file) {
  Splitter splitter;
  if (file.find("pre_tokenizer")) splitter.add(file.object("pre_tokenizer"));
  return splitter;
}

Pieces Splitter::operator()(std::string_view text, bool first) const {
  Pieces pieces;
  pieces.add(text);
  for (const Step& step : steps_) {
    Pieces finer;
    for (std::size_t i = 0; i < pieces.size(); ++i) step(pieces[i], first && i == 0, finer);
    pieces = std::move(finer);
  }
  return pieces;
}

void Splitter::add(Fields fields) {
  const std::string type = fields.text("type");
  if (type == "Sequence") {
    for (std::size_t i = 0; i < fields.list("pretokenizers").size(); ++i) add(fields.object("pretokenizers", i));
  } else if (type == "ByteLevel") {
    addByteLevel(fields);
  } else if (type == "Split") {
    addSplit(fields);
  } else if (type == "Metaspace") {
    addMetaspace(fields);
  } else if (type == "BertPreTokenizer") {
    steps_.push_back(splitBert);
  } else if (type == "Digits") {
    const auto separator = fields.flag("individual_digits") ? Separator::apart : Separator::together;
    steps_.push_back([separator](std::string_view text, bool, Pieces& pieces) {
      cut(text, separator, eachCharacter(isNumber), pieces);
    });
  } else {
    fields.fail("its type is " + shown(type),
                "ByteLevel, Split, Metaspace, BertPreTokenizer, Digits and Sequence are known", "take another model");
  }
  fields.done();
}

void Splitter::addByteLevel(Fields& fields) {
  const bool spaced = fields.flag("add_prefix_space"), split = fields.flag("use_regex", true);
  fields.find("trim_offsets");
  steps_.push_back([=](std::string_view piece, bool, Pieces& pieces) {
    const std::string with_space = spaced && !piece.starts_with(' ') ? " " + std::string(piece) : "";
    const std::string_view text = with_space.empty() ? piece : with_space;
    Pieces words;
    if (split)
      scan(text, gpt2_pattern, words);
    else
      words.add(text);
    for (std::size_t i = 0; i < words.size(); ++i) {
      appendLetters(pieces.text(), words[i]);
      pieces.close();
    }
  });
}

void Splitter::addSplit(Fields& fields) {
  const Separator separator = separatorOf(fields);
  const bool invert = fields.flag("invert");
  Fields pattern = fields.object("pattern");
  if (pattern.find("Regex")) {
    // The matches are all of the text: keeping each, or removing what is between them, is the same.
    const Pattern& known = patternOf(pattern);
    if (separator != (invert ? Separator::removed : Separator::apart))
      fields.fail("behavior is " + shown(fields.text("behavior")) + " with invert " + (invert ? "true" : "false"),
                  "Isolated, or Removed with invert, is known for an expression");
    steps_.push_back([&known](std::string_view text, bool, Pieces& pieces) { scan(text, known, pieces); });
    return;
  }
  if (invert) fields.fail("invert is true", "false is required for a String");
  steps_.push_back([separator, match = eachString(literal(pattern))](std::string_view text, bool, Pieces& pieces) {
    cut(text, separator, match, pieces);
  });
}

void Splitter::addMetaspace(Fields& fields) {
  const std::string mark = fields.text("replacement");
  std::size_t end = 0;
  if (mark.empty() || (next(mark, end), end != mark.size()))
    fields.fail("replacement is " + shown(mark), "one character is required");
  fields.find("str_rep");
  // Files from before prepend_scheme have add_prefix_space instead.
  const std::string scheme = fields.text("prepend_scheme", fields.flag("add_prefix_space", true) ? "always" : "never");
  fields.find("add_prefix_space");
  if (scheme != "always" && scheme != "first" && scheme != "never")
    fields.fail("prepend_scheme is " + shown(scheme), "always, first and never are known");
  const bool split = fields.flag("split", true);
  steps_.push_back([=](std::string_view piece, bool first, Pieces& pieces) {
    std::string text = replaced(piece, " ", mark);
    const bool prepend = scheme == "always" || (scheme == "first" && first);
    if (prepend && !text.starts_with(mark)) text = mark + text;
    if (split)
      cut(text, Separator::with_next, eachString(mark), pieces);
    else
      pieces.add(text);
  });
}

}  // namespace heed::tokens
