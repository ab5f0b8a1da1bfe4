// config.json: what a published model says of itself, to hold against the model that was compiled.
//
//   Config::load("gpt2").require({{"n_embd", 768}, {"n_head", 12}, {"activation_function", "gelu_new"}});
//
// Invariant: a Config never changes; nested members are named with dots, "rope_scaling.factor".
// Read tests/runtime/weights/config_test.cpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heed {

class Config {
 public:
  /// A number, a word, or true or false; monostate: null or not there.
  using Value = std::variant<std::monostate, bool, double, std::string>;
  /// What a member must be, and what it is where it is null: something else than all others, or what `null` says.
  struct Fact {
    std::string name;
    Value value, null{};
    Fact(std::string n, std::nullptr_t) : name(std::move(n)) {}  // null or not there, nor any member of it
    Fact(std::string n, const char* text) : name(std::move(n)), value(std::string(text)) {}
    Fact(std::string n, const char* text, const char* if_null)
        : name(std::move(n)), value(std::string(text)), null(std::string(if_null)) {}
    Fact(std::string n, std::same_as<bool> auto flag) : name(std::move(n)), value(flag) {}
    template <class N>
    requires(std::is_arithmetic_v<N> && !std::same_as<N, bool>) Fact(std::string n, N number)
        : name(std::move(n)), value(double(number)) {}
    template <class N>
    requires(std::is_arithmetic_v<N> && !std::same_as<N, bool>) Fact(std::string n, N number, N if_null)
        : name(std::move(n)), value(double(number)), null(double(if_null)) {}
  };

  /// Nothing is known.
  Config() = default;
  /// The file, or the config.json beside the weights that load(path) would read; nothing is known where there is none.
  /// Throws heed::Error naming the file, which may be hostile.
  static Config load(const std::string& path);
  /// The same for a file in memory, which messages call `name`.
  static Config parse(const std::string& name, std::string_view json);

  bool empty() const { return values_.empty(); }
  /// Members of lists are named by their number, "eos_token_id.0".
  Value at(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;

  /// Throws one heed::Error that lists every member that is there and is something else, or is within one that is null.
  /// Numbers agree to 1e-6. What is not there, and what is there and no fact, is not looked at: published ones say much
  /// that is not of the model.
  void require(std::span<const Fact> facts) const;
  void require(std::initializer_list<Fact> facts) const { require(std::span(facts.begin(), facts.size())); }

 private:
  std::string source_ = "config.json";
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace heed
