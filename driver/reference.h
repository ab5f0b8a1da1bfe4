// The f64 reference of a graph: what HEED_INTERPRET runs and HEED_VERIFY compares with. No MLIR in this header.
//
// Invariant: it evaluates what the user wrote (stage `graph`), before any pass. Test: tests/driver/reference_test.cpp.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "heed/dsl/tape.h"
#include "heed/runtime/runner.h"

namespace heed {

/// f64: the meaning. naive: op by op, each result rounded to its element type, sums taken in order in f32.
enum class Precision { f64, naive };

/// A result before it is rounded to its element type.
struct Elements {
  std::vector<std::int64_t> extents;
  std::vector<double> numbers;
};

class ReferenceCode {
 public:
  virtual ~ReferenceCode() = default;
  virtual const Signature& signature() const = 0;
  /// Whether one product reads this parameter of the signature, and nothing else does.
  virtual bool isReadByOneProduct(int parameter) const = 0;
  /// The first op that makes much of a small difference, as one that compares computed numbers: "`lt` at model.cpp:42";
  /// "" where there is none.
  virtual std::string jump() const = 0;
  /// arguments: views of inputs, parameters and states; states are left as the call changes them. The elements of every
  /// result in row-major order. Thread-safe.
  virtual std::vector<Elements> evaluate(std::span<const ArrayView> arguments,
                                         Precision precision = Precision::f64) const = 0;
  /// The same, rounded to their element type.
  std::vector<AnyArray> run(std::span<const ArrayView> arguments, Precision precision = Precision::f64) const;
};

/// `element`: as in Options. Throws heed::Error on a graph that is not valid.
std::shared_ptr<const ReferenceCode> referenceOf(const GraphView& graph, DType element = DType::f32);

/// How far a result, and the naive evaluation of it, are from the exact one. NaN is as good as NaN.
struct Errors {
  double largest = 0;                     // number of the exact one
  double most = 0, naive_most = 0;        // differences
  double squares = 0, naive_squares = 0;  // sums of their squares
  std::int64_t count = 0;
  std::int64_t at = -1;  // the element that is off by `most`

  double mean() const { return root(squares); }
  double naiveMean() const { return root(naive_squares); }
  /// The largest error of a result, in the mean over those that addRelative() took in: of one alone it is a draw.
  double meanMost() const { return each_most / double(std::max<std::int64_t>(results, 1)); }
  double naiveMeanMost() const { return naive_each_most / double(std::max<std::int64_t>(results, 1)); }
  /// As one with errors relative to the largest number of each.
  void addRelative(const Errors& other);

 private:
  double root(double squares) const;
  double each_most = 0, naive_each_most = 0;  // sums over results
  std::int64_t results = 0;
};
Errors errorsOf(const ArrayView& got, const ArrayView& exact, const ArrayView& naive);

/// The errors of each result of one call; the states begin empty with `room`, by symbol.
std::vector<Errors> compare(Runner& model, const ReferenceCode& reference, std::span<const ArrayView> inputs,
                            std::span<const Extent> room = {});

/// A call that evaluates the reference instead of compiled code.
Executable::Call interpretCall(std::shared_ptr<const ReferenceCode> reference);
/// A call that runs `compiled`, then the reference, and throws heed::Error where they differ by more than the bound.
/// tf32: where f32 may have been multiplied so. rounded: of the executable.
Executable::Call verifyCall(std::shared_ptr<const ReferenceCode> reference, DType element, Executable::Call compiled,
                            bool tf32 = false, std::vector<RoundedWeight> rounded = {});

}  // namespace heed
