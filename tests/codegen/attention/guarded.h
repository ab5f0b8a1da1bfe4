// Memory flush against a page that may not be touched: reading or writing past its end stops the test.
//
// `atEnd` false puts it right behind such a page instead, for what is read before the start.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>

namespace heed::testing {

class GuardedMemory {
 public:
  explicit GuardedMemory(std::size_t bytes, bool atEnd = true) {
    std::size_t page = ::sysconf(_SC_PAGESIZE);
    length_ = (bytes + page - 1) / page * page + 2 * page;
    start_ = static_cast<char*>(::mmap(nullptr, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    if (length_ > 2 * page) ::mprotect(start_ + page, length_ - 2 * page, PROT_READ | PROT_WRITE);
    data_ = atEnd ? start_ + length_ - page - bytes : start_ + page;
  }
  ~GuardedMemory() { ::munmap(start_, length_); }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  void* data() const { return data_; }

 private:
  std::size_t length_;
  char *start_, *data_;
};

}  // namespace heed::testing
