// --check: a model of random weights, compiled, beside its f64 reference.
//
// Invariant: everything is made from the signature: whatever a lesson compiles can be checked.
// Read check.cpp.
#pragma once

#include <heed/dsl/tape.h>
#include <heed/runtime/view.h>

#include "lesson.h"

namespace lesson {

/// Random numbers for a parameter under its name; those of norms are around `norms`. A symbolic extent is 96. `seed`
/// goes on.
heed::AnyArray randomParameter(const heed::TensorSpec& parameter, float norms, unsigned& seed);

}  // namespace lesson
