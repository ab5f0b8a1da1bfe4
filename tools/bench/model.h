// Whole models as workloads: random weights in memory, and a check of the compiled code at small extents.
//
// A model's extents are part of its type, so a workload offers some sizes and no others; sequences may be of any
// length.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "heed/dsl/tape.h"
#include "workload.h"

namespace heed::bench {

/// What a model may be asked for: numbers by option, as --layers=6 --model=384, and the graph for them.
struct ModelSize {
  std::vector<std::int64_t> numbers;
  GraphView graph;
};

/// The one of `sizes` with these numbers; `options` are their names. Throws heed::Error naming all that there are.
GraphView graphOf(const std::vector<ModelSize>& sizes, const std::vector<std::string>& options,
                  const std::vector<std::int64_t>& wanted);

/// --dtype: of parameters, states and all that is made of them.
void modelType(std::string& dtype, Flags& flags);
/// The settings with that.
Settings inType(const Settings& settings, const std::string& dtype);
/// Of its largest result, for so many layers and what is around them.
double modelTolerance(const Settings& settings, double layers);

/// Numbers for each parameter: around 1 for the weight of a norm, small for others. All lie in one block of memory,
/// which `block` is set to: reading it is reading the model.
std::vector<NamedArray> randomWeights(const Signature& signature, AnyArray& block);

/// The bytes of its parameters.
double parameterBytes(const Signature& signature);

/// The largest error of `got` against the f64 reference of `graph`, called once with these inputs and states that
/// are empty, relative to the largest number. rows: room for the states, by symbol.
Deviation modelError(const GraphView& graph, const Signature& signature, const std::vector<NamedArray>& weights,
                     const std::vector<AnyArray>& inputs, const std::vector<Extent>& room, const ArrayView& got);

}  // namespace heed::bench
