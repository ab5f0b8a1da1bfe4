// mmap, and what can be wrong before it.
//
// Invariant: opening never waits, not even for a pipe that nobody writes to.
// Read tests/runtime/weights/load_test.cpp.
#include "heed/runtime/weights/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "heed/runtime/error.h"

namespace heed {
namespace {

struct File {
  int number;
  ~File() {
    if (number >= 0) close(number);
  }
};

/// How the memory of a mapped file is known again.
struct Unmap {
  std::size_t size;
  void operator()(void* pages) const { munmap(pages, size); }
};

[[noreturn]] void refuse(const std::string& path, const char* call) {
  throw Error(path, std::string(call) + ": " + std::strerror(errno), "a file that can be read is required",
              "check the path");
}

}  // namespace

MappedFile mapFile(const std::string& path) {
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) refuse(path, "open");
  struct stat status;
  if (fstat(file.number, &status) < 0) refuse(path, "stat");
  if (!S_ISREG(status.st_mode))
    throw Error(path, "it is not a regular file", "only a regular file can be mapped", "check the path");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {};
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (data == MAP_FAILED) refuse(path, "mmap");
  const std::shared_ptr<const void> memory(data, Unmap{size});
  return {memory, {static_cast<const std::byte*>(data), size}};
}

void letGo(const std::shared_ptr<const void>& memory, const ByteRange& range) {
  if (!std::get_deleter<Unmap>(memory)) return;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = (range.begin + page - 1) / page * page, end = range.end / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // advice: they may stay
}

}  // namespace heed
