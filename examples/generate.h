// What the lessons that generate share: their options, a checkpoint of random numbers, and the loop over tokens.
//
// Invariant: a prompt goes in whole, then one token a call; the longest step is the first.
// Read 04_llama.cpp.
#pragma once

#include <heed/runtime/weights/weights.h>

#include <span>
#include <string>
#include <vector>

#include "lesson.h"

namespace lesson {

/// Token ids of "1,17,42", each below `vocab`. Throws heed::Error naming the one that is not.
std::vector<std::int32_t> parseIds(const std::string& text, std::int64_t vocab);

/// Random numbers for every parameter, norms around 1, under the names that `published` gives.
void writeRandom(const std::string& path, const heed::Signature& signature,
                 const std::function<std::string(const std::string&)>& published);

/// Throws heed::Error if no checkpoint was named.
void requireWeights(const std::string& weights);

/// The position of the largest.
std::int32_t likeliest(std::span<const float> logits);

struct Generation {
  std::string weights, random, logits, prompt = "1,17,42,7";
  int tokens = 12;

  /// --weights, --random, --prompt, --tokens and --logits.
  void addTo(CLI::App& app);

  /// Binds the checkpoint and generates, for a kernel of ids [batch, seq] that gives logits [batch, seq, vocab].
  template <class Run>
  void run(Run run, const CommandLine& line, const heed::BindOptions& published,
           const std::function<std::string(const std::string&)>& published_name) const;
};

/// The arrays that a kernel takes and gives.
template <class K>
struct TokensOf;
template <class B, class S, class V>
struct TokensOf<heed::Kernel<heed::Tensor<heed::f32, B, S, V>(heed::Tensor<heed::i32, B, S>)>> {
  using Batch = B;
  using Vocab = V;
  using Ids = heed::Array<heed::i32, B, S>;
  using Logits = heed::Array<heed::f32, B, S, V>;
};

template <class Run>
void Generation::run(Run run, const CommandLine& line, const heed::BindOptions& published,
                     const std::function<std::string(const std::string&)>& published_name) const {
  using T = TokensOf<Run>;
  using Ids = typename T::Ids;
  constexpr std::size_t vocab = std::size_t(T::Vocab::extent);
  if (line.compile_only) return;
  if (!random.empty()) return writeRandom(random, run.executable().signature, published_name);
  requireWeights(weights);
  run.bind(heed::load(weights), published);
  std::vector<std::int32_t> told = parseIds(prompt, T::Vocab::extent);

  auto idsOf = [](std::span<const std::int32_t> some) {
    Ids ids(1, std::int64_t(some.size()));
    std::copy(some.begin(), some.end(), ids.span().begin());
    return ids;
  };
  const std::int64_t room = std::int64_t(told.size()) + tokens;
  auto begin = [&] { run.begin({heed::extent<typename T::Batch>(1), {"key", room}}); };
  begin();
  std::span<const std::int32_t> next = told;
  std::vector<std::int32_t> last;
  for (int n = 0; n < tokens; ++n) {
    typename T::Logits out = run(idsOf(n == 0 ? std::span<const std::int32_t>(told) : std::span(&told.back(), 1)));
    told.push_back(likeliest(std::span<const float>(out.span()).last(vocab)));
  }
  for (std::int32_t id : told) std::cout << id << ' ';
  std::cout << '\n';

  // The same tokens in one call say the same: nothing was forgotten or mixed up.
  begin();
  typename T::Logits once = run(idsOf(told));
  int same = 0;
  for (std::size_t at = told.size() - std::size_t(tokens); at < told.size(); ++at)
    same += likeliest(std::span<const float>(once.span()).subspan((at - 1) * vocab, vocab)) == told[at];
  std::cout << "in one call: " << same << " of " << tokens << " the same\n";
  if (!logits.empty()) {
    Ids ids = idsOf(told);
    heed::save(logits, heed::Weights{{"ids", ids.any()}, {"logits", once.any()}});
  }
}

}  // namespace lesson
