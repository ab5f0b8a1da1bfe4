// What the lessons share: one command line, and how a kernel explains itself.
//
// A lesson compiles its graphs first, so that --compile-only can stop there. Read 01_attention.cpp.
#pragma once

#include <heed/heed.h>

#include <functional>
#include <iostream>

namespace CLI {
class App;
}

namespace lesson {

struct CommandLine {
  heed::Options options;
  bool compile_only = false;
  bool check = false;
};

using Options = std::function<void(CLI::App&)>;

/// Parses --target, --dtype, --threads, --dump, --explain, --check, --compile-only and --help, and the lesson's own
/// options; exits on
/// --help and on a wrong flag.
CommandLine parse(int argc, char** argv, const char* title, const Options& own = {});

/// Runs the lesson; an error is printed to stderr and becomes exit status 1.
int guarded(int argc, char** argv, const char* title, const Options& own,
            const std::function<void(const CommandLine&)>& run);
inline int guarded(int argc, char** argv, const char* title, const std::function<void(const CommandLine&)>& run) {
  return guarded(argc, argv, title, {}, run);
}

/// Under --check: see check.h.
void check(const heed::GraphView& graph, const CommandLine& line);

/// Compiles `graph` and, under --explain, prints what became of it.
template <class G>
auto compile(const G& graph, const CommandLine& line) {
  if (line.check) check(graph, line);
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
