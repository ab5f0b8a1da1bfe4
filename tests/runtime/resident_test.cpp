// Pages that were read or written are in memory, others are not.
#include "heed/runtime/resident.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace heed {
namespace {

TEST(Resident, CountsThePagesThatWereTouched) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t pages = 1 << 13;  // more than are asked for at once
  void* memory = ::mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, pages * page, MADV_NOHUGEPAGE);
  auto* bytes = static_cast<char*>(memory);
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes);
  EXPECT_EQ(residentBytes({begin, begin + pages * page}), 0);
  for (std::size_t n : {std::size_t{3}, std::size_t{4}, pages - 1}) bytes[n * page + 7] = 1;
  EXPECT_EQ(residentBytes({begin, begin + pages * page}), std::int64_t(3 * page));
  EXPECT_EQ(residentBytes({begin + 3 * page + 10, begin + 4 * page + 30}), std::int64_t(page + 20));
  EXPECT_EQ(residentBytes({begin, begin}), 0);
  ::munmap(memory, pages * page);
}

}  // namespace
}  // namespace heed
