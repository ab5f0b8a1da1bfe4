#include "flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "heed/runtime/error.h"
#include "llvm/ADT/StringRef.h"

namespace heed::bench {
namespace {

template <class N>
bool parse(std::string_view text, N& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string given(const std::string& text) { return '"' + text + "\" was given"; }

std::string listed(const std::vector<std::string>& allowed, const std::string& last = " or ") {
  std::string text;
  for (std::size_t i = 0; i < allowed.size(); ++i)
    text += (i == 0 ? "" : i + 1 < allowed.size() ? ", " : last) + allowed[i] + (allowed[i].ends_with(":") ? "N" : "");
  return text;
}

}  // namespace

std::int64_t numberOf(const std::string& option, const std::string& value) {
  constexpr std::int64_t most = std::int64_t{1} << 30;
  std::int64_t number = 0;
  std::size_t colon = value.find(':');
  if (!parse(std::string_view(value).substr(colon + 1), number) || number < 1 || number > most)
    throw Error(option, given(value),
                "a whole number of at least 1, at most " + std::to_string(most) + ", is required behind the colon",
                option + "=" + value.substr(0, colon) + ":256");
  return number;
}

void Flags::number(const std::string& name, std::int64_t& value, const std::string& what, std::int64_t least,
                   const std::string& otherwise, std::int64_t most) {
  if (!takes(name)) return;
  auto set = [=, &value](const std::string& text) {
    if (!parse(text, value) || value < least || value > most)
      throw Error(name, given(text),
                  "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is required");
  };
  app_.add_option_function<std::string>(name, set, what)
      ->default_str(otherwise.empty() ? std::to_string(value) : otherwise);
}

void Flags::choice(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
                   const std::string& what) {
  auto set = [=, &value](const std::string& text) {
    for (const std::string& one : allowed) {
      if (one.ends_with(":") && text.starts_with(one)) numberOf(name, text);
      if (text == one || (one.ends_with(":") && text.starts_with(one))) {
        value = text;
        return;
      }
    }
    throw Error(name, given(text), "must be " + listed(allowed));
  };
  app_.add_option_function<std::string>(name, set, what + ": " + listed(allowed))->default_str(value);
}

void refuse(const std::string& where, const std::string& given, const std::string& required,
            const std::vector<std::string>& known) {
  const std::string word = given.substr(0, given.find('='));
  const std::string* near = nullptr;
  unsigned least = unsigned(word.size()) / 3;  // of it may be wrong
  for (const std::string& one : known)
    if (const unsigned distance = llvm::StringRef(one).edit_distance(word); distance <= least && !given.empty())
      near = &one, least = distance;
  throw Error(where, given.empty() ? "nothing was given" : "'" + given + "' was given", required + " " + listed(known),
              near ? *near + ", perhaps" : where + " --help says what they are");
}

std::vector<std::string> wordsOf(const std::string& list) {
  std::vector<std::string> words;
  if (list == "none") return words;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t end = std::min(list.find('+', from), list.size());
    words.push_back(list.substr(from, end - from));
    from = end + 1;
  }
  return words;
}

void Flags::list(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
                 const std::string& what) {
  const std::string required = "none, or some of " + listed(allowed, " and ") + ", each once, with + between them";
  auto set = [=, &value](const std::string& text) {
    const std::vector<std::string> words = wordsOf(text);
    for (auto word = words.begin(); word != words.end(); ++word)
      if (std::ranges::find(allowed, *word) == allowed.end() || std::find(words.begin(), word, *word) != word)
        throw Error(name, given(text), "must be " + required, name + "=" + allowed[0] + "+" + allowed[1]);
    value = text;
  };
  app_.add_option_function<std::string>(name, set, what + ": " + required)->default_str(value);
}

void Flags::seconds(const std::string& name, double& value, const std::string& what) {
  if (!takes(name)) return;
  auto set = [=, &value](const std::string& text) {
    if (!parse(text, value) || !(value > 0) || value > 3600)
      throw Error(name, given(text), "a number of seconds above 0 and up to 3600 is required");
  };
  app_.add_option_function<std::string>(name, set, what)->default_str("1");
}

void Flags::text(const std::string& name, std::string& value, const std::string& what) {
  if (!takes(name)) return;
  app_.add_option(name, value, what);
}

void Flags::flag(const std::string& name, bool& value, const std::string& what) {
  if (takes(name)) app_.add_flag(name, value, what)->disable_flag_override();
}

bool Flags::takes(const std::string& name) const {
  return only_.empty() || std::ranges::find(only_, name) != only_.end();
}

}  // namespace heed::bench
