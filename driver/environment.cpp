#include "heed/driver/environment.h"

#include <cstdlib>

#include "heed/runtime/error.h"

namespace heed {

static std::string text(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

static bool flag(const char* name) {
  std::string value = text(name);
  if (value.empty() || value == "0") return false;
  if (value == "1") return true;
  throw Error(std::string(name) + ": is '" + value + "'; must be 0 or 1; unset it to switch it off");
}

Environment readEnvironment() {
  return {text("HEED_DUMP"), flag("HEED_INTERPRET"), flag("HEED_VERIFY"), text("HEED_CACHE")};
}

}  // namespace heed
