// What the CPU we compile for can do, and which tiles its kernels take.
//
// A Target describes code, not necessarily this machine: runsHere says whether the host may execute it.
// Test: tests/codegen/attention/attention_test.cpp runs every target the host offers.
#pragma once

#include <optional>
#include <string>

#include "heed/codegen/cpu/tiles.h"
#include "llvm/ADT/StringRef.h"

namespace heed::codegen {

struct Target {
  std::string name = "baseline";  // of the instruction set, and what follows it: what targetFor takes
  int lanes = 4;                  // f32 per vector: 16 AVX-512, 8 AVX2, 4 baseline
  int registers = 16;
  bool fma = false;  // vector.fma is one instruction
  bool avx512 = false;
  bool divides = false;        // 16 quotients cost no more than 16 reciprocals and a step of Newton's
  bool denormals = false;      // numbers below 2^-126 take no longer than others
  bool bf16 = false;           // AVX512-BF16: sums of products of bf16 pairs are one instruction
  bool amx = false;            // AMX: so are those of 16 x 16 pairs by 16 x 16
  int weightBits = 0;          // of a number of a weight as products read it, see contract.h; 0: all that it has
  std::string tiles = {};      // a digit for each of tileLines(): which of its tiles; "": the first of all
  std::string cpu = "x86-64";  // as LLVM names it
  std::string features = {};   // "+avx2,-avx512f,...": the complete list for LLVM, "" when `cpu` says all
  bool runsHere = false;

  /// "avx512" of "avx512+int8".
  llvm::StringRef instructionSet() const { return llvm::StringRef(name).split('+').first; }

  llvm::ArrayRef<TileLine> tileLines() const;
  /// For messages: "4 digits: attention 0 to 2, deep attention 0 to 2, ...".
  std::string describeTileLines() const;
  /// Which of the line's tiles.
  size_t tileOf(Tiled what) const;

  /// Tiles for the usual case, where scores are sums over `depth` products, and for at most `lanes` rows.
  AttentionTile attention(int64_t depth, bool masked) const;
  AttentionTile attentionOneVector() const;
  /// Where matrix registers multiply: keys are multiples of their 16 rows.
  AttentionTile attentionByMatrices(bool oneVector, bool masked) const;
  /// For a multiple of so many rows.
  FewRowsTile attentionFewRows(int64_t rows) const;
  /// Of words, or of pairs of bf16, where so many columns of the result lie side by side (below 0: nobody knows).
  ContractTile contract(bool pairs, int64_t columns) const;
};

/// What follows the name of an instruction set, or "cpu", where products read weights in so few bits.
inline constexpr llvm::StringLiteral inInt8 = "+int8", inInt4 = "+int4";
/// What follows all that, and before the digits of Target::tiles, where these are not all 0.
inline constexpr llvm::StringLiteral byTiles = "+tiles=";

/// "" is the best that the host has; "amx", "avx512bf16", "avx512", "avx2" and "baseline" are those, on any machine.
/// "+int8" or "+int4" may follow, then "+tiles=" and digits. None of these: nullopt.
std::optional<Target> targetFor(llvm::StringRef limit = "");

/// The same, by these tiles. Unless there is a digit for each line, of a tile that it has: nullopt.
std::optional<Target> withTiles(const Target& target, llvm::StringRef digits);

/// The same instruction set without what only this very CPU is known to have: code for any CPU that has the set.
Target portable(const Target& target);

}  // namespace heed::codegen
