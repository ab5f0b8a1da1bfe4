// The HEED_* variables, read once per compile and checked.
#pragma once

#include <string>

namespace heed {

struct Environment {
  std::string dump;        // HEED_DUMP=DIR: numbered stages
  bool interpret = false;  // HEED_INTERPRET=1: run the f64 reference instead of compiled code
  bool verify = false;     // HEED_VERIFY=1: run both and compare
  std::string cache{};     // HEED_CACHE=DIR: compiled code, kept for the next process
};

/// Throws heed::Error on a value that is neither 0 nor 1 where a switch is expected.
Environment readEnvironment();

}  // namespace heed
