#include "generate.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

using namespace heed;

namespace lesson {

void Text::addTo(CLI::App& app) {
  app.add_option("--tokenizer", file, "a tokenizer.json, or a folder that has one; without it, text is token ids");
}

const Tokenizer& Text::tokenizer() const {
  if (!loaded_) loaded_ = Tokenizer::load(file);
  return *loaded_;
}

Tokens Text::read(const std::string& what, const std::string& text, bool special) const {
  if (!file.empty()) return tokenizer().encode(text, {.special = special});
  Tokens ids;
  std::stringstream in(text);
  for (std::string id; std::getline(in, id, ',');) {
    std::int32_t number = 0;
    auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size())
      throw Error(what, "\"" + id + "\"", "token ids with commas between them are required",
                  what + "=1,17,42, or text and --tokenizer=FILE");
    ids.push_back(number);
  }
  return ids;
}

std::string Text::show(std::span<const std::int32_t> ids) const {
  if (!file.empty()) return tokenizer().decode(ids);
  std::string text;
  for (std::int32_t id : ids) text += std::to_string(id) + " ";
  return text;
}

void Generation::addTo(CLI::App& app) {
  checkpoint.addTo(app);
  text.addTo(app);
  app.add_option("--prompt", prompts, "text, or token ids with commas between them; again for one more row")
      ->capture_default_str();
  app.add_option("--tokens", tokens, "how many to generate")->check(whole(0, 1 << 20))->capture_default_str();
  app.add_option("--stop", stops, "a token that ends a row; by default those of config.json");
  app.add_option("--temperature", sample.temperature, "0: the likeliest token")->check(number())->capture_default_str();
  app.add_option("--top-k", sample.top_k, "of the so many likeliest tokens; 0: of all")
      ->check(whole(INT32_MIN, INT32_MAX))
      ->capture_default_str();
  app.add_option("--top-p", sample.top_p, "of the likeliest tokens that have this probability")
      ->check(number())
      ->capture_default_str();
  app.add_option("--seed", sample.seed, "of the choice")->check(whole(0, INT64_MAX))->capture_default_str();
  app.add_flag("--pad-left", left, "fill up shorter prompts on the left");
  app.add_option(
      "--logits", logits,
      "hold the texts against those of one call, and write ids, lengths and logits to this .safetensors file");
}

/// The token that config.json calls so, if it does.
static std::optional<std::int32_t> tokenOf(const Config& config, const std::string& name) {
  const auto number = config.number(name);
  if (number && !(*number >= 0 && *number < 0x1p31 && *number == std::floor(*number)))
    throw Error("config.json", name + " is " + std::to_string(*number), "a token id is required",
                "mend it, or give the token on the command line");
  return number ? std::optional(std::int32_t(*number)) : std::nullopt;
}

/// As --stop or config.json have them.
static Tokens stopsOf(const Generation& given) {
  Tokens ids;
  for (const std::string& stop : given.stops) {
    const Tokens read = given.text.read("--stop", stop, false);
    if (read.size() != 1)
      throw Error("--stop", "\"" + stop + "\" is " + std::to_string(read.size()) + " tokens", "one is required",
                  "--stop again for one more");
    ids.push_back(read[0]);
  }
  if (!given.stops.empty()) return ids;
  const Config config = Config::load(given.checkpoint.weights);
  if (auto id = tokenOf(config, "eos_token_id")) ids.push_back(*id);
  for (int n = 0; auto id = tokenOf(config, "eos_token_id." + std::to_string(n)); ++n) ids.push_back(*id);
  return ids;
}

/// What would be a pity after all the work.
static void requireWritable(const std::string& what, const std::string& path) {
  if (!path.empty() && !std::ofstream(path, std::ios::app))
    throw Error(what, "\"" + path + "\" cannot be written", "a file in a folder that is there", "name another");
}

GenerateOptions Generation::options() const {
  return {
      .tokens = tokens, .sample = sample, .stops = stopsOf(*this), .padding = left ? Padding::left : Padding::right};
}

/// There may be none.
static void requireStops(const GenerateOptions& how, const Runner& model) {
  std::vector<Tokens> rows;
  for (std::int32_t id : how.stops) rows.push_back({id});
  if (!rows.empty()) requireTokens("--stop", rows, {vocabularyOf(model)});
}

static std::vector<Tokens> behind(std::span<const Tokens> prompts, std::span<const Tokens> said) {
  std::vector<Tokens> texts(prompts.begin(), prompts.end());
  for (std::size_t r = 0; r < texts.size(); ++r) texts[r].insert(texts[r].end(), said[r].begin(), said[r].end());
  return texts;
}

