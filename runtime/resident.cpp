#include "heed/runtime/resident.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace heed {

// /proc/self/pagemap has a word for each page of the address space, bit 63 of which says that it is in memory, bit 62
// that it is swapped out (Linux, Documentation/admin-guide/mm/pagemap.rst).
std::int64_t residentBytes(const ByteRange& range) {
  const auto whole = static_cast<std::int64_t>(range.end - range.begin);
  const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return whole;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  std::vector<std::uint64_t> words(4096);
  std::int64_t bytes = 0;
  for (std::uintptr_t next = range.begin / page; next * page < range.end;) {
    const std::size_t left = (range.end - 1) / page + 1 - next, count = std::min(left, words.size());
    const ssize_t got = ::pread(file, words.data(), count * 8, static_cast<off_t>(next * 8));
    if (got < 8) {
      ::close(file);
      return whole;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(got) / 8; ++i, ++next)
      if (words[i] >> 63)
        bytes += static_cast<std::int64_t>(std::min(range.end, (next + 1) * page) - std::max(range.begin, next * page));
  }
  ::close(file);
  return bytes;
}

}  // namespace heed
