// --check: a model of random weights, compiled, beside its f64 reference.
//
// Invariant: everything is made from the signature: whatever a lesson compiles can be checked.
// Read check.cpp.
#pragma once

#include <heed/dsl/tape.h>
#include <heed/runtime/view.h>

#include "lesson.h"

namespace lesson {

/// Random numbers for a parameter under its name, norms around 1. A symbolic extent is 96. `seed` goes on.
heed::AnyArray randomParameter(const heed::TensorSpec& parameter, unsigned& seed);

/// Compares at two sizes, in f32 and in bf16, and prints the errors. Throws heed::Error where f32 is off by more than
/// 1e-4 of the largest number, or bf16, in the mean, by 1.1 x what the model evaluated op by op in bf16 is.
void check(const heed::GraphView& graph, const CommandLine& line);

}  // namespace lesson
