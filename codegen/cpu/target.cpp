// Detects the host and names the instruction sets we emit.
#include "heed/codegen/cpu/target.h"

#include "heed/runtime/processor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace heed::codegen {

static Target named(llvm::StringRef limit) {
  if (limit == "amx")
    return {.name = "amx",
            .lanes = 16,
            .registers = 32,
            .fma = true,
            .avx512 = true,
            .bf16 = true,
            .amx = true,
            .cpu = "sapphirerapids"};
  if (limit == "avx512bf16")
    return {.name = "avx512bf16",
            .lanes = 16,
            .registers = 32,
            .fma = true,
            .avx512 = true,
            .bf16 = true,
            .cpu = "cooperlake"};
  if (limit == "avx512")
    return {.name = "avx512", .lanes = 16, .registers = 32, .fma = true, .avx512 = true, .cpu = "skylake-avx512"};
  if (limit == "avx2") return {.name = "avx2", .lanes = 8, .registers = 16, .fma = true, .cpu = "x86-64-v3"};
  return {};
}

/// Takes off `name` what says in how many bits weights are.
static int takeWeightBits(llvm::StringRef& name) {
  return name.consume_back(inInt8) ? 8 : name.consume_back(inInt4) ? 4 : 0;
}

/// Names a target of an instruction set after all that is asked of it.
static void complete(Target& target, int weightBits, llvm::StringRef tiles) {
  target.weightBits = weightBits, target.tiles = tiles.str();
  target.name = target.instructionSet().str();
  if (weightBits) target.name += weightBits == 8 ? inInt8 : inInt4;
  if (!tiles.empty()) (target.name += byTiles) += tiles;
}

std::optional<Target> withTiles(const Target& target, llvm::StringRef digits) {
  llvm::ArrayRef<TileLine> lines = target.tileLines();
  auto has = [](auto of) {
    auto [line, digit] = of;
    return digit >= '0' && size_t(digit - '0') < line.size();
  };
  if (digits.size() != lines.size() || !llvm::all_of(llvm::zip(lines, digits), has)) return std::nullopt;
  Target same = target;
  complete(same, target.weightBits, digits.trim('0').empty() ? "" : digits);
  return same;
}

Target portable(const Target& target) {
  Target all = named(target.instructionSet());
  complete(all, target.weightBits, target.tiles);
  all.runsHere = target.runsHere;
  return all;
}

std::optional<Target> targetFor(llvm::StringRef limit) {
  if (const size_t at = limit.find(byTiles); at != llvm::StringRef::npos) {
    std::optional<Target> usual = targetFor(limit.take_front(at));
    return usual ? withTiles(*usual, limit.substr(at + byTiles.size())) : usual;
  }
  const int bits = takeWeightBits(limit);
  // vdpbf16ps does twice the work of an f32 multiply-add; measured, Zen 5 starts as many of them, Emerald Rapids a
  // quarter: there two multiply-adds are quicker.
  const bool zen = llvm::sys::getHostCPUName().starts_with("znver");
  auto runs = [](const std::string& name) { return processorRuns("cpu:" + name); };
  Target target;
  for (std::string name : {"amx", "avx512bf16", "avx512", "avx2", "baseline"})
    if (limit.empty() ? runs(name) && (name != "avx512bf16" || zen) : limit == name) {
      target = named(name);
      break;
    }
  if (!limit.empty() && limit != target.name) return std::nullopt;
  target.runsHere = runs(target.name);
  if (target.avx512 && target.runsHere) {
    target.divides = zen;  // measured: Zen 5 a vector of quotients in 2.5 cycles, Zen 4 in 6, Emerald Rapids in 16
    target.denormals = zen;
    target.cpu = llvm::sys::getHostCPUName().str();
    for (auto& feature : llvm::sys::getHostCPUFeatures()) {
      if (!target.features.empty()) target.features += ',';
      target.features += (feature.second ? "+" : "-") + feature.first().str();
    }
  }
  complete(target, bits, "");
  return target;
}

}  // namespace heed::codegen
