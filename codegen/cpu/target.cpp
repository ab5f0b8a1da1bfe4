// Detects the host and names the instruction sets we emit.
#include "heed/codegen/cpu/target.h"

#include "heed/runtime/processor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace heed::codegen {

AttentionTile Target::attention(int64_t depth, bool masked) const {
  // Of 24 sums a round reads 3 vectors and 8 numbers, of 16 it would read 4 and 4: on Intel cores the clock falls with
  // what is read. A masked block has as many keys as rows, for its strips pass over them one after the other; deep keys
  // fill the first-level cache earlier.
  if (avx512)
    return {.whole = {3, 8, 8},
            .strip = {1, 16, 16},
            .narrow = {1, 16, 16},
            .costly = {1, 4, 1},
            .block = masked       ? 48
                     : depth > 80 ? 64
                                  : 96,
            .segment = 16};
  if (fma)
    return {
        .whole = {3, 4, 4}, .strip = {3, 4, 4}, .narrow = {1, 8, 8}, .costly = {1, 4, 1}, .block = 96, .segment = 16};
  return {.whole = {2, 4, 4}, .strip = {2, 4, 4}, .narrow = {1, 8, 8}, .costly = {1, 4, 1}, .block = 64, .segment = 16};
}

AttentionTile Target::attentionOneVector() const {
  const RegisterTile one = avx512 ? RegisterTile{1, 16, 16} : RegisterTile{1, 8, 8};
  return {.whole = one, .strip = one, .narrow = one, .costly = {1, 4, 1}, .block = 128, .segment = 16};
}

AttentionTile Target::attentionByMatrices(bool oneVector, bool masked) const {
  const RegisterTile one{1, 16, 32};
  if (oneVector) return {.whole = one, .strip = one, .narrow = one, .costly = one, .block = 128, .segment = 16};
  // Under a mask high blocks have more that is seen by some only.
  return {.whole = {4, 32, 32},
          .strip = {2, 16, 32},
          .narrow = one,
          .costly = one,
          .block = 128,
          .segment = 16,
          .groups = masked ? 2 : 4};
}

FewRowsTile Target::attentionFewRows(int64_t rows) const {
  const int most = rows <= 2 ? std::max(int(rows), 1) : 4;
  return {.rows = most, .keys = std::min(4, lanes / most), .block = 64};
}

ContractTile Target::contract(bool pairs) const {
  if (amx && pairs) return {.rows = 32, .few = 16, .vectors = 2, .depth = 512, .part = 128};
  if (avx512) return {.rows = 12, .few = 4, .vectors = 2, .depth = 768};
  return {.rows = fma ? 6 : 4, .few = 2, .vectors = 2, .depth = 512};
}

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

static void setWeightBits(Target& target, int bits) {
  target.weightBits = bits;
  if (bits) target.name += bits == 8 ? inInt8 : inInt4;
}

Target portable(const Target& target) {
  llvm::StringRef set = target.name;
  const int bits = takeWeightBits(set);
  Target all = named(set);
  setWeightBits(all, bits);
  all.runsHere = target.runsHere;
  return all;
}

std::optional<Target> targetFor(llvm::StringRef limit) {
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
    target.divides = zen;  // measured: Zen 5 a vector of quotients in 2.5 cycles, Emerald Rapids in 16
    target.cpu = llvm::sys::getHostCPUName().str();
    for (auto& feature : llvm::sys::getHostCPUFeatures()) {
      if (!target.features.empty()) target.features += ',';
      target.features += (feature.second ? "+" : "-") + feature.first().str();
    }
  }
  setWeightBits(target, bits);
  return target;
}

}  // namespace heed::codegen
