// How much of the FMA peak a matrix product reaches, with the peak measured in the same process, interleaved.
#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "heed/tests/codegen/jit/compile_text.h"

using namespace heed;
using namespace heed::testing;

static double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/// Multiply-adds per second of registers alone, in GF.
__attribute__((target("avx512f"), optimize("O3"))) static double peak() {
  constexpr long steps = 1000000;
  __m512 sums[24], x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(1e-7f);
  for (auto& sum : sums) sum = _mm512_set1_ps(1);
  double start = now();
  for (long n = 0; n < steps; ++n) {
#pragma GCC unroll 24
    for (auto& sum : sums) sum = _mm512_fmadd_ps(sum, x, y);
  }
  double seconds = now() - start;
  __m512 all = sums[0];
  for (auto& sum : sums) all = _mm512_add_ps(all, sum);
  volatile float keep = _mm512_reduce_add_ps(all);
  (void)keep;
  return 2.0 * 16 * 24 * steps / seconds * 1e-9;
}

int main() {
  if (!codegen::targetFor()->avx512) return std::puts("needs AVX-512: the peak is measured with it"), 0;
  for (const char* rhs : {"(k, n)", "(n, k)"}) {
    std::string map(rhs), type = "memref<?x?xf32, strided<[?, 1]>>";
    CompiledText run("func.func @main(%a: " + type + ", %b: " + type + ", %c: " + type + R"() {
        "tile.contract"(%a, %b, %c) <{roles = ["row", "column", "depth"],
            indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> )" +
                     map + R"(>, affine_map<(m, n, k) -> (m, n)>]}> ({}) : ()" + type + ", " + type + ", " + type +
                     ") -> () return }");
    std::printf("rhs %s: translate %.0f, generate %.0f, link %.0f ms\n", rhs, run.code.times.translate,
                run.code.times.generate, run.code.times.link);
    Session session(1);
    for (auto [m, n, k] : {std::array{64, 64, 64},
                           {256, 256, 256},
                           {512, 512, 512},
                           {1024, 1024, 1024},
                           {2048, 2048, 2048},
                           {384, 1536, 384},
                           {384, 384, 1536},
                           {1000, 1000, 1000}}) {
      Tensor<float> a({m, k}), b(map == "(k, n)" ? std::vector<std::int64_t>{k, n} : std::vector<std::int64_t>{n, k}),
          c({m, n});
      std::vector<double> fractions;
      for (int turn = 0; turn < 9; ++turn) {
        int repeats = std::max(1.0, 2e8 / (double(m) * n * k));
        void* arguments[] = {a.descriptor(), b.descriptor(), c.descriptor()};
        double limit = peak(), start = now();
        for (int r = 0; r < repeats; ++r) run.code.entry(&session, arguments);
        fractions.push_back(2.0 * m * n * k * repeats / (now() - start) * 1e-9 / limit);
      }
      std::sort(fractions.begin(), fractions.end());
      std::printf("  %4d x %4d x %4d: %.3f of peak\n", m, n, k, fractions[4]);
    }
  }
}
