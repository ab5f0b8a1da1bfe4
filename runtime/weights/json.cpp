// Boost.JSON's event parser, with the checks it leaves to others. Its definitions live in this file alone.
//
// Invariant: memory stays in proportion to the text, since sizes and depth are capped before anything is kept.
// Read tests/runtime/weights/malformed_test.cpp.
#include "heed/runtime/weights/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <unordered_set>
#include <vector>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/names.h"

namespace heed {
namespace {

constexpr char advice[] = "it is damaged, or not what its name says: get it again";

struct Handler {
  using Text = boost::json::string_view;
  using Code = boost::json::error_code;
  static constexpr std::size_t max_object_size = 1 << 20, max_array_size = 1 << 20, max_key_size = 1 << 16,
                               max_string_size = -1;

  const std::string& what;
  JsonEvents& events;
  std::string text{};
  std::vector<std::unordered_set<std::string>> keys{};

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) {
    keys.emplace_back();
    events.object();
    return true;
  }
  bool on_object_end(std::size_t, Code&) {
    keys.pop_back();
    events.end();
    return true;
  }
  bool on_array_begin(Code&) {
    events.list();
    return true;
  }
  bool on_array_end(std::size_t, Code&) {
    events.end();
    return true;
  }
  bool on_key_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_key(Text part, std::size_t, Code&) {
    gather(part);
    if (!keys.back().insert(text).second)
      throw Error(what, "the key " + shown(text) + " comes twice in one object", "a key comes once", advice);
    events.key(text);
    return forget();
  }
  bool on_string_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_string(Text part, std::size_t, Code&) {
    gather(part);
    events.string(text);
    return forget();
  }
  bool on_number_part(Text part, Code&) { return gather(part); }
  bool on_int64(std::int64_t value, Text part, Code&) {
    gather(part);
    return number(static_cast<std::uint64_t>(value), text.starts_with('-'));
  }
  bool on_uint64(std::uint64_t value, Text part, Code&) {
    gather(part);
    return number(value, false);
  }
  bool on_double(double, Text part, Code&) {
    gather(part);
    return number(0, true);
  }
  bool on_bool(bool value, Code&) { return other(value ? "true" : "false"); }
  bool on_null(Code&) { return other("null"); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

  bool gather(Text part) {
    text.append(part.data(), part.size());
    return true;
  }
  bool forget() {
    text.clear();
    return true;
  }
  bool number(std::uint64_t value, bool more) {
    if (more)
      events.other(text);
    else
      events.whole(value);
    return forget();
  }
  bool other(const char* word) {
    events.other(word);
    return true;
  }
};

}  // namespace

void readJson(const std::string& what, std::string_view text, JsonEvents& events) {
  boost::json::parse_options options;
  options.max_depth = 16;
  boost::json::basic_parser<Handler> parser(options, Handler{what, events});
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  const std::string place = "at byte " + std::to_string(read) + " of " + std::to_string(text.size());
  if (error) throw Error(what, "its JSON has an error " + place + ": " + error.message(), "JSON is required", advice);
  if (read != text.size())
    throw Error(what, "its JSON is over " + place, "nothing may follow the closing brace", advice);
}

std::string jsonString(std::string_view text) { return boost::json::serialize(boost::json::string_view(text)); }

}  // namespace heed
