// The table of tiles: what its lines must hold for the kernels to be right and to stay in registers; how a target says
// which it takes. That kernels are right by each of them: attention/attention_test.cpp, loops/contract_test.cpp.
#include "heed/codegen/cpu/tiles.h"

#include <gtest/gtest.h>

#include "heed/tests/codegen/targets.h"
#include "llvm/ADT/STLExtras.h"

namespace heed::testing {
namespace {

using namespace codegen;

constexpr const char* sets[] = {"amx", "avx512bf16", "avx512", "avx2", "baseline"};
constexpr int side = 16, matrixRegisters = 8, numbersPerScale = 32;

/// Sums, beside them what is read for all of them, and one number.
int registersOf(int vectors, int others) { return vectors * others + vectors + 1; }

TEST(Tiles, OfAttentionFitTheRegisters) {
  for (const char* set : sets) {
    const Target target = *targetFor(set);
    for (auto [n, line] : llvm::enumerate(target.tileLines()))
      for (const AttentionTile& tile : line.attention) {
        SCOPED_TRACE(set + (" " + line.name.str()));
        const bool matrices = Tiled(n) >= Tiled::matrices;
        for (const RegisterTile& part : {tile.whole, tile.strip, tile.narrow, tile.costly}) {
          EXPECT_EQ(tile.whole.vectors % part.vectors, 0);
          if (matrices)
            EXPECT_TRUE(part.keys % side == 0 && part.values % side == 0);
          else
            EXPECT_LE(registersOf(part.vectors, std::max(part.keys, part.values)), target.registers);
        }
        EXPECT_EQ(tile.narrow.vectors, 1);
        EXPECT_LE(tile.pair.vectors, 2);
        if (!matrices)
          EXPECT_LE(registersOf(tile.pair.vectors, std::max(tile.pair.keys, tile.pair.values)), target.registers);
        EXPECT_EQ(tile.costly.vectors, 1);
        EXPECT_EQ(tile.block % (matrices ? 2 * side : side), 0);
        EXPECT_EQ(tile.block % tile.segment, 0);
        EXPECT_GE(tile.groups, 1);
        EXPECT_TRUE(matrices || tile.groups == 1);
      }
  }
}

TEST(Tiles, OfProductsFitTheRegisters) {
  for (const char* set : sets) {
    const Target target = *targetFor(set);
    for (auto [n, line] : llvm::enumerate(target.tileLines()))
      for (const ContractTile& tile : line.products) {
        SCOPED_TRACE(set + (" " + line.name.str()));
        const bool matrices = Tiled(n) == Tiled::productsOfPairs && target.amx;
        const int rows = matrices ? tile.rows / side : tile.rows;
        EXPECT_LE(registersOf(tile.vectors, rows), matrices ? matrixRegisters : target.registers);
        EXPECT_EQ(tile.rows % tile.few, 0);  // the rows of the last tile are those of a whole one
        EXPECT_EQ(tile.few % (matrices ? side : 1), 0);
        EXPECT_EQ(tile.depth % target.lanes, 0);
        EXPECT_EQ(tile.depth % numbersPerScale, 0);
        EXPECT_EQ(tile.part % (matrices ? side : tile.depth), 0);
      }
  }
}

TEST(Tiles, EachLineStandsWhereItsDigitDoes) {
  const std::pair<Tiled, const char*> names[] = {{Tiled::attention, "attention"},
                                                 {Tiled::deepAttention, "deep attention"},
                                                 {Tiled::maskedAttention, "masked attention"},
                                                 {Tiled::products, "products"},
                                                 {Tiled::productsOfPairs, "products of pairs"},
                                                 {Tiled::matrices, "attention by matrices"},
                                                 {Tiled::maskedMatrices, "masked attention by matrices"}};
  for (const char* set : sets) {
    const Target target = *targetFor(set);
    EXPECT_EQ(target.tileLines().size(), target.amx ? 7u : target.bf16 ? 5u : 4u);
    for (auto [n, line] : llvm::enumerate(target.tileLines())) {
      EXPECT_EQ(line.name, names[n].second);
      EXPECT_EQ(n, std::size_t(names[n].first));
      EXPECT_TRUE(line.size() >= 1 && line.size() <= 10 && (line.attention.empty() || line.products.empty()));
      std::vector<std::string> all;
      for (std::size_t tile = 0; tile < line.size(); ++tile) all.push_back(line.describe(tile));
      llvm::sort(all);
      EXPECT_EQ(llvm::unique(all), all.end()) << set << " " << line.name.str() << ": one tile twice";
    }
  }
}

TEST(Tiles, ATargetTakesWhatItsDigitsSay) {
  const Target usual = *targetFor("avx512"), other = *targetFor("avx512+tiles=2012");
  EXPECT_EQ(usual.attention(64, false).block, usual.tileLines()[0].attention[0].block);
  EXPECT_EQ(other.attention(64, false).whole.vectors, usual.tileLines()[0].attention[2].whole.vectors);
  EXPECT_EQ(other.attention(64, true).block, usual.tileLines()[2].attention[1].block);
  EXPECT_EQ(other.contract(false, -1).rows, usual.tileLines()[3].products[2].rows);
}

TEST(Tiles, PanelsThatWouldBeHalfEmptyAreNarrow) {
  const Target target = *targetFor("avx512");
  const int most = target.contract(false, -1).vectors;
  for (int columns : {64, 768, 1000}) EXPECT_EQ(target.contract(false, columns).vectors, most) << columns;
  for (int columns : {1, 32, 96, 100}) EXPECT_EQ(target.contract(false, columns).vectors, 2) << columns;
  EXPECT_EQ(targetFor("avx512+int8")->contract(false, 768).vectors, 2);
  for (const char* set : sets) {
    const Target any = *targetFor(set);
    for (const TileLine& line : any.tileLines())
      EXPECT_TRUE(line.products.empty() || llvm::any_of(line.products, [](auto& tile) { return tile.vectors == 2; }));
  }
}

TEST(Tiles, DigitsAreTheLastWordOfATarget) {
  for (const char* name :
       {"avx512+tiles=0102", "avx512+int8+tiles=0010", "avx512bf16+tiles=00001", "amx+tiles=1200000"}) {
    const std::optional<Target> target = targetFor(name);
    ASSERT_TRUE(target) << name;
    EXPECT_EQ(target->name, name);
    EXPECT_EQ(portable(*target).name, name);
    EXPECT_EQ(target->instructionSet(), llvm::StringRef(name).split('+').first);
  }
  EXPECT_EQ(targetFor("avx2+tiles=0000")->name, "avx2");
  EXPECT_EQ(targetFor("avx2+int4+tiles=0000")->name, "avx2+int4");
  EXPECT_EQ(targetFor("avx512+int4+tiles=0100")->weightBits, 4);
  const Target best = *targetFor();
  EXPECT_EQ(withTiles(best, std::string(best.tileLines().size(), '0'))->name, best.name);
  EXPECT_EQ(targetFor("+tiles=" + std::string(best.tileLines().size(), '0'))->name, best.name);
  for (const char* name : {"avx512+tiles=", "avx512+tiles=010", "avx512+tiles=01020", "avx512+tiles=0109",
                           "avx512+tiles=01x0", "avx512+tiles=0/00", "avx512+tiles=0102+int8",
                           "avx512+tiles=0102+tiles=0102", "avx1024+tiles=0000", "avx512+tiles"})
    EXPECT_FALSE(targetFor(name)) << name;
  EXPECT_FALSE(withTiles(*targetFor("avx2"), llvm::StringRef("00\0"
                                                             "0",
                                                             4)));
  EXPECT_FALSE(withTiles(*targetFor("baseline"), "1000"));
}

TEST(Tiles, TestsGoThroughThemAll) {
  for (const char* set : sets) {
    const Target target = *targetFor(set);
    for (auto [n, line] : llvm::enumerate(target.tileLines()))
      for (std::size_t tile = 1; tile < line.size(); ++tile)
        EXPECT_TRUE(
            llvm::any_of(otherTiles(set),
                         [&, at = n](const std::string& name) { return targetFor(name)->tileOf(Tiled(at)) == tile; }))
            << set << " " << line.name.str() << " " << tile;
  }
}

}  // namespace
}  // namespace heed::testing
