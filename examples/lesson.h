// What the lessons share: one command line, and how a kernel explains itself.
//
// A lesson compiles its graphs first, so that --compile-only can stop there. Read 01_attention.cpp.
#pragma once

#include <heed/heed.h>

#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace lesson {

struct CommandLine {
  heed::Options options;
  bool compile_only = false;
  bool check = false;
};

using Options = std::function<void(CLI::App&)>;

/// Parses --target, --dtype, --threads, --dump, --explain, --check, --compile-only and --help, and the lesson's own
/// options; exits on --help. Throws heed::Error for what it cannot read.
CommandLine parse(int argc, char** argv, const char* title, const Options& own = {});

/// For ->check(): the option is one of these words, a whole number from `least` to `most`, or a number.
CLI::Validator oneOf(const std::vector<std::string>& words);
CLI::Validator whole(std::int64_t least, std::int64_t most);
CLI::Validator number();

/// Runs the lesson; an error is printed to stderr and becomes exit status 1.
int guarded(int argc, char** argv, const char* title, const Options& own,
            const std::function<void(const CommandLine&)>& run);
inline int guarded(int argc, char** argv, const char* title, const std::function<void(const CommandLine&)>& run) {
  return guarded(argc, argv, title, {}, run);
}

/// --check: compares at two sizes, twelve times each, in f32, bf16 and f16, and prints the errors. Throws heed::Error
/// where f32 is off by more than 1e-4 of the largest number, or where the mean error of bf16 or f16, or the largest of
/// a call, in the mean over calls, is more than 1.1 x that of the model evaluated op by op. norms: what the weights of
/// norms are around, 0 where the model adds 1 to them. In check.cpp.
void check(const heed::GraphView& graph, const CommandLine& line, float norms);

/// Compiles `graph` and, under --explain, prints what became of it. norms: for check().
template <class G>
auto compile(const G& graph, const CommandLine& line, float norms = 1) {
  if (line.check) check(graph, line, norms);
  auto kernel = heed::jit(graph, line.options);
  if (line.options.explain) std::cout << kernel.executable().explanation << '\n';
  return kernel;
}

/// Numbers from -1 to 1 that look random and are the same everywhere.
template <class A>
A filled(A array, unsigned seed) {
  for (float& x : array.span()) {
    seed = seed * 1664525u + 1013904223u;
    x = float(seed >> 8) * 0x1p-23f - 1;
  }
  return array;
}

}  // namespace lesson
