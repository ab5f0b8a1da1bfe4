// The f64 reference of a graph: what HEED_INTERPRET runs and HEED_VERIFY compares with. No MLIR in this header.
//
// Invariant: it evaluates what the user wrote (stage `graph`), before any pass. Test: tests/driver/reference_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "heed/dsl/tape.h"
#include "heed/runtime/executable.h"
#include "heed/runtime/view.h"

namespace heed {

/// f64: the meaning. f32: every number rounded to f32, sums taken in order in f32: the naive evaluation.
enum class Precision { f64, f32 };

class ReferenceCode {
 public:
  virtual ~ReferenceCode() = default;
  virtual const Signature& signature() const = 0;
  /// arguments: views of inputs, parameters and states; states are left as the call changes them. The results, rounded
  /// to their element type. Thread-safe.
  virtual std::vector<AnyArray> run(std::span<const ArrayView> arguments,
                                    Precision precision = Precision::f64) const = 0;
};

/// Throws heed::Error on a graph that is not valid.
std::shared_ptr<const ReferenceCode> referenceOf(const GraphView& graph);

/// A call that evaluates the reference instead of compiled code.
Executable::Call interpretCall(std::shared_ptr<const ReferenceCode> reference);
/// A call that runs `compiled`, then the reference, and throws heed::Error where they differ by more than the bound.
Executable::Call verifyCall(std::shared_ptr<const ReferenceCode> reference, Executable::Call compiled);

}  // namespace heed
