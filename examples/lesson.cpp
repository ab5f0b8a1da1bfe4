#include "lesson.h"

#include <CLI/CLI.hpp>

namespace lesson {

CommandLine parse(int argc, char** argv, const char* title, const Options& own) {
  CommandLine line;
  std::string target = "cpu", dtype = "f32";
  CLI::App app(title);
  app.add_option("--target", target, "cpu, cpu:avx512bf16, cpu:avx512, cpu:avx2, cpu:baseline or cuda:sm_80, ...")
      ->capture_default_str();
  app.add_option("--dtype", dtype, "what the model is kept in: f32, bf16 or f16")
      ->check(CLI::IsMember({"f32", "bf16", "f16"}))
      ->capture_default_str();
  app.add_option("--threads", line.options.threads, "threads to run on; 0: all")->check(CLI::Range(0, 4096));
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
    std::exit(app.exit(error) == 0 ? 0 : 1);
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
