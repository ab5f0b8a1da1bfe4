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

  heed::BindOptions options() const { return {.rename = heed::Renaming(names), .ignore = ignore}; }
  /// What the checkpoint calls our parameter.
  std::string nameOf(const std::string& parameter) const;
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

/// The memory of this process, in bytes.
std::int64_t resident();

/// Prints what the models take, and what the system says that this process has grown by since it had `before`.
void printMemory(std::initializer_list<const heed::Runner*> models, std::int64_t before);

}  // namespace lesson
