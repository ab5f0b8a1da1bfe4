#include "heed/runtime/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

namespace heed {

void* reserve(std::int64_t bytes, std::size_t alignment) {
  constexpr std::int64_t large = std::int64_t{1} << 21;
  const bool much = bytes >= 2 * large;
  void* memory = nullptr;
  if (posix_memalign(&memory, std::max(alignment, much ? std::size_t{large} : alignment), bytes)) return nullptr;
  if (much) ::madvise(memory, bytes, MADV_HUGEPAGE);  // advice: whether it is taken or not
  return memory;
}

}  // namespace heed
