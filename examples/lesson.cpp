#include "lesson.h"

#include <heed/runtime/weights/names.h>

#include <CLI/CLI.hpp>
#include <charconv>

namespace lesson {

static std::string wrong(const std::string& given, const std::string& required) {
  return heed::shown(given) + "; " + required + " is required; see --help";
}

CLI::Validator oneOf(const std::vector<std::string>& words) {
  std::string list, alternatives;
  for (std::size_t n = 0; n < words.size(); ++n) {
    list += (n ? "," : "") + words[n];
    alternatives += (n == 0 ? "" : n + 1 == words.size() ? " or " : ", ") + words[n];
  }
  return CLI::Validator(
      [=](std::string& given) { return std::ranges::count(words, given) ? "" : wrong(given, alternatives); },
      "{" + list + "}");
}

template <class N>
static bool isNumber(const std::string& text, N least, N most) {
  N number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !(number < least) && !(number > most);
}

CLI::Validator whole(std::int64_t least, std::int64_t most) {
  const std::string range = "from " + std::to_string(least) + " to " + std::to_string(most);
  return CLI::Validator(
      [=](std::string& given) { return isNumber(given, least, most) ? "" : wrong(given, "a whole number " + range); },
      range);
}

CLI::Validator number() {
  return CLI::Validator(
      [](std::string& given) { return isNumber(given, -INFINITY, INFINITY) ? "" : wrong(given, "a number"); }, "");
}

/// What CLI11 says, as all errors read.
static heed::Error inOurWords(const CLI::ParseError& error, const CLI::App& app) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ValidationError*>(&error)) return heed::Error(text);
  const std::string help = "see --help";
  if (const auto* extra = dynamic_cast<const CLI::ExtrasError*>(&error))
    return {"command line", heed::shown(extra->what() + text.rfind(' ') + 1), "it has no such option", help};
  const std::string name = text.substr(0, text.find(':'));
  const auto* option = app.get_option_no_throw(name);
  if (!option) return heed::Error("command line: " + text + "; " + help);
  const std::size_t count = option->count();
  return {name, count == 0 ? "no value" : std::to_string(count) + " values", "one is required", help};
}

CommandLine parse(int argc, char** argv, const char* title, const Options& own) {
  CommandLine line;
  std::string target = "cpu", dtype = "f32";
  CLI::App app(title);
  app.add_option("--target", target,
                 "cpu, cpu:amx, cpu:avx512bf16, cpu:avx512, cpu:avx2, cpu:baseline, cpu+int8, cpu+int4, or cuda:sm_80, "
                 "cuda:sm_80+tf32, ...")
      ->capture_default_str();
  app.add_option("--dtype", dtype, "what the model is kept in: f32, bf16 or f16")
      ->check(oneOf({"f32", "bf16", "f16"}))
      ->capture_default_str();
  app.add_option("--threads", line.options.threads, "threads to run on; all, where it is not given")
      ->check(whole(1, 4096));
  app.add_option("--dump", line.options.dump, "folder for the IR of each stage");
  app.add_flag("--explain", line.options.explain, "say which kernels were formed, and what did not fuse");
  app.add_flag("--check", line.check, "compare with the f64 reference, in f32, bf16 and f16, and run nothing else");
  app.add_flag("--compile-only", line.compile_only, "compile for the target, run nothing");
  if (own) own(app);
  // "--prompt=" is an empty text, and takes nothing of what follows.
  std::vector<std::string> words;  // the last one first
  for (int n = argc - 1; n > 0; --n) {
    std::string word = argv[n];
    const bool empty = word.starts_with("--") && word.ends_with("=");
    if (empty) words.push_back(""), word.pop_back();
    words.push_back(word);
  }
  try {
    app.parse(std::move(words));
    line.options.target = heed::parseTarget(target);
    line.compile_only |= line.check;
    if (dtype != "f32") line.options.element = dtype == "bf16" ? heed::DType::bf16 : heed::DType::f16;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) std::exit(app.exit(error));
    throw inOurWords(error, app);
  }
  return line;
}

int guarded(int argc, char** argv, const char* title, const Options& own,
            const std::function<void(const CommandLine&)>& run) {
  try {
    run(parse(argc, argv, title, own));
    return 0;
  } catch (const heed::Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace lesson