/// The same texts in one call say the same: nothing was forgotten, and no row has seen another.
void Generation::inOneCall(Runner& model, std::span<const Tokens> prompts, std::span<const Tokens> said,
                           const GenerateOptions& options, Weights also) const {
  if (tokens == 0 || logits.empty()) return;
  const std::vector<Tokens> texts = behind(prompts, said);
  AnyArray ids = padded(texts), counts = lengths(texts);
  const auto& axes = model.executable().signature.inputs[0].axes;
  std::vector<Extent> room{{axes[0].symbol, ids.view.sizes[0]}, {"key", ids.view.sizes[1]}};
  room.insert(room.end(), options.room.begin(), options.room.end());
  model.begin(room);
  AnyArray asked(DType::i32, ids.view.extents());  // all tokens, each at its place
  for (std::int64_t n = 0; n < asked.view.size(); ++n)
    static_cast<std::int32_t*>(asked.view.data)[n] = std::int32_t(n % ids.view.sizes[1]);
  std::vector<ArrayView> inputs{ids.view, asked.view};
  if (options.others)
    for (const ArrayView& other : options.others(0)) inputs.push_back(other);
  AnyArray all = model.run(inputs)[0];
  const auto vocab = std::size_t(all.view.sizes[2]);
  std::size_t same = 0, count = 0;
  for (std::size_t r = 0; r < texts.size(); ++r)
    for (std::size_t n = 0; n < said[r].size(); ++n, ++count) {
      const std::size_t at = r * std::size_t(ids.view.sizes[1]) + prompts[r].size() + n - 1;
      same += sample({static_cast<const float*>(all.view.data) + at * vocab, vocab}, r, n) == said[r][n];
    }
  std::cout << "in one call: " << same << " of " << count << " the same\n";
  also.add("ids", ids);
  also.add("lengths", counts);
  also.add("logits", all);
  save(logits, also);
}

/// By the first of these.
static std::vector<Tokens> generated(std::initializer_list<Part> parts, std::span<const Tokens> prompts,
                                     const GenerateOptions& how) {
  try {
    return heed::generate(parts.begin()->model, prompts, how);
  } catch (const NoNumber&) {
    requireNumbers(parts);  // a weight, if it is one
    throw;
  }
}

void Generation::run(Runner& model, const CommandLine& line, const Published& published, std::int64_t positions) const {
  const std::int64_t before = resident();
  if (line.compile_only || !checkpoint.bind({{model, published}})) return;
  std::vector<Tokens> told;
  for (const std::string& prompt : prompts) told.push_back(text.read("--prompt", prompt));
  requireTokens("--prompt", told, {vocabularyOf(model), positions});
  requireWritable("--logits", logits);

  GenerateOptions how = options();
  requireStops(how, model);
  how.positions = positions;
  const std::vector<Tokens> said = generated({{model, published}}, told, how);
  for (const Tokens& row : behind(told, said)) std::cout << text.show(row) << '\n';
  printMemory({&model}, before);
  inOneCall(model, told, said, how);
}

void Generation::translate(const Part& encoder, const Part& decoder, const CommandLine& line,
                           std::optional<std::int32_t> start) const {
  const std::int64_t before = resident();
  if (line.compile_only || !checkpoint.bind({encoder, decoder})) return;
  std::vector<Tokens> sources;
  for (const std::string& prompt : prompts) sources.push_back(text.read("--prompt", prompt));
  requireTokens("--prompt", sources, {vocabularyOf(decoder.model)});
  requireWritable("--logits", logits);
  const AnyArray words = padded(sources), counts = lengths(sources);
  const std::vector<ArrayView> inputs{words.view, counts.view};
  const AnyArray memory = encoder.model.run(inputs)[0];
  ArrayView nothing = memory.view;  // after the first call there is no more of the source to tell
  nothing.sizes[1] = 0;

  GenerateOptions how = options();
  requireStops(how, decoder.model);
  how.others = [&](int call) { return std::vector{call == 0 ? memory.view : nothing, counts.view}; };
  how.room = {{"source_key", words.view.sizes[1]}};
  if (!start) start = tokenOf(Config::load(checkpoint.weights), "decoder_start_token_id");
  const std::vector<Tokens> begun(sources.size(), Tokens{start.value_or(0)});
  const std::vector<Tokens> said = generated({decoder, encoder}, begun, how);
  for (const Tokens& row : said) std::cout << text.show(row) << '\n';
  printMemory({&encoder.model, &decoder.model}, before);
  inOneCall(decoder.model, begun, said, how, {{"source", words}, {"source_lengths", counts}});
}

}  // namespace lesson
