// How a layer is tested: its graph is compiled and run on the CPU, and what comes out is compared with plain loops over
// doubles that the test writes, as is the interpreter.
//
// Invariant: arguments depend on their names and extents alone, so a failure repeats.
// Read linear_test.cpp for what a test looks like.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "heed/dsl/tape.h"

namespace heed::test {

/// Row-major numbers of the test's own.
class Values {
 public:
  Values() = default;
  explicit Values(std::vector<int> extents, double fill = 0);

  template <class... I>
  double& operator()(I... i) {
    return data[std::size_t(offset({int(i)...}))];
  }
  template <class... I>
  double operator()(I... i) const {
    return data[std::size_t(offset({int(i)...}))];
  }
  int extent(int axis) const { return extents[std::size_t(axis)]; }

  std::vector<int> extents;
  std::vector<double> data;

 private:
  std::int64_t offset(std::initializer_list<int> index) const;
};

/// What a run was given: inputs and parameters by name.
struct Given {
  std::map<std::string, Values> values;
  const Values& operator[](const std::string& name) const { return values.at(name); }
};

/// The extents of the symbolic axes.
using Extents = std::map<std::string, int>;
/// What the layer means.
using Meaning = std::function<std::vector<Values>(const Given&)>;

struct Checks {
  double tolerance = 4e-6;               // of the largest error, relative to the largest number of the result
  std::map<std::string, int> below{};    // an i32 input holds numbers of [0, below)
  std::map<std::string, double> plus{};  // added to every number of an argument, else in [-1, 1)
  bool interpreted = true;               // compare the interpreter as well
};

/// What --explain says of the graph, and how many fused kernels it has.
struct Explained {
  std::string text;
  int kernels;
};

/// Compiles the graph once, runs it at each of `sizes` and expects what `meaning` says.
Explained expectMeaning(const GraphView& graph, const std::vector<Extents>& sizes, const Meaning& meaning,
                        const Checks& checks = {});

}  // namespace heed::test
