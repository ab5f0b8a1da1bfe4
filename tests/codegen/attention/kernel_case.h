// For tests: one attention kernel as text, and the same kernel as plain f64 loops.
//
// Operands end (or begin) at guard pages. Read attention_test.cpp for its use.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "heed/tests/codegen/attention/guarded.h"

namespace heed::testing {

using Numbers = std::vector<double>;
using Sizes = std::map<std::string, std::int64_t>;

/// Where a formula is evaluated: the row and the key.
struct Point {
  std::int64_t q, k;
};

/// Dims by name, slowest first in memory; each name begins with its role: o outer, q row, k key, d depth, v value.
struct Operand {
  std::vector<std::string> dims;
  std::string type = "f32";
  std::int64_t pad = 0;
};

/// Region texts refer to their arguments as %a0, %a1, ..; %i(name) is the position along a dim, an index.
struct KernelCase {
  std::vector<std::vector<Operand>> similar;
  std::vector<std::string> bodies;
  std::vector<Operand> captures;
  Operand value, out;
  bool lse = false, start = false;
  Sizes known = {};  // extents that the types state
  std::string post, keep, classify, weigh;
  std::function<double(int, const Numbers&)> body;
  std::function<double(const Numbers& scores, const Numbers& captured, Point at)> score;
  std::function<bool(const Numbers& captured, Point at)> visible;
  std::function<double(double, const Numbers& captured, Point at)> weight;

  std::vector<std::string> dims() const;
  std::vector<Operand> operands() const;  // in the order of the op
  std::string text() const;
};

/// A memref of f32, bf16, f16, i32, i64 or i1 with its own elements as doubles.
class Data {
 public:
  Data(const Operand& operand, const Sizes& sizes, bool guardEnd = true);
  /// The distance between neighbours along each of `names` in the operand's own elements, 0 where it lacks the dim.
  std::vector<std::int64_t> distances(const std::vector<std::string>& names) const;
  void set(std::size_t n, double x);
  void fill(std::function<double()> next) {
    for (std::size_t n = 0; n < numbers_.size(); ++n) set(n, next());
  }
  void load();  // from memory, after the kernel ran
  std::size_t count() const { return numbers_.size(); }
  const Numbers& numbers() const { return numbers_; }
  std::size_t index(const Sizes& at) const;
  const Operand& operand() const { return operand_; }
  void* descriptor() { return descriptor_.data(); }
  void* memory() const { return memory_->data(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t offset(std::size_t n) const;
  Operand operand_;
  std::vector<std::int64_t> extents_, descriptor_;
  std::size_t width_, bytes_ = 0;
  std::unique_ptr<GuardedMemory> memory_;
  Numbers numbers_;
};

/// Expected out and lse.
struct Expected {
  Numbers out, lse;
};
Expected reference(const KernelCase& kernel, const Sizes& sizes, const std::vector<Data*>& data);

}  // namespace heed::testing
