// generate(model, prompts): what a language model says behind some prompts. The prompts go in whole, of any lengths,
// then one token a call and row.
//
//   auto run = jit(llama);  run.bind(load("model.safetensors"), names);
//   std::vector<Tokens> texts = generate(run.runner(), {tokenizer.encode("Once upon")}, {.tokens = 64, .stops = {2}});
//
// Invariant: a row says what it would say alone (where it draws, the draws of row r are those of a row r); padding on either side gives the same tokens.
// Read tests/driver/generate_test.cpp.
#pragma once

#include <functional>

#include "heed/runtime/runner.h"
#include "heed/runtime/sample.h"
#include "heed/runtime/tokens.h"

namespace heed {

struct GenerateOptions {
  /// At most so many behind each prompt.
  int tokens = 16;
  /// Greedy as it stands.
  Sampler sample{.temperature = 0};
  /// A row ends before one of these.
  Tokens stops{};
  /// Which side of shorter prompts is filled up.
  Padding padding = Padding::right;
  /// How many positions the model's table has, if it has one.
  std::int64_t positions = std::numeric_limits<std::int64_t>::max();
  /// What the model takes beside the ids, for call 0 of the prompts and those that follow; and what room its states
  /// need beside that for the tokens.
  std::function<std::vector<ArrayView>(int call)> others{};
  std::vector<Extent> room{};
  /// Told of every token as it is chosen, for a stream.
  std::function<void(std::size_t row, std::int32_t id)> each{};
};

/// Begins the model's states anew. Its first input is i32 [rows, tokens]. Its first result is f32 [rows, tokens,
/// vocabulary]; or better, since a prompt has one next token, [rows, asked, vocabulary], for an input i32 [rows, asked]
/// of places in the call, which generate() fills in; or [rows, vocabulary], of the last token: then rows are padded on
/// the left. Gives for each row what comes behind its prompt, without the stop. Throws heed::Error for another
/// model, for prompts that requireTokens() refuses, and where prompt and `tokens` exceed the positions.
std::vector<Tokens> generate(Runner& model, std::span<const Tokens> prompts, const GenerateOptions& options = {});

/// The extent of all axes of this symbol, as the parameters that are bound fix it. Throws heed::Error if none does.
std::int64_t extentOf(const Runner& model, std::string_view symbol);
/// The extent of the last axis of result 0.
std::int64_t vocabularyOf(const Runner& model);

}  // namespace heed
