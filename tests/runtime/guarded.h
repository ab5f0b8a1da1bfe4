// Arrays between pages that must not be touched: a read or write one byte outside ends the test with SIGSEGV.
//
// Invariant: against `high`, the byte after the last element is on a guard page; against `low`, the byte before the
// first is. The memory between an array and its other guard page holds 0xa5, and is checked when the array goes. Read
// guarded_test.cpp. Other rooms' tests include this to catch generated code that reads out of bounds.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "heed/runtime/array.h"

namespace heed::testing {

enum class Against { low, high };
enum class Access { read, write };

class GuardedPages {
 public:
  GuardedPages(std::int64_t bytes, Against against) : bytes_(bytes) {
    const std::int64_t page = sysconf(_SC_PAGESIZE);
    inner_ = (bytes + page - 1) / page * page;
    whole_ = inner_ + 2 * page;
    void* memory = mmap(nullptr, whole_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw Error("guarded", "mmap failed", "two pages more than the array are required");
    first_ = static_cast<std::byte*>(memory) + page;
    if (inner_ > 0) mprotect(first_, inner_, PROT_READ | PROT_WRITE);
    std::memset(first_, filler, inner_);
    data_ = against == Against::low ? first_ : first_ + inner_ - bytes;
    if (bytes > 0) std::memset(data_, 0, bytes);
  }
  ~GuardedPages() {
    for (std::byte* p = first_; p < first_ + inner_; ++p)
      if ((p < data_ || p >= data_ + bytes_) && *p != std::byte{filler}) {
        std::fprintf(stderr, "guarded array: a byte outside was written, %td bytes from its start\n", p - data_);
        std::abort();
      }
    munmap(first_ - (whole_ - inner_) / 2, whole_);
  }
  GuardedPages(const GuardedPages&) = delete;

  void* data() const { return data_; }
  void forbidWriting() {
    if (inner_ > 0) mprotect(first_, inner_, PROT_READ);
  }

 private:
  static constexpr unsigned char filler = 0xa5;
  std::int64_t bytes_, inner_, whole_;
  std::byte *first_, *data_;
};

/// A row-major array of zeros between guard pages, aligned to its elements only.
inline AnyArray guarded(DType dtype, std::span<const std::int64_t> sizes, Against against = Against::high) {
  auto pages = std::make_shared<GuardedPages>(byteSize(dtype, sizes), against);
  ArrayView view(dtype, pages->data(), sizes);
  return {view, std::shared_ptr<void>(pages, pages->data())};
}

/// A row-major copy between guard pages. Access::read: a write into it faults as well.
inline AnyArray guarded(const ArrayView& source, Against against = Against::high, Access access = Access::write) {
  auto pages = std::make_shared<GuardedPages>(byteSize(source.dtype, source.extents()), against);
  ArrayView view(source.dtype, pages->data(), source.extents());
  copyElements(source, view);
  if (access == Access::read) pages->forbidWriting();
  return {view, std::shared_ptr<void>(pages, pages->data())};
}

template <class D, class... A>
Array<D, A...> guarded(const Array<D, A...>& source, Against against = Against::high, Access access = Access::write) {
  return Array<D, A...>::from(guarded(source.view(), against, access));
}

}  // namespace heed::testing
