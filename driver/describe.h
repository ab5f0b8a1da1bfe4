// describe(graph): the model as a table: its modules, what each gives, its parameters, its work and its bytes.
//
// Invariant: a module's row includes all that is inside of it, and all its copies. Test:
// tests/driver/describe_test.cpp.
#pragma once

#include <initializer_list>
#include <string>

#include "heed/dsl/tape.h"
#include "heed/runtime/bind.h"

namespace heed {

/// One row per module, the whole model first. Work is multiply-adds counted as two operations, and one for every
/// element of any other result; bytes are those of parameters and states. Extents bound at run time must be given:
/// describe(graph, {extent<Batch>(1), extent<Seq>(512)}). Throws heed::Error naming one that is missing.
std::string describe(const GraphView& graph, std::initializer_list<Extent> extents = {});

}  // namespace heed
