#include "heed/driver/dump.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <set>

#include "heed/runtime/error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace heed {

// Letters, digits, '-' and '_' of the graph's name: it becomes a folder.
static std::string folderName(StringRef graph) {
  std::string name;
  for (char c : graph)
    if (llvm::isAlnum(c) || c == '-' || c == '_') name += c;
  return name.empty() ? "graph" : name;
}

/// The program that a process runs; empty where there is none.
static std::string programOf(const std::string& process) {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/" + process + "/exe", none).string();
}

/// Whether this process may write into the folder at `path`, which is then marked as its own. It may not while another
/// process that wrote there runs, nor where another program did.
static bool claim(const std::string& path) {
  const std::string file = path + "/.program", own = std::to_string(getpid()), program = programOf("self");
  const int mark = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (mark < 0 || flock(mark, LOCK_EX))
    throw Error("dump: cannot write " + file + ": " + std::generic_category().message(errno));
  auto buffer = llvm::MemoryBuffer::getOpenFile(mark, file, /*FileSize=*/-1);
  auto [process, wrote] = (buffer ? (*buffer)->getBuffer() : StringRef()).split(' ');
  const bool free = process.empty() || (wrote == program && (process == own || programOf(process.str()) != program));
  const std::string text = own + " " + program;
  const bool failed = free && (ftruncate(mark, 0) || pwrite(mark, text.data(), text.size(), 0) != ssize_t(text.size()));
  const int error = errno;
  close(mark);
  if (failed) throw Error("dump: cannot write " + file + ": " + std::generic_category().message(error));
  return free;
}

/// "name", or the first of "name.2", "name.3", ... that no other graph of this process and no other process has.
static std::string folderFor(StringRef parent, const std::string& name) {
  static std::mutex mutex;
  static std::set<std::string> used;
  std::lock_guard lock(mutex);
  for (int copy = 1;; ++copy) {
    SmallString<256> path(parent);
    llvm::sys::path::append(path, copy == 1 ? name : name + "." + std::to_string(copy));
    if (auto error = llvm::sys::fs::create_directories(path))
      throw Error("HEED_DUMP, or --dump", "the folder " + path.str().str() + " cannot be made: " + error.message(),
                  "a folder to write to", "name another");
    std::string folder = path.str().str();
    if (!used.contains(folder) && claim(folder)) return *used.insert(folder).first;
  }
}

Dump::Dump(std::string folder, StringRef graph) {
  if (!folder.empty()) folder_ = folderFor(folder, folderName(graph));
}

void Dump::stage(StringRef name, ModuleOp module) {
  if (!wanted()) return;
  std::string text;
  llvm::raw_string_ostream out(text);
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(64);
  module->print(out, flags);
  stage(name, "mlir", text);
}

void Dump::stage(StringRef name, StringRef extension, StringRef text) {
  if (!wanted()) return;
  SmallString<256> path(folder_);
  llvm::sys::path::append(path, Twine(++number_) + "_" + name + "." + extension);
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error) {
    file << text;
    file.close();
    error = file.error();
  }
  if (error) throw Error("dump: cannot write " + path.str().str() + ": " + error.message());
}

}  // namespace heed
