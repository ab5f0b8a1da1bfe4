// What the lessons that read and write text share: prompts as text or as ids, how the next token is chosen, and the run
// of a language model.
//
// Invariant: what is generated token by token is what one call over the whole text says.
// Read 04_llama.cpp.
#pragma once

#include <heed/runtime/text/tokenizer.h>

#include <optional>
#include <string>
#include <vector>

#include "checkpoint.h"

namespace lesson {

/// Text if there is a tokenizer, else ids with commas between them.
struct Text {
  std::string file;

  /// --tokenizer.
  void addTo(CLI::App& app);

  /// Throws heed::Error in the name of `what` for what are no ids.
  heed::Tokens read(const std::string& what, const std::string& text, bool special = true) const;
  std::string show(std::span<const std::int32_t> ids) const;

 private:
  const heed::Tokenizer& tokenizer() const;
  mutable std::optional<heed::Tokenizer> loaded_;
};

struct Generation {
  Checkpoint checkpoint;
  Text text;
  std::vector<std::string> prompts{"1,17,42,7"}, stops;
  std::string logits;
  int tokens = 12;
  bool left = false;
  heed::Sampler sample{.temperature = 0};

  /// --weights, --random, --tokenizer, --prompt, --tokens, --stop, --temperature, --top-k, --top-p, --seed, --pad-left
  /// and --logits.
  void addTo(CLI::App& app);

  /// Binds the checkpoint and generates. positions: how many the model has a table of.
  void run(heed::Runner& model, const CommandLine& line, const Published& published,
           std::int64_t positions = heed::TokenLimits{}.positions) const;

  /// The same for an encoder of ids and lengths, and a decoder of ids, what the encoder gives, and lengths. Prompts are
  /// sources; a text begins with `start`, or else with what config.json says, or 0.
  void translate(const Part& encoder, const Part& decoder, const CommandLine& line,
                 std::optional<std::int32_t> start = {}) const;

 private:
  heed::GenerateOptions options() const;
  void inOneCall(heed::Runner& model, std::span<const heed::Tokens> prompts, std::span<const heed::Tokens> said,
                 const heed::GenerateOptions& options, heed::Weights also = {}) const;
};

}  // namespace lesson
