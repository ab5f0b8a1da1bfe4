// Reads HEED_THREADS.
//
// Invariant: a value that is not understood is an error, never a guess.
// Read tests/runtime/session_test.cpp.
#include "heed/runtime/threads.h"

#include <sched.h>

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "heed/runtime/error.h"

namespace heed {
namespace {

constexpr int limit = 4096;

[[noreturn]] void refuse(std::string_view what, std::string_view given) {
  throw Error(std::string(what), "\"" + std::string(given) + "\"",
              "a whole number of threads from 1 to " + std::to_string(limit) + " is required",
              "leave it out to use all cores");
}

/// Those that this process may run on.
int processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : int(std::thread::hardware_concurrency());
}

}  // namespace

int threadCount(int wanted) {
  if (wanted < 0 || wanted > limit) refuse("threads", std::to_string(wanted));
  if (wanted > 0) return wanted;
  const char* text = std::getenv("HEED_THREADS");
  if (!text) return processors();
  const std::string_view view = text;
  int count = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), count);
  if (error != std::errc() || end != view.data() + view.size() || count < 1 || count > limit)
    refuse("HEED_THREADS", view);
  return count;
}

}  // namespace heed
