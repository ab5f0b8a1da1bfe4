// What the CPU we compile for can do, and the register tiles that follow from it.
//
// A Target describes code, not necessarily this machine: runsHere says whether the host may execute it.
// Test: tests/codegen/attention/attention_test.cpp runs every target the host offers.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace heed::codegen {

/// What stays in registers: `vectors` lane vectors of rows by `keys` keys of S, or by `values` columns of the output.
struct RegisterTile {
  int vectors, keys, values;
};

/// Register and cache tiles of the attention kernel.
struct AttentionTile {
  RegisterTile whole;   // for keys that all rows of a block see: vectors * lanes rows, `groups` of them, are a block
  RegisterTile strip;   // for the others, strip by strip; its vectors divide those of a block
  RegisterTile narrow;  // one vector: for a block with at most two of them
  RegisterTile costly;  // one vector, for scores that take many instructions each
  int block;            // keys whose scores stay in the first-level cache between the passes
  int segment;          // keys of a strip that are classified at once
  int groups = 1;       // several: what is made of a block of keys serves them all
};

/// Where few rows share their keys and vectors lie along depths: `rows` * `keys` sums stay in registers, at most as
/// many as there are lanes; `block` as above.
struct FewRowsTile {
  int rows, keys, block;
};

/// Tiles of a matrix product: `rows` x `vectors` accumulators, beside them a line of the panel and one broadcast. Rows
/// that are left over come `few` at a time. Over `depth` lines, a multiple of the lanes, the rows of a tile stay in the
/// first-level cache and a panel in the second. Where the accumulators are matrix registers, `rows` and `few` are
/// multiples of their 16 rows, and `part` lines of a panel stay in the first-level cache while all rows
/// of a block pass; those then come from the second.
struct ContractTile {
  int rows, few, vectors, depth;
  int part = depth;
};

struct Target {
  std::string name = "baseline";  // of the instruction set, and "+int8" or "+int4": what targetFor takes
  int lanes = 4;                  // f32 per vector: 16 AVX-512, 8 AVX2, 4 baseline
  int registers = 16;
  bool fma = false;  // vector.fma is one instruction
  bool avx512 = false;
  bool divides = false;        // 16 quotients cost no more than 16 reciprocals and a step of Newton's
  bool bf16 = false;           // AVX512-BF16: sums of products of bf16 pairs are one instruction
  bool amx = false;            // AMX: so are those of 16 x 16 pairs by 16 x 16
  int weightBits = 0;          // of a number of a weight as products read it, see contract.h; 0: all that it has
  std::string cpu = "x86-64";  // as LLVM names it
  std::string features = {};   // "+avx2,-avx512f,...": the complete list for LLVM, "" when `cpu` says all
  bool runsHere = false;

  /// Tiles for the usual case, where scores are sums over `depth` products, and for at most `lanes` rows.
  AttentionTile attention(int64_t depth, bool masked) const;
  AttentionTile attentionOneVector() const;
  /// Where matrix registers multiply: keys are multiples of their 16 rows.
  AttentionTile attentionByMatrices(bool oneVector, bool masked) const;
  /// For a multiple of so many rows.
  FewRowsTile attentionFewRows(int64_t rows) const;
  /// Of words, or of pairs of bf16.
  ContractTile contract(bool pairs) const;
};

/// What follows the name of an instruction set, or "cpu", where products read weights in so few bits.
inline constexpr llvm::StringLiteral inInt8 = "+int8", inInt4 = "+int4";

/// "" is the best that the host has; "amx", "avx512bf16", "avx512", "avx2" and "baseline" are those, on any machine.
/// "+int8" or "+int4" may follow. None of these: nullopt.
std::optional<Target> targetFor(llvm::StringRef limit = "");

/// The same instruction set without what only this very CPU is known to have: code for any CPU that has the set.
Target portable(const Target& target);

}  // namespace heed::codegen
