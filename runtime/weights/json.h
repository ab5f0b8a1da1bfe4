// JSON that somebody else wrote, as events; nothing of it is kept.
//
// Invariant: keys arrive decoded, valid UTF-8, and never twice in one object, however deep.
// Read tests/runtime/weights/malformed_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heed {

/// What a text is made of, in its order. A handler throws to end the reading.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual void object() = 0;
  virtual void list() = 0;
  /// Of the innermost object or list.
  virtual void end() = 0;
  virtual void key(const std::string& key) = 0;
  virtual void string(const std::string& value) = 0;
  /// A number of digits only, below 2^64.
  virtual void whole(std::uint64_t value) = 0;
  /// Any other value, as it is written: a number with sign, point or exponent, true, false, null.
  virtual void other(const std::string& value) = 0;
};

/// Reads one JSON value; only whitespace may follow it. Throws heed::Error in the name of `what`: on what RFC 8259 does
/// not allow, on a key that comes twice, and past 16 levels, 65536 bytes of a key, or 2^20 members of one object or
/// list.
void readJson(const std::string& what, std::string_view text, JsonEvents& events);

/// The text as a JSON string. It must be UTF-8; readJson() tells.
std::string jsonString(std::string_view text);

}  // namespace heed
