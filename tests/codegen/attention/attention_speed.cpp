// One-thread speed of the attention kernel as a fraction of the FMA peak measured around it, and its compile time.
//
// usage: heed_attention_speed [--features=..] [--tile=vectors,keys,values,block].. [--depth=..] [--columns=..]
//        [--mask=none|causal|window] [--window=..] [--asm] seq...
//
// Several tiles are timed in turn, some milliseconds each, and compared with the first by the median of these ratios.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "heed/runtime/session.h"
#include "heed/tests/codegen/attention/compile_kernel.h"
#include "heed/tests/codegen/attention/kernel_case.h"

using namespace heed;
using namespace heed::testing;

static double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/// Flops per second of independent FMA chains that never leave the registers.
#define PEAK(name, bytes, chains, ...)                                                            \
  __VA_ARGS__ __attribute__((noinline)) static double name(long rounds) {                         \
    typedef float Vector __attribute__((vector_size(bytes)));                                     \
    Vector sums[chains] = {}, x = Vector{} + 1e-9f, y = Vector{} + 1.0f;                          \
    double start = now();                                                                         \
    for (long r = 0; r < rounds; ++r) _Pragma("GCC unroll 20") for (int n = 0; n < chains; ++n) { \
        sums[n] = sums[n] * y + x;                                                                \
        asm volatile("" : "+v"(sums[n]));                                                         \
      }                                                                                           \
    return 2.0 * rounds * chains * (bytes / 4) / (now() - start);                                 \
  }
PEAK(peak512, 64, 20, __attribute__((target("avx512f"), optimize("unroll-loops"))))
PEAK(peak256, 32, 12, __attribute__((target("avx2,fma"), optimize("unroll-loops"))))
PEAK(peak128, 16, 12, )

