// For tests of tile.contract: types with one contiguous dim, matrix products as text, and the targets that run here.
#pragma once

#include <string>
#include <vector>

#include "heed/tests/codegen/jit/compile_text.h"
#include "heed/tests/codegen/targets.h"

namespace heed::testing {

/// A strided type of this rank whose dim `unit` is contiguous.
inline std::string type(int rank, int unit, const std::string& element = "f32") {
  std::string sizes, strides;
  for (int d = 0; d < rank; ++d) {
    sizes += "?x";
    strides += (d ? ", " : "") + std::string(d == unit ? "1" : "?");
  }
  return "memref<" + sizes + element + ", strided<[" + strides + "]>>";
}

/// func @main(a: lhs, b: rhs, c: out) with out[m, n] = sum over k of a[m, k] b[k, n].
inline std::string productText(const std::string& lhs, const std::string& rhs, const std::string& out) {
  return "func.func @main(%a: " + lhs + ", %b: " + rhs + ", %c: " + out + R"() {
      "tile.contract"(%a, %b, %c) <{roles = ["row", "column", "depth"],
          indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]}>
          ({}) : ()" +
         lhs + ", " + rhs + ", " + out + ") -> () return }";
}

/// The order of a matrix's dims in memory whose dim `unit` is contiguous.
inline std::vector<int> order(int unit) { return unit == 1 ? std::vector<int>{0, 1} : std::vector<int>{1, 0}; }

}  // namespace heed::testing
