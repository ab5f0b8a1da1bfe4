// Arrays as tables of text.
//
// Invariant: the two innermost axes make a table, the others one heading each; long axes show their ends.
// Read tests/runtime/print_test.cpp.
#pragma once

#include <iosfwd>
#include <span>

#include "heed/runtime/signature.h"
#include "heed/runtime/view.h"

namespace heed {

struct PrintOptions {
  int decimals = 4;
  int most = 12;  // rows, columns or tables of one axis before the middle is left out
};

/// The view as tables; one AxisSpec per axis.
void print(std::ostream& out, const ArrayView& view, std::span<const AxisSpec> axes, const PrintOptions& options = {});

/// The same for any array that knows its axes.
template <class A>
requires requires { A::axisSpecs(); }
void print(std::ostream& out, const A& array, const PrintOptions& options = {}) {
  print(out, array.view(), A::axisSpecs(), options);
}

}  // namespace heed
