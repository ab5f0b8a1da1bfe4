// How a signature reads, and how it is taken from the tape.
//
// Invariant: an axis known at compile time shows its extent, a symbolic one only its name.
// Read tests/runtime/signature_test.cpp.
#include "heed/runtime/signature.h"

#include <algorithm>

#include "heed/runtime/error.h"
#include "heed/runtime/view.h"

namespace heed {
namespace {

// Symbols have names of the compiler's choice: what a symbol means is which axes share it, and that is checked in
// calls.
bool sameType(const TensorSpec& l, const TensorSpec& r) {
  auto same = [](const AxisSpec& a, const AxisSpec& b) { return a.name == b.name && a.extent == b.extent; };
  return l.dtype == r.dtype && std::equal(l.axes.begin(), l.axes.end(), r.axes.begin(), r.axes.end(), same);
}

void requireTensors(const std::string& kind, const std::vector<TensorSpec>& compiled,
                    const std::vector<TensorSpec>& wanted) {
  if (compiled.size() != wanted.size())
    throw Error("kernel", "the executable has " + std::to_string(compiled.size()) + " " + kind + "s",
                "the type of the kernel has " + std::to_string(wanted.size()), "use the signature it was traced with");
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (!sameType(compiled[i], wanted[i]))
      throw Error("kernel", "the executable has " + kind + " " + toString(compiled[i]),
                  "the type of the kernel says " + toString({compiled[i].name, wanted[i].dtype, wanted[i].axes}),
                  "use the signature it was traced with");
}

}  // namespace

TensorSpec describe(std::string name, const TypeInfo& type) {
  TensorSpec spec{std::move(name), type.dtype, {}};
  for (std::uint32_t i = 0; i < type.rank; ++i) {
    const AxisInfo& axis = *type.axes[i];
    spec.axes.push_back({std::string(axis.name), std::string(axis.symbol), axis.extent});
  }
  return spec;
}

std::string toString(const TensorSpec& tensor) {
  std::string text = tensor.name + ": " + std::string(dtypeName(tensor.dtype)) + "[";
  for (const AxisSpec& axis : tensor.axes) {
    if (&axis != tensor.axes.data()) text += ", ";
    text += axis.name;
    if (axis.extent >= 0) text += " " + std::to_string(axis.extent);
  }
  return text + "]";
}

std::string toString(const Signature& signature) {
  std::string text;
  for (const TensorSpec& t : signature.inputs) text += "input " + toString(t) + "\n";
  for (const TensorSpec& t : signature.parameters) text += "parameter " + toString(t) + "\n";
  for (const StateSpec& s : signature.states) text += "state " + toString(s.tensor) + "\n";
  for (const TensorSpec& t : signature.results) text += "result " + toString(t) + "\n";
  return text;
}

void requireSignature(const Signature& compiled, const std::vector<TensorSpec>& inputs,
                      const std::vector<TensorSpec>& results) {
  requireTensors("input", compiled.inputs, inputs);
  requireTensors("result", compiled.results, results);
}

}  // namespace heed
