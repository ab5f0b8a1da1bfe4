// Typed access to the tree, with the messages of a member that is not what it must be.
//
// Invariant: what is not asked for is an error, so that nothing of a file is passed over in silence.
// Read tests/runtime/text/malformed_test.cpp.
#include <algorithm>

#include "heed/runtime/error.h"
#include "heed/runtime/text/file.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

std::string whatIs(const Value* value) { return value ? value->shown() : "not there"; }

}  // namespace

Fields::Fields(const std::string& file, std::string path, const Value& value)
    : file_(&file), path_(std::move(path)), value_(&value), asked_(value.values.size()) {
  if (value.kind != Value::Kind::object) fail("it is " + value.shown(), "an object is required");
}

void Fields::fail(const std::string& given, const std::string& required, const std::string& advice) const {
  throw Error(*file_, path_.empty() ? given : path_ + ": " + given, required, advice);
}

const Value* Fields::find(std::string_view key) {
  const Value* value = value_->find(key);
  if (!value) return nullptr;
  asked_[static_cast<std::size_t>(value - value_->values.data())] = true;
  return value->kind == Value::Kind::null ? nullptr : value;
}

const Value& Fields::require(std::string_view key, Value::Kind kind, const char* what) {
  const Value* value = find(key);
  if (!value || value->kind != kind)
    fail(std::string(key) + " is " + whatIs(value ? value : value_->find(key)), std::string(what) + " is required");
  return *value;
}

std::string Fields::text(std::string_view key) { return require(key, Value::Kind::string, "a string").text; }
std::string Fields::text(std::string_view key, std::string otherwise) { return find(key) ? text(key) : otherwise; }
bool Fields::flag(std::string_view key) { return require(key, Value::Kind::boolean, "true or false").text == "true"; }
bool Fields::flag(std::string_view key, bool otherwise) { return find(key) ? flag(key) : otherwise; }

std::int32_t Fields::whole(std::string_view key) {
  static constexpr char what[] = "a whole number below 2^31";
  const std::string& text = require(key, Value::Kind::number, what).text;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || text.size() > 10 || std::stoll(text) > INT32_MAX)
    fail(std::string(key) + " is " + text.substr(0, 40), std::string(what) + " is required");
  return static_cast<std::int32_t>(std::stoll(text));
}

const std::vector<Value>& Fields::list(std::string_view key) {
  return require(key, Value::Kind::list, "a list").values;
}

Fields Fields::object(std::string_view key) {
  const Value& value = require(key, Value::Kind::object, "an object");
  return {*file_, (path_.empty() ? "" : path_ + ".") + std::string(key), value};
}

Fields Fields::object(std::string_view key, std::size_t i) {
  return {*file_, (path_.empty() ? "" : path_ + ".") + std::string(key) + "[" + std::to_string(i) + "]",
          list(key).at(i)};
}

void Fields::done() const {
  for (std::size_t i = 0; i < asked_.size(); ++i)
    if (!asked_[i])
      fail("it has " + shown(value_->keys[i]), "an option that is not known here could change every id",
           "write an issue with this file");
}

}  // namespace heed::tokens
