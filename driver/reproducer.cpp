#include "heed/driver/reproducer.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace heed {

std::string writeReproducer(const std::string& ir, const std::string& stage, const std::string& target) {
  int descriptor = -1;
  llvm::SmallString<128> path;
  if (auto error = llvm::sys::fs::createTemporaryFile("heed-" + stage, "mlir", descriptor, path))
    return "no reproducer was written: " + error.message();
  std::string command = "heed-opt " + path.str().str() + " --heed-pipeline=\"target=" + target + " start=" + stage +
                        " stop=" + stage + "\"";
  llvm::raw_fd_ostream file(descriptor, /*shouldClose=*/true);
  file << "// Fails in stage " << stage << " of heed. To see it: " << command << "\n" << ir;
  return "to reproduce: " + command;
}

}  // namespace heed
