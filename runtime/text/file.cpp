// Reading the JSON: one state for the tree, one for the vocabulary, two for the merges.
//
// Invariant: vocabulary and merges never become trees, so that a file takes a few times its size.
// Read tests/runtime/text/malformed_test.cpp.
#include "heed/runtime/text/file.h"

#include "heed/runtime/error.h"
#include "heed/runtime/weights/json.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

constexpr std::size_t most_values = 1 << 20, most_bytes = 1 << 28;
constexpr std::size_t most_members = 1 << 10, most_token = 1 << 12;
constexpr std::uint64_t most_ids = 1 << 22;

class FileReader : public JsonEvents {
 public:
  explicit FileReader(const std::string& name) : name_(name) {}
  File take() { return std::move(file_); }

  void object() override {
    if (at_ != At::tree) refuse("an object");
    const bool vocab = inModel("vocab");
    Value& value = add(Value::Kind::object);
    if (vocab)
      at_ = At::vocab;
    else
      open_.push_back(&value);
  }
  void list() override {
    if (at_ == At::merges) {
      at_ = At::pair;
      pair_.clear();
      return;
    }
    if (at_ != At::tree) refuse("a list");
    if (inModel("vocab"))
      throw Error(name_, "model.vocab is a list", "it must map tokens to ids, as those of BPE and WordPiece do",
                  "Unigram is not known here");
    const bool merges = inModel("merges");
    Value& value = add(Value::Kind::list);
    if (merges)
      at_ = At::merges;
    else
      open_.push_back(&value);
  }
  void end() override {
    if (at_ == At::tree) return open_.pop_back();
    if (at_ == At::pair) {
      if (pair_.size() != 2) refuse("a list of " + std::to_string(pair_.size()));
      addMerge(std::move(pair_[0]), std::move(pair_[1]));
    }
    at_ = at_ == At::pair ? At::merges : At::tree;
  }
  void key(const std::string& key) override {
    if (at_ == At::vocab) {
      token_ = key;
      return;
    }
    std::vector<std::string>& keys = open_.back()->keys;
    // They are searched one after the other.
    if (keys.size() == most_members)
      throw Error(name_, "an object has more than " + std::to_string(most_members) + " members", "that many are read",
                  damaged);
    keys.push_back(key);
  }
  void string(const std::string& value) override {
    if (at_ == At::tree)
      add(Value::Kind::string).text = value;
    else if (at_ == At::merges)
      addMerge(value);
    else if (at_ == At::pair && pair_.size() < 2)
      pair_.push_back(value);
    else
      refuse("a string");
  }
  void whole(std::uint64_t value) override {
    if (at_ == At::tree) {
      add(Value::Kind::number).text = std::to_string(value);
      return;
    }
    if (at_ != At::vocab || value >= most_ids) refuse("the number " + std::to_string(value));
    requireToken(token_);
    file_.vocab.emplace_back(std::move(token_), static_cast<std::int32_t>(value));
  }
  void other(const std::string& value) override {
    if (at_ != At::tree) refuse(value.substr(0, 40));
    const bool boolean = value == "true" || value == "false";
    add(boolean ? Value::Kind::boolean : value == "null" ? Value::Kind::null : Value::Kind::number).text = value;
  }

 private:
  enum class At { tree, vocab, merges, pair };

  Value& add(Value::Kind kind) {
    if (++values_ > most_values)
      throw Error(name_, "it has more than " + std::to_string(most_values) + " values beside vocabulary and merges",
                  "that many are read", damaged);
    Value* value = &file_.tree;
    if (!open_.empty()) value = &open_.back()->values.emplace_back();
    value->kind = kind;
    return *value;
  }
  bool inModel(std::string_view key) const {
    return open_.size() == 2 && !open_[0]->keys.empty() && open_[0]->keys.back() == "model" &&
           !open_[1]->keys.empty() && open_[1]->keys.back() == key;
  }
  [[noreturn]] void refuse(const std::string& given) const {
    if (at_ == At::vocab)
      throw Error(name_, "model.vocab maps " + heed::shown(token_) + " to " + given,
                  "an id is a whole number below 2^22", damaged);
    throw Error(name_, "merge " + std::to_string(file_.merges.size()) + " has " + given,
                "a merge is \"left right\" or [\"left\", \"right\"]", damaged);
  }
  void requireToken(const std::string& token) const {
    if (token.size() > most_token)
      throw Error(name_, "a token has " + std::to_string(token.size()) + " bytes",
                  "at most " + std::to_string(most_token) + " are read", damaged);
  }
  void addMerge(const std::string& text) {
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) refuse(heed::shown(text));
    addMerge(text.substr(0, space), text.substr(space + 1));
  }
  void addMerge(std::string left, std::string right) {
    requireToken(left);
    requireToken(right);
    file_.merges.emplace_back(std::move(left), std::move(right));
  }

  const std::string& name_;
  File file_;
  At at_ = At::tree;
  std::size_t values_ = 0;
  std::vector<Value*> open_;  // a value is not moved while it is open: what it stands in grows no more
  std::string token_;
  std::vector<std::string> pair_;
};

}  // namespace

const Value* Value::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return &values[i];
  return nullptr;
}

std::string Value::shown() const {
  switch (kind) {
    case Kind::string:
      return heed::shown(text);
    case Kind::list:
      return "a list";
    case Kind::object:
      return "an object";
    default:
      return text.substr(0, 40);
  }
}

File readFile(const std::string& name, std::string_view json) {
  if (json.size() > most_bytes)
    throw Error(name, "it has " + std::to_string(json.size()) + " bytes",
                "at most " + std::to_string(most_bytes) + " are read", damaged);
  FileReader reader(name);
  readJson(name, json, reader);
  return reader.take();
}

}  // namespace heed::tokens
