// Reading added tokens, and finding them: at each place the longest, from left to right, never twice over a character.
//
// Invariant: what is found and what is between is all of the text, in order.
// Read tests/runtime/text/added_test.cpp.
#include "heed/runtime/text/added.h"

#include <algorithm>

#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

constexpr std::size_t most_bytes = 1 << 10;

AddedToken readToken(Fields fields) {
  AddedToken token{fields.text("content"), fields.whole("id"),        fields.flag("single_word"), fields.flag("lstrip"),
                   fields.flag("rstrip"),  fields.flag("normalized"), fields.flag("special")};
  fields.done();
  if (token.text.empty() || token.text.size() > most_bytes)
    fields.fail("content has " + std::to_string(token.text.size()) + " bytes",
                "1 to " + std::to_string(most_bytes) + " are required");
  if (token.id >= 1 << 22) fields.fail("id is " + std::to_string(token.id), "an id is a whole number below 2^22");
  return token;
}

void requireAgreement(const Fields& file, const AddedToken& token, const Vocabulary& model) {
  const std::string what = "added token " + shown(token.text) + " has id " + std::to_string(token.id);
  const auto id = model.find(token.text);
  if (id && *id != token.id) file.fail(what, "the model's vocabulary has it as " + std::to_string(*id));
  const auto other = model.token(token.id);
  if (other && *other != token.text) file.fail(what, "the model's vocabulary has " + shown(*other) + " there");
}

/// A word's characters stand on neither side.
bool isAlone(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin == 0 || !isWord(previous(text, begin))) && (end == text.size() || !isWord(next(text, end)));
}

}  // namespace

AddedTokens::AddedTokens(const std::string& name, Fields& file, const Vocabulary& model, const Normalizer& normalizer) {
  if (!file.find("added_tokens")) return;
  Listed all;
  for (std::size_t i = 0; i < file.list("added_tokens").size(); ++i) {
    AddedToken token = readToken(file.object("added_tokens", i));
    requireAgreement(file, token, model);
    all.emplace_back(token.text, token.id);
    tokens_.push_back(std::move(token));
  }
  // Of two that are the same once they are normalized, the special one is found.
  std::stable_sort(tokens_.begin(), tokens_.end(), [](auto& l, auto& r) { return l.special > r.special; });
  by_id_ = Vocabulary(name, all);
  places_.assign(static_cast<std::size_t>(by_id_.size()), -1);
  Listed raw, normalized;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    const auto place = static_cast<std::int32_t>(i);
    if (by_id_.find(token.text) != token.id || places_[token.id] >= 0)
      file.fail("added token " + shown(token.text) + " comes twice", "a token has one id");
    places_[token.id] = place;
    if (token.normalized)
      normalized.emplace_back(normalizer(token.text), place);
    else
      raw.emplace_back(token.text, place);
  }
  raw_ = searchOf(name, raw);
  normalized_ = searchOf(name, normalized);
}

AddedTokens::Search AddedTokens::searchOf(const std::string& name, const Listed& listed) {
  Search search{Vocabulary(name, listed)};
  for (const auto& [text, place] : listed)
    if (!text.empty()) search.begins[static_cast<unsigned char>(text[0])] = true;
  return search;
}

void AddedTokens::find(std::string_view text, bool normalized, bool special, const OnText& onText,
                       const OnToken& onToken) const {
  const Search& search = normalized ? normalized_ : raw_;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const bool possible = search.begins[static_cast<unsigned char>(text[at])];
    const auto match = possible ? search.tokens.longest("", text.substr(at)) : std::nullopt;
    if (!match) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[match->id];
    std::size_t begin = at, end = at + match->length;
    at = end;
    if ((token.special && !special) || (token.single_word && !isAlone(text, begin, end))) continue;
    if (token.strip_left)
      for (std::size_t before = begin; before > done && isSpace(previous(text, before));) begin = before;
    if (token.strip_right)
      for (std::size_t after = end; after < text.size() && isSpace(next(text, after));) end = after;
    if (begin > done) onText(text.substr(done, begin - done), done);
    onToken(token.id);
    at = done = end;
  }
  if (done < text.size()) onText(text.substr(done), done);
}

const AddedToken* AddedTokens::at(std::int32_t id) const {
  const bool known = id >= 0 && id < static_cast<std::int32_t>(places_.size()) && places_[id] >= 0;
  return known ? &tokens_[places_[id]] : nullptr;
}

const AddedToken* AddedTokens::at(std::string_view text) const {
  const auto id = by_id_.find(text);
  return id ? at(*id) : nullptr;
}

}  // namespace heed::tokens
