#include "heed/driver/dump.h"

#include <map>
#include <mutex>

#include "heed/runtime/error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
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

/// "name" for the first graph of that name in this process, then "name.2", ...: a second run overwrites the first.
static std::string distinct(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, int> used;
  std::lock_guard lock(mutex);
  int copy = ++used[name];
  return copy == 1 ? name : name + "." + std::to_string(copy);
}

Dump::Dump(std::string folder, StringRef graph) {
  if (folder.empty()) return;
  SmallString<256> path(folder);
  llvm::sys::path::append(path, distinct(folderName(graph)));
  if (auto error = llvm::sys::fs::create_directories(path))
    throw Error("dump: cannot make the folder " + path.str().str() + ": " + error.message());
  folder_ = path.str().str();
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
