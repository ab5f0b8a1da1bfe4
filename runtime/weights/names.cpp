// Patterns and renaming.
//
// Invariant: the text between two stars is searched from left to right and never again, so no name backtracks.
// Read tests/runtime/weights/names_test.cpp.
#include "heed/runtime/weights/names.h"

#include <algorithm>
#include <ranges>

#include "heed/runtime/error.h"

namespace heed {
namespace {

constexpr std::size_t most_shown = 120;

/// A prefix is a pattern whose last star is not written.
std::string withStar(std::string_view pattern) { return std::string(pattern) + (pattern.ends_with('.') ? "*" : ""); }

std::string replaced(std::string_view to, const std::vector<std::string_view>& stars) {
  std::string name;
  std::size_t next = 0;
  for (char c : to)
    if (c == '*')
      name += stars[next++];
    else
      name += c;
  return name;
}

}  // namespace

std::string shown(std::string_view name) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = "\"";
  for (char c : name.substr(0, most_shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      text += {'\\', c};
    else if (byte < 0x20 || byte > 0x7e)
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    else
      text += c;
  }
  text += '"';
  if (name.size() > most_shown) text += "... (" + std::to_string(name.size()) + " bytes)";
  return text;
}

std::optional<std::vector<std::string_view>> match(std::string_view given, std::string_view name) {
  const std::string whole = withStar(given);
  std::string_view pattern = whole;
  std::vector<std::string_view> stars;
  std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name ? std::optional(stars) : std::nullopt;
  if (!name.starts_with(pattern.substr(0, star))) return {};
  name.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  while ((star = pattern.find('*')) != std::string_view::npos) {
    const std::size_t at = name.find(pattern.substr(0, star));
    if (at == std::string_view::npos) return {};
    stars.push_back(name.substr(0, at));
    name.remove_prefix(at + star);
    pattern.remove_prefix(star + 1);
  }
  if (!name.ends_with(pattern)) return {};
  stars.push_back(name.substr(0, name.size() - pattern.size()));
  return stars;
}

bool matchesAny(const std::vector<Pattern>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& p) { return match(p, name).has_value(); });
}

Renaming::Renaming(std::initializer_list<std::pair<Pattern, std::string>> rules)
    : Renaming(std::vector<std::pair<Pattern, std::string>>(rules)) {}

Renaming::Renaming(std::vector<std::pair<Pattern, std::string>> rules) {
  for (auto& [from, to] : rules) {
    if (from.ends_with('.')) to += '*';
    if (std::count(to.begin(), to.end(), '*') > std::ranges::count(withStar(from), '*'))
      throw Error("rename", shown(from) + " to " + shown(to), "the new name has at most as many stars as the old one",
                  "give a function for a rule that needs more");
  }
  rules_ = std::move(rules);
}

std::string Renaming::operator()(std::string_view name) const {
  if (function_) return function_(name);
  std::string current(name);
  for (const auto& [from, to] : rules_)
    if (const auto stars = match(from, current)) current = replaced(to, *stars);
  return current;
}

std::string Renaming::back(std::string_view name) const {
  std::string current(name);
  for (const auto& [from, to] : rules_ | std::views::reverse) {
    const std::string whole = withStar(from);
    if (std::ranges::count(to, '*') != std::ranges::count(whole, '*')) continue;  // what a star was is gone
    if (const auto stars = match(to, current)) current = replaced(whole, *stars);
  }
  return current;
}

}  // namespace heed
