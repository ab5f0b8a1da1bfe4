// tokenizer.json as it is written: the vocabulary and the merges as lists, all else as a small tree.
//
// Invariant: memory stays in proportion to the file; the tree has at most 2^20 values.
// Read tests/runtime/text/malformed_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heed::tokens {

inline constexpr char damaged[] = "it is damaged, or not a tokenizer.json: get it again";

/// One JSON value, kept.
struct Value {
  enum class Kind { null, boolean, number, string, list, object };
  Kind kind = Kind::null;
  std::string text{};               // a string's; any other scalar's as it is written
  std::vector<std::string> keys{};  // an object's, one for each of `values`
  std::vector<Value> values{};

  /// The member of this name, or null.
  const Value* find(std::string_view key) const;
  std::string shown() const;
};

struct File {
  Value tree;  // model.vocab and model.merges are empty in it
  std::vector<std::pair<std::string, std::int32_t>> vocab;
  std::vector<std::pair<std::string, std::string>> merges;  // by rank
};

/// Throws heed::Error in the name of `name`.
File readFile(const std::string& name, std::string_view json);

/// The members of one object of the tree, each asked for by name; the path to it is what messages call it.
class Fields {
 public:
  /// Throws unless `value` is an object.
  Fields(const std::string& file, std::string path, const Value& value);

  const std::string& path() const { return path_; }
  /// The member; null if it is not there, or is null.
  const Value* find(std::string_view key);
  /// These throw if the member is of another kind, or is not there and has no default.
  std::string text(std::string_view key);
  std::string text(std::string_view key, std::string otherwise);
  bool flag(std::string_view key);
  bool flag(std::string_view key, bool otherwise);
  /// 0 to 2^31 - 1.
  std::int32_t whole(std::string_view key);
  const std::vector<Value>& list(std::string_view key);
  Fields object(std::string_view key);
  /// Member `i` of the list of this name.
  Fields object(std::string_view key, std::size_t i);

  /// Throws if there is a member that nobody asked for: an option nobody knows of could change every id.
  void done() const;
  [[noreturn]] void fail(const std::string& given, const std::string& required,
                         const std::string& advice = damaged) const;

 private:
  const Value& require(std::string_view key, Value::Kind kind, const char* what);

  const std::string* file_;
  std::string path_;
  const Value* value_;
  std::vector<bool> asked_;
};

}  // namespace heed::tokens
