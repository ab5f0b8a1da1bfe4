// Names of tensors: how a hostile one is shown, and how published ones become the graph's.
//
// Invariant: what shown() gives is printable ASCII of bounded length; a pattern takes linear time per star.
// Read tests/runtime/weights/names_test.cpp.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heed {

/// The name in quotes for a message: bytes that are not printable ASCII as \xNN, the rest of a long one counted.
std::string shown(std::string_view name);

/// A name, "lm_head.weight"; a prefix that ends in a dot, "transformer."; or with stars for any characters,
/// "h.*.attn.bias".
using Pattern = std::string;
/// What the stars stand for, each as few characters as can be; empty if the name does not match.
std::optional<std::vector<std::string_view>> match(std::string_view pattern, std::string_view name);
bool matchesAny(const std::vector<Pattern>& patterns, std::string_view name);

/// From a stored name to the graph's: rules {from, to}, each applied in turn to what those before it made of the name,
/// or a function. The stars of `to` stand for what those of `from` stood for, in order:
///   {{"transformer.", ""}, {"h.*.attn.c_proj.*", "layers.*.attn.out.*"}, {"wte.weight", "embedding.weight"}}
class Renaming {
 public:
  Renaming() = default;
  /// Throws heed::Error if a `to` has more stars than its `from`.
  Renaming(std::initializer_list<std::pair<Pattern, std::string>> rules);
  explicit Renaming(std::vector<std::pair<Pattern, std::string>> rules);
  template <std::invocable<std::string_view> F>
  Renaming(F function) : function_(std::move(function)) {}

  std::string operator()(std::string_view name) const;
  /// What is stored of the graph's `name`, as rules tell it; a function does not.
  std::string back(std::string_view name) const;

 private:
  std::vector<std::pair<Pattern, std::string>> rules_;
  std::function<std::string(std::string_view)> function_;
};

}  // namespace heed
