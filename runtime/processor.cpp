#include "heed/runtime/processor.h"

#include <unistd.h>

#include <algorithm>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#endif

namespace heed {

#if defined(__x86_64__)

/// Linux saves the 8 KiB of matrix registers only for processes that have said they use them: documentation of the
/// kernel, "Using XSTATE features in user space applications".
static bool grantsMatrices() {
#if defined(__linux__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  static const bool granted = syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  return granted;
#else
  return false;
#endif
}

bool processorRuns(const std::string& name) {
  const std::string target = name.substr(0, name.find('+'));  // bits of weights and tiles are no matter of the CPU's
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  const bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  if (target == "cpu:avx2") return avx2;
  if (target == "cpu:avx512") return avx512;
  if (target == "cpu:avx512bf16") return bf16;
  if (target == "cpu:amx")
    return bf16 && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && grantsMatrices();
  return target == "cpu:baseline";
}

#else

bool processorRuns(const std::string& name) { return name.substr(0, name.find('+')) == "cpu:baseline"; }

#endif

std::string processorName() {
  std::string name;
#if defined(__x86_64__)
  unsigned part[4];
  for (unsigned leaf : {0x80000002u, 0x80000003u, 0x80000004u})
    if (__get_cpuid(leaf, &part[0], &part[1], &part[2], &part[3]))
      name.append(reinterpret_cast<const char*>(part), sizeof part);
  name.resize(std::min(name.find('\0'), name.size()));
  if (__get_cpuid(1, &part[0], &part[1], &part[2], &part[3])) {
    auto bits = [&](int from, int count) { return part[0] >> from & ((1u << count) - 1); };
    const unsigned family = bits(8, 4) + (bits(8, 4) == 15 ? bits(20, 8) : 0), model = bits(16, 4) << 4 | bits(4, 4);
    name += ", family " + std::to_string(family) + " model " + std::to_string(model);
  }
#endif
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  for (int cache : {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE})
    name += ", " + std::to_string(sysconf(cache) / 1024) + " KiB";
#endif
  return name;
}

}  // namespace heed
