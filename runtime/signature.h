// What a compiled graph takes and gives: names, element types and axes, owned, with no compiler type in it.
//
// Invariant: inputs, parameters, states and results, in this order, are the entry's arguments (abi::Entry).
// Read tests/runtime/signature_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/dsl/tape.h"

namespace heed {

/// One axis. extent -1 is bound at run time, equal for all axes of one `symbol`.
struct AxisSpec {
  std::string name;
  std::string symbol;
  std::int64_t extent = -1;
  bool operator==(const AxisSpec&) const = default;
};

/// A parameter whose rows are looked up along one of its axes.
struct TableSpec {
  std::string name;
  AxisSpec rows;
  bool operator==(const TableSpec&) const = default;
};

/// One tensor; axes[0] is the outermost.
struct TensorSpec {
  std::string name;
  DType dtype{};
  std::vector<AxisSpec> axes;
  std::vector<TableSpec> tables{};  // of an i32 input: those whose rows its numbers name, as ids do those of words
  int rank() const { return static_cast<int>(axes.size()); }
  bool operator==(const TensorSpec&) const = default;
};

/// What is kept between calls. `tokens` is the symbol of the axis whose extent says how many tokens a call tells.
struct StateSpec {
  TensorSpec tensor;
  std::string tokens;
  int memory = -1;  // the axis along which it remembers them; -1: an i32 for each row, how many it has been told
  bool operator==(const StateSpec&) const = default;
};

struct Signature {
  std::vector<TensorSpec> inputs, parameters, results;
  std::vector<StateSpec> states;
  bool operator==(const Signature&) const = default;
};

/// The spec of `type` as it is written on the tape.
TensorSpec describe(std::string name, const TypeInfo& type);

/// "q: f32[batch, heads 8, seq, depth 64]".
std::string toString(const TensorSpec& tensor);
/// One line per tensor, inputs first.
std::string toString(const Signature& signature);

/// Throws heed::Error unless `compiled` takes and gives tensors of these types, whatever their names.
void requireSignature(const Signature& compiled, const std::vector<TensorSpec>& inputs,
                      const std::vector<TensorSpec>& results);

}  // namespace heed
