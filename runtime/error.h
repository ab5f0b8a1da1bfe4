// The one exception users see.
//
// Invariant: a message reads `what: what you gave; what is required; what to try`, in the user's own names.
// Read tests/runtime/binding_test.cpp for the messages.
#pragma once

#include <stdexcept>
#include <string>

namespace heed {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
  Error(const std::string& what, const std::string& given, const std::string& required, const std::string& advice = {})
      : std::runtime_error(what + ": " + given + "; " + required + (advice.empty() ? "" : "; " + advice)) {}
};

}  // namespace heed
