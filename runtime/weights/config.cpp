// Reading config.json as one flat list of members. Read tests/runtime/weights/config_test.cpp.
#include "heed/runtime/weights/config.h"

#include <charconv>
#include <cmath>
#include <filesystem>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/json.h"
#include "heed/runtime/weights/mapping.h"
#include "heed/runtime/weights/names.h"

namespace heed {
namespace {

constexpr std::size_t most_bytes = 1 << 22, most_values = 1 << 16;
constexpr char damaged[] = "it is damaged, or not a config.json: get it again";

class Reader : public JsonEvents {
 public:
  Reader(const std::string& name, std::map<std::string, Config::Value, std::less<>>& values)
      : name_(name), values_(values) {}

  void object() override { open_.push_back({path(), -1}); }
  void list() override { open_.push_back({path(), 0}); }
  void end() override { open_.pop_back(); }
  void key(const std::string& key) override { key_ = key; }
  void string(const std::string& value) override { add(value); }
  void whole(std::uint64_t value) override { add(double(value)); }
  void other(const std::string& value) override {
    if (value == "true" || value == "false") return add(value == "true");
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc() && end == value.data() + value.size())
      add(number);
    else
      add(std::monostate());
  }

 private:
  struct Open {
    std::string path;
    std::int64_t next;  // of a list
  };

  /// Of the value that comes now.
  std::string path() {
    if (open_.empty()) return "";
    Open& in = open_.back();
    return (in.path.empty() ? "" : in.path + ".") + (in.next < 0 ? key_ : std::to_string(in.next++));
  }
  void add(Config::Value value) {
    if (open_.empty()) throw Error(name_, "it is a single value", "an object is required", damaged);
    if (values_.size() == most_values)
      throw Error(name_, "it has more than " + std::to_string(most_values) + " values", "that many are read", damaged);
    values_.insert_or_assign(path(), std::move(value));
  }

  const std::string& name_;
  std::map<std::string, Config::Value, std::less<>>& values_;
  std::vector<Open> open_;
  std::string key_;
};

std::string text(const Config::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* word = std::get_if<std::string>(&value)) return shown(*word);
  if (const auto* number = std::get_if<double>(&value)) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, *number).ptr};
  }
  return "null";
}

bool agree(const Config::Value& l, const Config::Value& r) {
  const auto *x = std::get_if<double>(&l), *y = std::get_if<double>(&r);
  return x && y ? std::abs(*x - *y) <= 1e-6 * std::abs(*y) : l == r;
}

}  // namespace

Config Config::load(const std::string& given) {
  namespace fs = std::filesystem;
  std::error_code none;
  fs::path path = given;
  if (path.filename() != "config.json")
    path = (fs::is_directory(path, none) ? path : path.parent_path()) / "config.json";
  if (!fs::exists(path, none)) return {};
  const MappedFile file = mapFile(path);
  return parse(path, {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
}

Config Config::parse(const std::string& name, std::string_view json) {
  if (json.size() > most_bytes)
    throw Error(name, "it has " + std::to_string(json.size()) + " bytes",
                "at most " + std::to_string(most_bytes) + " are read", damaged);
  Config config;
  config.source_ = name;
  Reader reader(name, config.values_);
  readJson(name, json, reader);
  return config;
}

Config::Value Config::at(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? Value() : found->second;
}

std::optional<double> Config::number(std::string_view name) const {
  const Value value = at(name);
  const auto* number = std::get_if<double>(&value);
  return number ? std::optional(*number) : std::nullopt;
}

void Config::require(std::span<const Fact> facts) const {
  std::string wrong, wanted;
  auto contradicts = [&](const std::string& name, const Value& here, const Value& value) {
    wrong += (wrong.empty() ? "" : ", ") + name + " is " + text(here);
    wanted += (wanted.empty() ? "" : ", ") + text(value);
  };
  constexpr std::monostate null;
  for (const auto& [name, value, if_null] : facts) {
    const bool none = value == Value(null);
    for (auto member = values_.lower_bound(name); member != values_.end(); ++member) {
      const auto& [path, here] = *member;
      if (path != name && (!none || !path.starts_with(name + "."))) break;
      const Value& said = here == Value(null) ? if_null : here;
      if (path == name ? !agree(said, value) : said != Value(null)) contradicts(path, here, value);
    }
    if (const auto dot = name.find('.'); dot != name.npos)
      if (const auto outer = values_.find(name.substr(0, dot)); outer != values_.end() && outer->second == Value(null))
        contradicts(outer->first, null, value);
  }
  if (!wrong.empty())
    throw Error(source_, wrong, "the model was compiled for " + wanted, "use its weights with the model they are of");
}

}  // namespace heed
