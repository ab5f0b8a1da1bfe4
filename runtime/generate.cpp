// Prefill and decode. Read tests/driver/generate_test.cpp.
#include "heed/runtime/generate.h"

#include <algorithm>

#include "heed/runtime/error.h"

namespace heed {
namespace {

/// Which tokens a model answers with logits.
struct Answers {
  enum { every, last, asked } tokens = every;
  std::size_t input = 0;  // asked: the one that names them, by their places in the call
};

/// Throws unless the model is one of tokens in, logits out.
Answers requireLanguageModel(const Signature& model) {
  auto refuse = [&]() -> Answers {
    throw Error("generate", "a model of another kind, " + (model.inputs.empty() ? "" : toString(model.inputs[0])),
                "it must take ids i32[rows, tokens], give logits f32 of all tokens, of the last, or of those that an "
                "i32[rows, asked] names, and remember",
                "give its attention a memory<Seq, \"key\">");
  };
  if (model.inputs.empty() || model.results.empty() || model.states.empty()) return refuse();
  const TensorSpec &ids = model.inputs[0], &logits = model.results[0];
  if (ids.rank() != 2 || ids.dtype != DType::i32 || logits.dtype != DType::f32 || logits.rank() < 2) return refuse();
  if (logits.axes[0].symbol != ids.axes[0].symbol) return refuse();
  if (logits.rank() == 2) return {Answers::last};
  if (logits.rank() != 3) return refuse();
  const std::string& answered = logits.axes[1].symbol;
  if (answered == ids.axes[1].symbol) return {Answers::every};
  for (std::size_t i = 1; i < model.inputs.size(); ++i) {
    const TensorSpec& input = model.inputs[i];
    if (input.dtype == DType::i32 && input.rank() == 2 && input.axes[0].symbol == ids.axes[0].symbol &&
        input.axes[1].symbol == answered)
      return {Answers::asked, i};
  }
  return refuse();
}

/// Room for `tokens` in every row.
std::vector<Extent> roomFor(const Signature& model, std::int64_t rows, std::int64_t tokens,
                            std::span<const Extent> others) {
  const auto& axes = model.inputs[0].axes;
  std::vector<Extent> room{{axes[0].symbol, rows}};
  for (const StateSpec& state : model.states)
    if (state.memory >= 0 && state.tokens == axes[1].symbol) {
      const std::string& symbol = state.tensor.axes[std::size_t(state.memory)].symbol;
      if (std::none_of(room.begin(), room.end(), [&](const Extent& e) { return e.symbol == symbol; }))
        room.push_back({symbol, tokens});
    }
  room.insert(room.end(), others.begin(), others.end());
  return room;
}

}  // namespace

std::int64_t extentOf(const Runner& model, std::string_view symbol) {
  const auto& parameters = model.executable().signature.parameters;
  for (const auto& [name, array] : model.arguments().bound())
    for (const TensorSpec& spec : parameters)
      for (int a = 0; spec.name == name && a < spec.rank(); ++a)
        if (spec.axes[std::size_t(a)].symbol == symbol) return array.view.sizes[a];
  throw Error("axis " + std::string(symbol), "no parameter that is bound fixes its extent", "it must be known",
              "bind the weights first");
}

std::int64_t vocabularyOf(const Runner& model) {
  const AxisSpec& last = model.executable().signature.results.at(0).axes.back();
  return last.extent >= 0 ? last.extent : extentOf(model, last.symbol);
}

std::vector<Tokens> generate(Runner& model, std::span<const Tokens> prompts, const GenerateOptions& options) {
  const Signature& signature = model.executable().signature;
  const Answers answers = requireLanguageModel(signature);
  const Padding padding = answers.tokens == Answers::last ? Padding::left : options.padding;
  const std::int64_t vocabulary = vocabularyOf(model);
  requireTokens("generate", prompts, {vocabulary});
  const std::size_t rows = prompts.size();
  std::size_t longest = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    longest = std::max(longest, prompts[r].size());
    if (std::int64_t(prompts[r].size()) + options.tokens > options.positions)
      throw Error("generate: row " + std::to_string(r),
                  std::to_string(prompts[r].size()) + " tokens and " + std::to_string(options.tokens) + " more",
                  "the model's table has " + std::to_string(options.positions) + " positions", "ask for fewer");
  }
  const std::vector<Extent> room =
      roomFor(signature, std::int64_t(rows), std::int64_t(longest) + options.tokens, options.room);
  model.begin(room);

  const AnyArray counts = lengths(prompts);
  const std::span lengths_of(static_cast<const std::int32_t*>(counts.view.data), rows);
  if (padding == Padding::left) {
    std::vector<std::int32_t> before;
    for (std::int32_t length : lengths_of) before.push_back(std::int32_t(longest) - length);
    model.pad(before);
  }
  // Where the last token of each row is in a call of so many.
  Tokens at(rows);
  auto lookAt = [&](std::int64_t width, bool prompts_padded) {
    for (std::size_t r = 0; r < rows; ++r)
      at[r] = prompts_padded && padding == Padding::right ? lengths_of[r] - 1 : std::int32_t(width) - 1;
  };
  const std::int64_t column[] = {std::int64_t(rows), 1};
  std::vector<AnyArray> results(signature.results.size());
  std::vector<ArrayView> inputs, views(results.size());
  // Calls of one token write into the same memory.
  auto call = [&](const AnyArray& ids, int number) {
    inputs.assign(1, ids.view);
    if (options.others)
      for (const ArrayView& other : options.others(number)) inputs.push_back(other);
    if (answers.tokens == Answers::asked)
      inputs.insert(inputs.begin() + std::min(answers.input, inputs.size()), ArrayView(DType::i32, at.data(), column));
    model.runInto(inputs, [&](const Arguments& arguments) {
      for (std::size_t i = 0; i < results.size(); ++i) {
        const auto extents = arguments.resultExtents(int(i));
        if (!std::ranges::equal(extents, results[i].view.extents()) || !results[i].memory)
          results[i] = AnyArray(signature.results[i].dtype, extents);
        views[i] = results[i].view;
      }
      return std::span<const ArrayView>(views);
    });
    return results[0].view;
  };

  std::vector<Tokens> said(rows);
  std::vector<bool> ended(rows);
  Tokens next(rows);
  AnyArray ids = padded(prompts, padding);
  for (int n = 0; n < options.tokens; ++n) {
    lookAt(ids.view.sizes[1], n == 0);
    const ArrayView logits = call(ids, n);
    if (n == 0 && padding == Padding::right) model.rewind(lengths_of);
    const std::int64_t width = logits.rank == 3 ? logits.sizes[1] : 1;
    for (std::size_t r = 0; r < rows; ++r) {
      if (ended[r]) continue;
      const std::int64_t answer = std::int64_t(r) * width + (width > 1 ? at[r] : 0);
      const float* row = static_cast<const float*>(logits.data) + answer * vocabulary;
      next[r] = options.sample({row, std::size_t(vocabulary)}, r, std::uint64_t(n));
      ended[r] = std::find(options.stops.begin(), options.stops.end(), next[r]) != options.stops.end();
      if (ended[r]) continue;
      said[r].push_back(next[r]);
      if (options.each) options.each(r, next[r]);
    }
    if (std::all_of(ended.begin(), ended.end(), [](bool e) { return e; })) break;
    if (n == 0) ids = AnyArray(DType::i32, column);
    std::copy(next.begin(), next.end(), static_cast<std::int32_t*>(ids.view.data));
  }
  return said;
}

}  // namespace heed
