// A matrix product: its extents, how its right matrix lies, what follows it.
#pragma once

#include <cstdint>
#include <string>

namespace heed::bench {

struct GemmShape {
  std::int64_t batch = 1, m = 1024, n = 1024, k = 1024;
  std::string rhs = "kn";         // how the right matrix lies in memory: rows of k x n, or of n x k
  std::string epilogue = "none";  // none, or words of epilogue.h with + between them
  std::string dtype = "f32";      // of the matrices and the result
};

}  // namespace heed::bench