int main(int argc, char** argv) {
  std::string features, mask = "none";
  std::vector<std::string> tiles;
  int64_t depth = 64, columns = 0, window = 256;
  bool text = false, optimize = false;
  std::vector<int64_t> seqs;
  for (int n = 1; n < argc; ++n) {
    std::string word = argv[n];
    auto option = [&](const char* name) { return word.rfind(name, 0) == 0 ? word.c_str() + strlen(name) : nullptr; };
    if (auto x = option("--features="))
      features = x;
    else if (auto x = option("--mask="))
      mask = x;
    else if (auto x = option("--depth="))
      depth = atoll(x);
    else if (auto x = option("--columns="))
      columns = atoll(x);
    else if (auto x = option("--window="))
      window = atoll(x);
    else if (auto x = option("--tile="))
      tiles.push_back(x);
    else if (word == "--asm")
      text = true;
    else if (word == "--optimize")
      optimize = true;
    else
      seqs.push_back(atoll(word.c_str()));
  }
  if (seqs.empty()) seqs = {1024, 4096};
  if (columns == 0) columns = depth;
  codegen::Target target = *codegen::targetFor(features);
  if (tiles.empty()) tiles.push_back("0,0,0,0");

  KernelCase kernel;
  kernel.similar = {{{{"oh", "q", "d"}}, {{"oh", "k", "d"}}}};
  kernel.bodies = {"%p = arith.mulf %a0, %a1 : f32\ntile.yield %p : f32"};
  kernel.post = "%c = arith.constant 0.125 : f32\n%p = arith.mulf %a0, %c : f32\ntile.yield %p : f32";
  kernel.value = {{"oh", "k", "v"}};
  kernel.out = {{"oh", "q", "v"}};
  kernel.known = {{"d", depth}, {"v", columns}};
  std::string w = std::to_string(window);
  if (mask != "none") {
    kernel.keep =
        "%j = arith.index_cast %i(k) : index to i32\n%i = arith.index_cast %i(q) : index to i32\n"
        "%c = arith.cmpi sle, %j, %i : i32\n";
    kernel.classify = "%s0 = arith.cmpi sle, %a2, %a1 : index\n%f0 = arith.cmpi sle, %a3, %a0 : index\n";
    if (mask == "window") {
      kernel.keep += "%w = arith.constant " + w +
                     " : i32\n%d = arith.subi %i, %j : i32\n%e = arith.cmpi slt, %d, %w : i32\n"
                     "%b = arith.andi %c, %e : i1\ntile.yield %b : i1";
      kernel.classify += "%w = arith.constant " + w +
                         " : index\n%d0 = arith.subi %a0, %a3 : index\n%d1 = arith.subi %a1, %a2 : index\n"
                         "%s1 = arith.cmpi slt, %d0, %w : index\n%f1 = arith.cmpi slt, %d1, %w : index\n"
                         "%s = arith.andi %s0, %s1 : i1\n%f = arith.andi %f0, %f1 : i1\ntile.yield %s, %f : i1, i1";
    } else {
      kernel.keep += "tile.yield %c : i1";
      kernel.classify += "tile.yield %s0, %f0 : i1, i1";
    }
  }
  codegen::JitOptions jit{.optimize = optimize};
  jit.assemblyText = jit.llvmText = text;
  std::vector<CompiledKernel> compiled;
  for (const std::string& tile : tiles) {
    codegen::TileLowerAttentionOptions options;
    options.features = features;
    sscanf(tile.c_str(), "%d,%d,%d,%d", &options.vectors, &options.keys, &options.values, &options.block);
    compiled.push_back(compileKernel(kernel.text(), target, options, jit, text));
    auto timed = compileKernel(kernel.text(), target, options);
    double total = timed.parseMs + timed.emitMs + timed.lowerMs + timed.jitMs;
    printf("%s compile ms of processor time: %.1f = parse %.1f, emit %.1f, lower %.1f, jit %.1f\n", tile.c_str(), total,
           timed.parseMs, timed.emitMs, timed.lowerMs, timed.jitMs);
  }
  if (text) {
    fputs(compiled[0].lowered.c_str(), fopen("/tmp/kernel.mlir", "w"));
    fputs(compiled[0].code.llvm.c_str(), fopen("/tmp/kernel.ll", "w"));
    fputs(compiled[0].code.assembly.c_str(), fopen("/tmp/kernel.s", "w"));
  }
  auto peak = [&](long n) { return target.avx512 ? peak512(n) : target.fma ? peak256(n) : peak128(n); };
  Session session(1);
  for (int64_t seq : seqs) {
    Sizes sizes{{"oh", 1}, {"q", seq}, {"k", seq}, {"d", depth}, {"v", columns}};
    std::vector<Data*> data;
    std::vector<void*> arguments;
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    for (auto& operand : kernel.operands()) {
      data.push_back(new Data(operand, sizes));
      data.back()->fill([&] { return normal(random); });
      arguments.push_back(data.back()->descriptor());
    }
    double pairs = mask == "none" ? double(seq) * seq : 0;
    for (int64_t i = 0; mask != "none" && i < seq; ++i)
      pairs += mask == "causal" ? i + 1 : std::min<int64_t>(i + 1, window);
    double flops = 2.0 * pairs * (depth + columns);
    std::vector<std::vector<double>> speeds(tiles.size());
    double top = 0;
    for (int r = 0; r < 100; ++r) {
      top = std::max(top, peak(100000));
      for (size_t n = 0; n < tiles.size(); ++n) {
        double start = now();
        int runs = 0;
        do compiled[n].code.entry(&session, arguments.data()), ++runs;
        while (now() - start < 0.004);
        speeds[n].push_back(runs * flops / (now() - start));
      }
    }
    auto at = [](std::vector<double> x, double part) {
      std::sort(x.begin(), x.end());
      return x[size_t(part * double(x.size() - 1))];
    };
    printf("d%ld %s seq %ld, peak %.1f GF\n", depth, mask.c_str(), seq, top * 1e-9);
    for (size_t n = 0; n < tiles.size(); ++n) {
      std::vector<double> ratios;
      for (size_t r = 0; r < speeds[n].size(); ++r) ratios.push_back(speeds[n][r] / speeds[0][r]);
      printf("  %-14s of peak: best %.3f, 90%% %.3f, median %.3f, 10%% %.3f; beside the first %.3f\n", tiles[n].c_str(),
             at(speeds[n], 1) / top, at(speeds[n], .9) / top, at(speeds[n], .5) / top, at(speeds[n], .1) / top,
             at(ratios, .5));
    }
  }
}
