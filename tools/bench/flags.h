// The options of a workload: what is refused, and how.
//
// Invariant: a wrong value is one heed::Error that names the option, the value and what is allowed.
// Read tests/tools/heed_bench.py.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace heed::bench {

class Flags {
 public:
  /// only: the names of those that are taken; if empty, all.
  explicit Flags(CLI::App& app, std::vector<std::string> only = {}) : app_(app), only_(std::move(only)) {}

  /// A whole number from `least` to `most`. `otherwise`: what stands for it where it is not given.
  void number(const std::string& name, std::int64_t& value, const std::string& what, std::int64_t least = 1,
              const std::string& otherwise = {}, std::int64_t most = std::int64_t{1} << 40);
  /// One of `allowed`, or of those with a number behind a colon: "window:" allows window:256.
  void choice(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
              const std::string& what);
  /// "none", or some of `allowed`, each once, in the order in which they apply: "bias+gelu".
  void list(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
            const std::string& what);
  /// Seconds, more than none.
  void seconds(const std::string& name, double& value, const std::string& what);
  void text(const std::string& name, std::string& value, const std::string& what);
  void flag(const std::string& name, bool& value, const std::string& what);

 private:
  bool takes(const std::string& name) const;

  CLI::App& app_;
  std::vector<std::string> only_;
};

/// Throws heed::Error: what was given (nothing, if empty) is none of these; names the one that was meant if one is
/// near.
[[noreturn]] void refuse(const std::string& where, const std::string& given, const std::string& required,
                         const std::vector<std::string>& known);

/// What stands behind the colon of "window:256". Throws heed::Error in the name of `option` unless it is positive.
std::int64_t numberOf(const std::string& option, const std::string& value);

/// The words of such a list; "none" has none.
std::vector<std::string> wordsOf(const std::string& list);

}  // namespace heed::bench
