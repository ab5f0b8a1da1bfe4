#include "peak.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <thread>
#include <vector>

namespace heed::bench {

double now(int threads) {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// Twelve independent accumulators hide a latency of 4 to 5 cycles at two operations a cycle.
#define HEED_EACH_REGISTER(op, w) \
  op(w, 0) op(w, 1) op(w, 2) op(w, 3) op(w, 4) op(w, 5) op(w, 6) op(w, 7) op(w, 8) op(w, 9) op(w, 10) op(w, 11)
#define HEED_CLEAR(w, i) "vxorps %%" w #i ", %%" w #i ", %%" w #i "\n"
#define HEED_CLEAR512(w, i) "vpxord %%" w #i ", %%" w #i ", %%" w #i "\n"
#define HEED_FMA(w, i) "vfmadd231ps %%" w "12, %%" w "13, %%" w #i "\n"
#define HEED_CLOBBERS                                                                                                 \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
      "cc"

static constexpr int registers = 12;

#define HEED_DOT(w, i) "vdpbf16ps %%" w "12, %%" w "13, %%" w #i "\n"
static void avx512bf16(std::int64_t rounds) {
  asm volatile(HEED_EACH_REGISTER(HEED_CLEAR512, "zmm") HEED_CLEAR512("zmm", 12) HEED_CLEAR512(
                   "zmm", 13) ".p2align 5\n1:\n" HEED_EACH_REGISTER(HEED_DOT, "zmm") "dec %0\n jnz 1b\n vzeroupper\n"
               : "+r"(rounds)::HEED_CLOBBERS);
}

struct Matrices {
  std::uint8_t palette = 1, start = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Four sums hide the latency of 52 cycles: a product takes 16.
static void amx(std::int64_t rounds) {
  Matrices shapes;
  asm volatile(
      "ldtilecfg %1\n tilezero %%tmm0\n tilezero %%tmm1\n tilezero %%tmm2\n tilezero %%tmm3\n"
      "tilezero %%tmm4\n tilezero %%tmm5\n tilezero %%tmm6\n tilezero %%tmm7\n"
      ".p2align 5\n1:\n"
      "tdpbf16ps %%tmm6, %%tmm4, %%tmm0\n tdpbf16ps %%tmm7, %%tmm4, %%tmm1\n"
      "tdpbf16ps %%tmm6, %%tmm5, %%tmm2\n tdpbf16ps %%tmm7, %%tmm5, %%tmm3\n"
      "dec %0\n jnz 1b\n tilerelease\n"
      : "+r"(rounds)
      : "m"(shapes)
      : "cc");
}

/// The same of four matrices that are read each round. Zeros would take less power, and the clock would be higher.
static void amxTile(std::int64_t rounds) {
  alignas(64) std::uint16_t numbers[4 * 16 * 32];
  for (std::uint32_t n = 0, any = 1; n < std::size(numbers); ++n, any = any * 1664525 + 1013904223)
    numbers[n] = std::uint16_t(0x3f00 | (any >> 24 & 0x7f) | (any >> 8 & 0x8000));  // of +-[.5, 1)
  Matrices shapes;
  asm volatile(
      "ldtilecfg %1\n tilezero %%tmm0\n tilezero %%tmm1\n tilezero %%tmm2\n tilezero %%tmm3\n mov $64, %%ecx\n"
      ".p2align 5\n1:\n"
      "tileloadd (%2,%%rcx), %%tmm4\n tileloadd 1024(%2,%%rcx), %%tmm6\n"
      "tdpbf16ps %%tmm6, %%tmm4, %%tmm0\n tileloadd 2048(%2,%%rcx), %%tmm7\n tdpbf16ps %%tmm7, %%tmm4, %%tmm1\n"
      "tileloadd 3072(%2,%%rcx), %%tmm5\n tdpbf16ps %%tmm6, %%tmm5, %%tmm2\n tdpbf16ps %%tmm7, %%tmm5, %%tmm3\n"
      "dec %0\n jnz 1b\n tilerelease\n"
      : "+r"(rounds)
      : "m"(shapes), "r"(numbers)
      : "rcx", "cc", "memory");
}

static void avx512(std::int64_t rounds) {
  asm volatile(HEED_EACH_REGISTER(HEED_CLEAR512, "zmm") HEED_CLEAR512("zmm", 12) HEED_CLEAR512(
                   "zmm", 13) ".p2align 5\n1:\n" HEED_EACH_REGISTER(HEED_FMA, "zmm") "dec %0\n jnz 1b\n vzeroupper\n"
               : "+r"(rounds)::HEED_CLOBBERS);
}

static void avx2(std::int64_t rounds) {
  asm volatile(HEED_EACH_REGISTER(HEED_CLEAR, "ymm") HEED_CLEAR("ymm", 12) HEED_CLEAR(
                   "ymm", 13) ".p2align 5\n1:\n" HEED_EACH_REGISTER(HEED_FMA, "ymm") "dec %0\n jnz 1b\n vzeroupper\n"
               : "+r"(rounds)::HEED_CLOBBERS);
}

// Without FMA the limit is one addition and one multiplication, each on its own port where there are two.
#define HEED_ZERO(w, i) "xorps %%xmm" #i ", %%xmm" #i "\n"
static void baseline(std::int64_t rounds) {
  asm volatile(HEED_EACH_REGISTER(HEED_ZERO, "") "xorps %%xmm12, %%xmm12\n"
               ".p2align 5\n1:\n"
               "mulps %%xmm12, %%xmm0\n addps %%xmm12, %%xmm1\n mulps %%xmm12, %%xmm2\n addps %%xmm12, %%xmm3\n"
               "mulps %%xmm12, %%xmm4\n addps %%xmm12, %%xmm5\n mulps %%xmm12, %%xmm6\n addps %%xmm12, %%xmm7\n"
               "mulps %%xmm12, %%xmm8\n addps %%xmm12, %%xmm9\n mulps %%xmm12, %%xmm10\n addps %%xmm12, %%xmm11\n"
               "dec %0\n jnz 1b\n"
               : "+r"(rounds)::HEED_CLOBBERS);
}

/// Seconds that `threads` threads take, from when all are there until all are done. They are new ones each time:
/// threads that wait for the next time would take the cores from whoever runs in between.
template <class Body>
static double together(int threads, Body body) {
  std::atomic<int> there{1};
  std::atomic<bool> go{false};
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t)
    others.emplace_back([&, t] {
      ++there;
      while (!go) {
      }
      body(t);
    });
  while (there < threads) {
  }
  double start = now(threads);
  go = true;
  body(0);
  for (std::thread& thread : others) thread.join();
  return now(threads) - start;
}

/// Gflop/s of a loop with so many flops a round.
static double peak(void (*loop)(std::int64_t), double flops, int threads, double seconds) {
  std::int64_t rounds = 20000;
  auto run = [&](std::int64_t n) { return together(threads, [&](int) { loop(n); }); };
  // On a busy machine some runs are interrupted: the quickest of several tells how long the others should be, and the
  // limit is the best that was seen.
  double once = run(rounds);
  for (int n = 0; n < 4; ++n) once = std::min(once, run(rounds));
  rounds = std::max(rounds, std::int64_t(double(rounds) * seconds / 2 / std::max(once, 1e-6)) + 1);
  double best = run(rounds);
  return flops * double(rounds) * threads / std::min(best, run(rounds)) * 1e-9;
}

double fmaPeak(const std::string& isa, int threads, double seconds) {
  if (isa.starts_with("avx512") || isa.starts_with("amx")) return peak(avx512, registers * 32., threads, seconds);
  return isa.starts_with("avx2") ? peak(avx2, registers * 16., threads, seconds)
                                 : peak(baseline, registers * 4., threads, seconds);
}

#define HEED_FMA3(broadcast, x, y, z)                                                                          \
  "vfmadd231ps %%zmm24, %%zmm" #broadcast ", %%zmm" #x "\n vfmadd231ps %%zmm25, %%zmm" #broadcast ", %%zmm" #y \
  "\n"                                                                                                         \
  "vfmadd231ps %%zmm26, %%zmm" #broadcast ", %%zmm" #z "\n"
#define HEED_PAIR_OF_ROWS(at, next, a, b, c, d, e, f)                                \
  "vbroadcastss " #at "(%1), %%zmm27\n" HEED_FMA3(27, a, b, c) "vbroadcastss " #next \
                                                               "(%1), %%zmm28\n" HEED_FMA3(28, d, e, f)
#define HEED_CLEAR_ALSO(i) HEED_CLEAR512("zmm", i)

static void tile512(std::int64_t rounds) {
  alignas(64) static float numbers[64];
  asm volatile(HEED_EACH_REGISTER(HEED_CLEAR512, "zmm") HEED_CLEAR_ALSO(12) HEED_CLEAR_ALSO(13) HEED_CLEAR_ALSO(14)
                   HEED_CLEAR_ALSO(15) HEED_CLEAR_ALSO(16) HEED_CLEAR_ALSO(17) HEED_CLEAR_ALSO(18) HEED_CLEAR_ALSO(19)
                       HEED_CLEAR_ALSO(20) HEED_CLEAR_ALSO(21) HEED_CLEAR_ALSO(22) HEED_CLEAR_ALSO(23)
               ".p2align 5\n1:\n"
               "vmovups (%1), %%zmm24\n vmovups 64(%1), %%zmm25\n vmovups 128(%1), %%zmm26\n"
               HEED_PAIR_OF_ROWS(192, 196, 0, 1, 2, 3, 4, 5) HEED_PAIR_OF_ROWS(200, 204, 6, 7, 8, 9, 10, 11)
               HEED_PAIR_OF_ROWS(208, 212, 12, 13, 14, 15, 16, 17) HEED_PAIR_OF_ROWS(216, 220, 18, 19, 20, 21, 22, 23)
               "dec %0\n jnz 1b\n vzeroupper\n"
               : "+r"(rounds)
               : "r"(numbers)
               : HEED_CLOBBERS, "xmm14", "xmm15", "memory");  // there are no others in code for any CPU
}

double tilePeak(const std::string& isa, int threads, double seconds) {
  const bool wide = isa.starts_with("avx512") || isa.starts_with("amx");
  return wide ? peak(tile512, 24 * 32., threads, seconds) : 0;
}

double bf16TilePeak(const std::string& isa, int threads, double seconds) {
  return isa.starts_with("amx") ? peak(amxTile, 4 * 2. * 16 * 16 * 32, threads, seconds) : 0;
}

double bf16Peak(const std::string& isa, int threads, double seconds) {
  if (isa.starts_with("amx")) return peak(amx, 4 * 2. * 16 * 16 * 32, threads, seconds);
  double f32 = fmaPeak(isa, threads, seconds);
  return isa.starts_with("avx512bf16") ? std::max(f32, peak(avx512bf16, registers * 64., threads, seconds)) : f32;
}

/// Eight lines a round, each one load of every line's vector; what is read is dropped.
static void readLines(const char* from, const char* to) {
  for (; from < to; from += 512) {
    asm volatile(
        "prefetcht0 2048(%0)\n prefetcht0 2112(%0)\n prefetcht0 2176(%0)\n prefetcht0 2240(%0)\n"
        "prefetcht0 2304(%0)\n prefetcht0 2368(%0)\n prefetcht0 2432(%0)\n prefetcht0 2496(%0)\n"
        "movups (%0), %%xmm0\n movups 64(%0), %%xmm1\n movups 128(%0), %%xmm2\n movups 192(%0), %%xmm3\n"
        "movups 256(%0), %%xmm4\n movups 320(%0), %%xmm5\n movups 384(%0), %%xmm6\n movups 448(%0), %%xmm7\n"
        :
        : "r"(from)
        : HEED_CLOBBERS);
  }
}

/// Eight lines a round, by stores that go through the caches or past them.
static void copyLines(const char* from, const char* to, char* into, bool past) {
  if (past)
    for (; from < to; from += 512, into += 512)
      for (int line = 0; line < 512; line += 64)
        asm volatile(
            "movups (%0), %%xmm0\n movups 16(%0), %%xmm1\n movups 32(%0), %%xmm2\n movups 48(%0), %%xmm3\n"
            "movntps %%xmm0, (%1)\n movntps %%xmm1, 16(%1)\n movntps %%xmm2, 32(%1)\n movntps %%xmm3, 48(%1)\n"
            :
            : "r"(from + line), "r"(into + line)
            : "xmm0", "xmm1", "xmm2", "xmm3", "memory");
  else
    std::memcpy(into, from, std::size_t(to - from));
}

/// GB/s, the best of some passes: work(thread, bytes) does each thread's part of them.
template <class Work>
static double throughput(std::int64_t bytes, int threads, double seconds, Work work) {
  bytes = bytes / 512 / threads * 512;  // of each thread
  double best = 0, begin = now(2);
  do {
    int times = int(std::max<std::int64_t>(1, (std::int64_t{1} << 22) / std::max<std::int64_t>(bytes, 1)));
    double time = together(threads, [&](int thread) {
      for (int n = 0; n < times; ++n) work(thread * bytes, bytes);
    });
    best = std::max(best, double(bytes) * threads * times / time * 1e-9);
  } while (now(2) - begin < seconds);
  return best;
}

double readBandwidth(const void* data, std::int64_t bytes, int threads, double seconds) {
  return throughput(bytes, threads, seconds, [&](std::int64_t at, std::int64_t count) {
    const char* from = static_cast<const char*>(data) + at;
    readLines(from, from + count);
  });
}

double copyBandwidth(const void* from, void* to, std::int64_t bytes, int threads, double seconds) {
  auto rate = [&](bool past) {
    return 2 * throughput(bytes, threads, seconds / 2, [&](std::int64_t at, std::int64_t count) {
             const char* start = static_cast<const char*>(from) + at;
             copyLines(start, start + count, static_cast<char*>(to) + at, past);
           });
  };
  return std::max(rate(false), rate(true));
}

}  // namespace heed::bench
