// Weights to a file, all or nothing.
//
// Invariant: whatever fails, the old file stays as it was and no part of a new one is left.
// Read tests/runtime/weights/save_test.cpp.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/safetensors.h"
#include "heed/runtime/weights/weights.h"

namespace heed {
namespace {

/// A file beside `path` that takes its place when it is complete, and goes when it is not.
class Replacement {
 public:
  explicit Replacement(const std::string& path) : path_(path), name_(path + ".XXXXXX") {
    file_ = mkostemp(name_.data(), O_CLOEXEC);
    if (file_ < 0) refuse("create");
    // mkostemp gives the owner alone access; a saved model gets what any new file would.
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(file_, 0666 & ~mask);
  }
  ~Replacement() {
    if (file_ >= 0) close(file_);
    if (!done_) unlink(name_.c_str());
  }
  Replacement(const Replacement&) = delete;

  void write(const void* data, std::int64_t bytes) {
    const char* next = static_cast<const char*>(data);
    while (bytes > 0) {
      const ssize_t written = ::write(file_, next, std::min<std::int64_t>(bytes, 1 << 30));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) refuse("write");
      next += written;
      bytes -= written;
    }
  }
  void commit() {
    if (fsync(file_) < 0) refuse("sync");
    if (close(std::exchange(file_, -1)) < 0) refuse("close");
    if (rename(name_.c_str(), path_.c_str()) < 0) refuse("rename");
    done_ = true;
  }

 private:
  [[noreturn]] void refuse(const char* call) {
    throw Error(path_, std::string(call) + ": " + std::strerror(errno), "a place that can be written is required",
                "check the folder and its free space");
  }

  const std::string path_;
  std::string name_;
  int file_ = -1;
  bool done_ = false;
};

}  // namespace

void save(const std::string& path, const Weights& weights) {
  Safetensors content;
  content.metadata = weights.metadata;
  content.weights.insert(weights.begin(), weights.end());
  const SafetensorsHeader header = formatSafetensors(path, content);
  Replacement file(path);
  file.write(header.bytes.data(), static_cast<std::int64_t>(header.bytes.size()));
  for (const Weight* weight : header.order) file.write(weight->data, weight->bytes);
  file.commit();
}

}  // namespace heed
