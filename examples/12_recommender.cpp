// Lesson 12: a recommender. A user attends to the items of their past, and what comes out is held against all items.
// Nobody is too new: a user without a past attends to nothing, which gives 0.
//
//   12_recommender --random=tiny.safetensors
//   12_recommender --weights=tiny.safetensors --user=3 --past=5,17,42 --user=8 --past "" --top=4
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seen : axis<"seen"> {};  // the items of a user's past
struct User : axis<"user"> {};  // as many users and items as the weights have
struct Item : axis<"item"> {};
struct Model : axis<"model", 32> {};
struct Heads : axis<"heads", 2> {};
struct Depth : part<Model, Heads, "depth"> {};

/// The item-level attention of Chen et al., Attentive Collaborative Filtering (SIGIR 2017), with dot products and
/// heads.
struct Recommender {
  nn::Embedding<User, Model> user_embedding;
  nn::Embedding<Item, Model> item_embedding;
  nn::Linear<Model, axes<Heads, Depth>> q_proj, k_proj, v_proj;
  nn::Linear<axes<Heads, Depth>, Model> out_proj;
  Tensor<f32, Item> item_bias;

  constexpr Tensor<f32, Batch, Item> operator()(Tensor<i32, Batch> user, Tensor<i32, Batch, Seen> past,
                                                Tensor<i32, Batch> lengths) const {
    auto who = user_embedding(user);
    auto items = item_embedding(past);
    auto scores = contract<Depth>(q_proj(who), k_proj(items)) * rsqrt(Depth::size);
    auto liked = nn::attend<Seen>(where(variants::padding<Seen>(lengths), scores, -inf), v_proj(items));
    return item_embedding.logits(who + out_proj(liked)) + item_bias;
  }
};
constexpr auto graph = trace(Recommender{}, "user", "past", "lengths");

int main(int argc, char** argv) {
  lesson::Checkpoint checkpoint;
  std::vector<std::int32_t> users;
  std::vector<std::string> pasts;
  std::string scores_to;
  int top = 3;
  auto options = [&](CLI::App& app) {
    checkpoint.addTo(app);
    app.add_option("--user", users, "the number of a user; again for one more")
        ->check(lesson::whole(INT32_MIN, INT32_MAX));
    app.add_option("--past", pasts, "the items of that user's past, with commas between them");
    app.add_option("--top", top, "how many items to recommend")
        ->check(lesson::whole(1, 1 << 20))
        ->capture_default_str();
    app.add_option("--scores", scores_to, "write users, pasts, lengths and scores to this .safetensors file");
  };
  return lesson::guarded(argc, argv, "A recommender", options, [&](const lesson::CommandLine& line) {
    auto run = lesson::compile(graph, line);
    const std::int64_t before = lesson::resident();
    if (line.compile_only || !checkpoint.bind({{run.runner(), {}}})) return;
    if (users.empty() && pasts.empty()) users = {3, 8}, pasts = {"5,17,42", ""};
    if (users.size() != pasts.size())
      throw Error("--past", std::to_string(pasts.size()) + " given", "one for each --user is required",
                  "--past \"\" for a user without a past");

    std::vector<Tokens> rows;
    for (const std::string& past : pasts) rows.push_back(lesson::Text{}.read("--past", past));
    const std::int64_t items = extentOf(run.runner(), "item");
    requireTokens("--past", rows, {.vocabulary = items, .least = 0});
    const Tokens given[] = {users};
    requireTokens("--user", given, {extentOf(run.runner(), "user")});

    Array<i32, Batch> who(std::int64_t(users.size()));
    std::copy(users.begin(), users.end(), who.span().begin());
    Array<i32, Batch, Seen> past = padded<Batch, Seen>(rows);
    Array<i32, Batch> counts = lengths<Batch>(rows);
    Array<f32, Batch, Item> scores = run(who, past, counts);
    lesson::requireNumbers("scores", scores.any(), {{run.runner(), {}}});
    for (int b = 0; b < int(users.size()); ++b) {
      std::vector<std::int32_t> order(static_cast<std::size_t>(items));
      std::iota(order.begin(), order.end(), 0);
      std::erase_if(order, [&](std::int32_t item) { return std::ranges::count(rows[std::size_t(b)], item) > 0; });
      std::stable_sort(order.begin(), order.end(), [&](int l, int r) { return scores(b, l) > scores(b, r); });
      std::printf("user %d:", users[std::size_t(b)]);
      for (std::size_t n = 0; n < std::min(order.size(), std::size_t(top)); ++n)
        std::printf(" item %d (%.3f)", order[n], scores(b, order[n]));
      std::printf("\n");
    }
    lesson::printMemory({&run.runner()}, before);
    if (!scores_to.empty())
      save(scores_to,
           Weights{{"user", who.any()}, {"past", past.any()}, {"lengths", counts.any()}, {"scores", scores.any()}});
  });
}
