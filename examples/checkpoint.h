// What the lessons that read weights share: where they come from, what their authors call them, and what they take.
//
// Invariant: the names of a published checkpoint are written once and read both ways: to bind one, and to write one of
// random numbers.
// Read 06_bert.cpp.
#pragma once

#include <heed/runtime/weights/config.h>
#include <heed/runtime/weights/weights.h>

#include <string>
#include <utility>
#include <vector>

#include "lesson.h"

namespace lesson {

/// A published checkpoint, beside the graph that was made for it.
struct Published {
  /// Its names and ours. A prefix that we lack comes first, as {"bert.", ""}.
  std::vector<std::pair<heed::Pattern, std::string>> names{};
  std::vector<heed::Pattern> ignore{};
  /// What its config.json has to say, if it says anything of it.
  std::vector<heed::Config::Fact> config{};
  /// What the weights of its norms are around: 0 where the model adds 1 to them.
  float norms = 1;

  heed::BindOptions options() const { return {.rename = heed::Renaming(names), .ignore = ignore}; }
};

/// A model, or a half of one, and what its parameters are published as.
struct Part {
  heed::Runner& model;
  Published published;
};

struct Checkpoint {
  std::string weights, random;

  /// --weights and --random.
  void addTo(CLI::App& app);

  /// Binds the weights; or, under --random, writes some under the published names, and says false.
  bool bind(std::initializer_list<Part> parts) const;
};

/// Throws heed::Error naming the first weight of these that is no number: for a result that is none. Reads all of them.
void requireNumbers(std::initializer_list<Part> parts);
/// The same where a result, of f32, has one that is none; then in the name of `what`, if no weight is the cause.
void requireNumbers(const std::string& what, const heed::AnyArray& result, std::initializer_list<Part> parts);

/// The memory of this process, in bytes.
std::int64_t resident();

/// Prints what the models take, and what the system says that this process has grown by since it had `before`.
void printMemory(std::initializer_list<const heed::Runner*> models, std::int64_t before);

}  // namespace lesson
