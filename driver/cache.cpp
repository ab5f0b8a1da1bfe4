// A file is a line that says what it is, the parts with their lengths, and a seal.
#include "heed/driver/cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include "heed/driver/stamp.h"
#include "heed/runtime/error.h"
#include "heed/runtime/processor.h"
#include "heed/runtime/seal.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace heed {
namespace {

constexpr StringLiteral magicOfCode = "heed code 5\n", magicOfTiles = "heed tiles 1\n";

void append(std::string& out, std::uint64_t number) {
  char bytes[8];
  support::endian::write64le(bytes, number);
  out.append(bytes, 8);
}
void append(std::string& out, StringRef part) {
  append(out, std::uint64_t(part.size()));
  out += part;
}
std::optional<std::uint64_t> number(StringRef& in) {
  if (in.size() < 8) return {};
  std::uint64_t n = support::endian::read64le(in.data());
  in = in.drop_front(8);
  return n;
}
std::optional<std::string> part(StringRef& in) {
  auto size = number(in);
  if (!size || *size > in.size()) return {};
  std::string text = in.take_front(*size).str();
  in = in.drop_front(*size);
  return text;
}

std::optional<std::vector<RoundedWeight>> roundedWeights(StringRef& in) {
  std::vector<RoundedWeight> all;
  for (auto left = number(in); left; --*left) {
    if (*left == 0) return all;
    auto parameter = number(in), bits = number(in), multiplied = number(in), axes = number(in);
    if (!axes || *axes > in.size() / 8) return {};
    RoundedWeight& weight = all.emplace_back(int(*parameter), int(*bits), DType(*multiplied));
    for (auto n = *axes; n > 0; --n) weight.axes.push_back(int(*number(in)));
  }
  return {};
}

std::string hashOf(StringRef text) { return toHex(SHA256::hash(arrayRefFromStringRef(text)), /*LowerCase=*/true); }

bool onlyOursToWrite(const struct stat& file) {
  return file.st_uid == geteuid() && !(file.st_mode & (S_IWGRP | S_IWOTH));
}

}  // namespace

Cache::Cache(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  if (auto error = sys::fs::create_directories(folder_, /*IgnoreExisting=*/true, sys::fs::owner_all))
    throw Error("HEED_CACHE", "the folder " + folder_ + " cannot be made: " + error.message(), "a folder to write to",
                "name another");
  struct stat file;
  if (stat(folder_.c_str(), &file) != 0 || !S_ISDIR(file.st_mode))
    throw Error("HEED_CACHE", folder_ + " is no folder", "a folder to write to", "name another");
  if (!onlyOursToWrite(file))
    throw Error("HEED_CACHE", folder_ + " is no folder that only you can write", "what lies there is code that will run",
                "chmod 700 it, or name another");
}

std::string Cache::keyOf(mlir::ModuleOp module, const Machine& machine) {
  const codegen::Target& target = machine.host;
  std::string text = std::string(LLVM_VERSION_STRING) + "\n" + compilerStamp + "\n" + machine.name() + "\n" +
                     target.cpu + "\n" + target.features + "\n" + std::to_string(target.lanes) + "\n";
  raw_string_ostream out(text);
  module.print(out, mlir::OpPrintingFlags().enableDebugInfo());
  return hashOf(text);
}

std::string Cache::pathOf(const std::string& key) const {
  SmallString<256> path(folder_);
  sys::path::append(path, key + ".heed");
  return path.str().str();
}

/// What follows the magic of a file that is whole and ours.
std::optional<std::string> Cache::read(const std::string& path, StringRef magic) const {
  struct stat file;
  if (lstat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode) || !onlyOursToWrite(file)) return {};
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!buffer) return {};
  auto whole = unsealed({(*buffer)->getBufferStart(), (*buffer)->getBufferSize()});
  StringRef in = whole.value_or("");
  if (!in.consume_front(magic)) return {};
  return in.str();
}

std::optional<CacheEntry> Cache::find(const std::string& key) const {
  auto body = read(pathOf(key), magicOfCode);
  if (!body) return {};
  StringRef in = *body;
  auto whose = part(in);
  auto kernels = number(in);
  auto explanation = part(in);
  if (!whose || *whose != key || !kernels || !explanation) return {};
  auto rounded = roundedWeights(in);
  if (!rounded) return {};
  CacheEntry entry{int(*kernels), std::move(*explanation), std::move(*rounded), {}};
  while (!in.empty()) {
    auto object = part(in);
    if (!object) return {};
    entry.objects.push_back(std::move(*object));
  }
  return entry;
}

void Cache::keep(const std::string& key, const CacheEntry& entry) const {
  std::string body = magicOfCode.str();
  append(body, StringRef(key));
  append(body, std::uint64_t(entry.kernels));
  append(body, StringRef(entry.explanation));
  append(body, std::uint64_t(entry.rounded.size()));
  for (const RoundedWeight& weight : entry.rounded) {
    for (int n : {weight.parameter, weight.bits, int(weight.multiplied), int(weight.axes.size())})
      append(body, std::uint64_t(n));
    for (int axis : weight.axes) append(body, std::uint64_t(axis));
  }
  for (const std::string& object : entry.objects) append(body, StringRef(object));
  write(pathOf(key), body);
}

void Cache::write(const std::string& path, const std::string& body) const {
  int descriptor;
  SmallString<256> beside;
  if (sys::fs::createUniqueFile(path + ".%%%%%%%%", descriptor, beside, sys::fs::OF_None,
                                sys::fs::owner_read | sys::fs::owner_write))
    return;
  raw_fd_ostream out(descriptor, /*shouldClose=*/true);
  out << body << sealOf(body);
  out.close();
  bool whole = !out.has_error();
  out.clear_error();
  if (!whole || sys::fs::rename(beside, path)) sys::fs::remove(beside);
}

/// Not the stamp but the table itself says that digits mean the same.
static std::string keyOfTiles(const codegen::Target& target) {
  std::string text = "tiles\n" + std::string(LLVM_VERSION_STRING) + "\n" + target.instructionSet().str() + "\n" +
                     processorName() + "\n";
  for (const codegen::TileLine& line : target.tileLines())
    for (size_t n = 0; n < line.size(); ++n) text += line.name.str() + ": " + line.describe(n) + "\n";
  return hashOf(text);
}

std::optional<std::string> Cache::tiles(const codegen::Target& target) const {
  if (!enabled()) return {};
  const std::string key = keyOfTiles(target);
  auto body = read(pathOf(key), magicOfTiles);
  if (!body) return {};
  StringRef in = *body;
  auto whose = part(in), digits = part(in);
  if (!whose || *whose != key || !digits || !in.empty()) return {};
  return digits;
}

void Cache::keepTiles(const codegen::Target& target, const std::string& digits) const {
  const std::string key = keyOfTiles(target);
  std::string body = magicOfTiles.str();
  append(body, StringRef(key));
  append(body, StringRef(digits));
  write(pathOf(key), body);
}

}  // namespace heed
