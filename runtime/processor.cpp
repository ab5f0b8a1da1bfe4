#include "heed/runtime/processor.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
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
  const std::string target = name.substr(0, name.find('+'));  // in how many bits weights are is no matter of the CPU's
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

}  // namespace heed
