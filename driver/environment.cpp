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
  const bool interpret = flag("HEED_INTERPRET"), verify = flag("HEED_VERIFY");
  if (interpret && verify)
    throw Error("HEED_INTERPRET and HEED_VERIFY", "both are 1", "at most one of them is possible",
                "HEED_VERIFY runs the reference too; unset HEED_INTERPRET?");
  return {text("HEED_DUMP"), interpret, verify, text("HEED_CACHE")};
}

}  // namespace heed
