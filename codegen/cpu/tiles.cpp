// The table of tiles. A line has at most 10.
#include "heed/codegen/cpu/tiles.h"

#include "heed/codegen/cpu/target.h"
#include "llvm/ADT/STLExtras.h"

namespace heed::codegen {
namespace {

// AVX-512, attention. Of 24 sums a round reads 3 vectors and 8 numbers, of 16 it would read 4 and 4: on Intel cores
// products and what they read share a bound on power, as heed-bench limits tells. A masked block has as many keys as
// rows, for its strips pass over them one after the other; deep keys fill the first-level cache earlier.

constexpr AttentionTile wide512(int block) {
  return {.whole = {3, 8, 8},
          .strip = {1, 16, 16},
          .narrow = {1, 16, 16},
          .pair = {2, 8, 8},
          .costly = {1, 4, 1},
          .block = block,
          .segment = 16};
}

constexpr AttentionTile tall512(int keys, int block) {
  return {.whole = {4, keys, 4},
          .strip = {2, 8, 8},
          .narrow = {1, 16, 16},
          .pair = {2, 8, 8},
          .costly = {1, 4, 1},
          .block = block,
          .segment = 16};
}

constexpr AttentionTile attention512[] = {wide512(96), wide512(64), tall512(4, 64)};
constexpr AttentionTile deepAttention512[] = {wide512(64), wide512(96), tall512(6, 96)};
constexpr AttentionTile maskedAttention512[] = {wide512(48), wide512(96), tall512(4, 64), tall512(6, 96)};

// The same where pairs of bf16 are multiplied: on Zen, which reads a vector beside each product.

constexpr AttentionTile attentionOfPairs[] = {tall512(4, 96), wide512(96), tall512(4, 64)};
constexpr AttentionTile deepAttentionOfPairs[] = {tall512(4, 96), wide512(64), wide512(96)};
constexpr AttentionTile maskedAttentionOfPairs[] = {wide512(64), wide512(48), wide512(96), tall512(4, 64)};

// Products. 6 x 4 reads less than 12 x 2, too, but fills panels of 64 columns.

constexpr ContractTile products512[] = {{.rows = 6, .few = 3, .vectors = 4, .depth = 1024},
                                        {.rows = 6, .few = 3, .vectors = 4, .depth = 768},
                                        {.rows = 12, .few = 4, .vectors = 2, .depth = 768},
                                        {.rows = 14, .few = 2, .vectors = 2, .depth = 768}};
constexpr ContractTile productsOfPairs[] = {{.rows = 12, .few = 4, .vectors = 2, .depth = 768},
                                            {.rows = 12, .few = 4, .vectors = 2, .depth = 384},
                                            {.rows = 14, .few = 2, .vectors = 2, .depth = 768}};

// Matrix registers: of bf16. Sums come and go for each block of keys, and values are transposed once for all groups.
// Under a mask high blocks have more that is seen by some only.

constexpr AttentionTile matrices(int block, int groups) {
  return {.whole = {4, 32, 32},
          .strip = {2, 16, 32},
          .narrow = {1, 16, 32},
          .costly = {1, 16, 32},
          .block = block,
          .segment = 16,
          .groups = groups};
}

constexpr AttentionTile attentionByMatrices[] = {matrices(256, 6), matrices(256, 4), matrices(128, 4), matrices(64, 4)};
constexpr AttentionTile maskedByMatrices[] = {matrices(128, 2), matrices(128, 1), matrices(64, 2)};
constexpr ContractTile productsByMatrices[] = {
    {.rows = 32, .few = 16, .vectors = 2, .depth = 512, .part = 128},
    {.rows = 32, .few = 16, .vectors = 2, .depth = 512, .part = 256},
    {.rows = 32, .few = 16, .vectors = 2, .depth = 1024, .part = 128},
};

constexpr AttentionTile avx2(RegisterTile all, int block) {
  return {.whole = all,
          .strip = all,
          .narrow = {1, 8, 8},
          .pair = {2, 4, 4},
          .costly = {1, 4, 1},
          .block = block,
          .segment = 16};
}

constexpr AttentionTile attentionAvx2[] = {avx2({3, 4, 4}, 96), avx2({3, 4, 4}, 64), avx2({2, 6, 6}, 96)};
constexpr AttentionTile maskedAvx2[] = {avx2({3, 4, 4}, 96), avx2({3, 4, 4}, 48), avx2({2, 6, 6}, 64)};
constexpr ContractTile productsAvx2[] = {{.rows = 6, .few = 2, .vectors = 2, .depth = 512},
                                         {.rows = 6, .few = 2, .vectors = 2, .depth = 256},
                                         {.rows = 4, .few = 2, .vectors = 3, .depth = 512}};

constexpr AttentionTile attentionBaseline[] = {
    {.whole = {2, 4, 4}, .strip = {2, 4, 4}, .narrow = {1, 8, 8}, .costly = {1, 4, 1}, .block = 64, .segment = 16}};
constexpr ContractTile productsBaseline[] = {{.rows = 4, .few = 2, .vectors = 2, .depth = 512}};

constexpr llvm::StringLiteral names[] = {"attention",
                                         "deep attention",
                                         "masked attention",
                                         "products",
                                         "products of pairs",
                                         "attention by matrices",
                                         "masked attention by matrices"};

constexpr TileLine line(Tiled what, llvm::ArrayRef<AttentionTile> tiles) {
  return {.name = names[int(what)], .attention = tiles};
}
constexpr TileLine line(Tiled what, llvm::ArrayRef<ContractTile> tiles) {
  return {.name = names[int(what)], .products = tiles};
}

constexpr TileLine linesAmx[] = {line(Tiled::attention, attention512),
                                 line(Tiled::deepAttention, deepAttention512),
                                 line(Tiled::maskedAttention, maskedAttention512),
                                 line(Tiled::products, products512),
                                 line(Tiled::productsOfPairs, productsByMatrices),
                                 line(Tiled::matrices, attentionByMatrices),
                                 line(Tiled::maskedMatrices, maskedByMatrices)};
constexpr TileLine linesOfPairs[] = {line(Tiled::attention, attentionOfPairs),
                                     line(Tiled::deepAttention, deepAttentionOfPairs),
                                     line(Tiled::maskedAttention, maskedAttentionOfPairs),
                                     line(Tiled::products, products512), line(Tiled::productsOfPairs, productsOfPairs)};
constexpr TileLine lines512[] = {line(Tiled::attention, attention512), line(Tiled::deepAttention, deepAttention512),
                                 line(Tiled::maskedAttention, maskedAttention512), line(Tiled::products, products512)};
constexpr TileLine linesAvx2[] = {line(Tiled::attention, attentionAvx2), line(Tiled::deepAttention, attentionAvx2),
                                  line(Tiled::maskedAttention, maskedAvx2), line(Tiled::products, productsAvx2)};
constexpr TileLine linesBaseline[] = {
    line(Tiled::attention, attentionBaseline), line(Tiled::deepAttention, attentionBaseline),
    line(Tiled::maskedAttention, attentionBaseline), line(Tiled::products, productsBaseline)};

constexpr int64_t mostOfShallow = 80;  // products of a score

std::string textOf(const RegisterTile& tile) {
  return (llvm::Twine(tile.vectors) + "x" + llvm::Twine(tile.keys) + "x" + llvm::Twine(tile.values)).str();
}

}  // namespace

std::string TileLine::describe(size_t n) const {
  if (!products.empty()) {
    const ContractTile& tile = products[n];
    std::string text =
        std::to_string(tile.rows) + "x" + std::to_string(tile.vectors) + ", " + std::to_string(tile.depth) + " deep";
    return tile.part == tile.depth ? text : text + " by " + std::to_string(tile.part);
  }
  const AttentionTile& tile = attention[n];
  std::string text =
      textOf(tile.whole) + ", strips " + textOf(tile.strip) + ", blocks of " + std::to_string(tile.block);
  return tile.groups == 1 ? text : text + " for " + std::to_string(tile.groups);
}

llvm::ArrayRef<TileLine> Target::tileLines() const {
  if (amx) return linesAmx;
  if (bf16) return linesOfPairs;
  if (avx512) return lines512;
  return fma ? linesAvx2 : linesBaseline;
}

std::string Target::describeTileLines() const {
  std::string text = std::to_string(tileLines().size()) + " digits: ";
  for (auto [n, line] : llvm::enumerate(tileLines()))
    text += (n ? ", " : "") + line.name.str() + " 0 to " + std::to_string(line.size() - 1);
  return text;
}

size_t Target::tileOf(Tiled what) const { return tiles.empty() ? 0 : size_t(tiles[size_t(what)] - '0'); }

AttentionTile Target::attention(int64_t depth, bool masked) const {
  const Tiled what = masked ? Tiled::maskedAttention : depth > mostOfShallow ? Tiled::deepAttention : Tiled::attention;
  return tileLines()[size_t(what)].attention[tileOf(what)];
}

AttentionTile Target::attentionOneVector() const {
  const RegisterTile one = avx512 ? RegisterTile{1, 16, 16} : RegisterTile{1, 8, 8};
  return {.whole = one, .strip = one, .narrow = one, .costly = {1, 4, 1}, .block = 128, .segment = 16};
}

AttentionTile Target::attentionByMatrices(bool oneVector, bool masked) const {
  const RegisterTile one{1, 16, 32};
  if (oneVector) return {.whole = one, .strip = one, .narrow = one, .costly = one, .block = 128, .segment = 16};
  const Tiled what = masked ? Tiled::maskedMatrices : Tiled::matrices;
  return tileLines()[size_t(what)].attention[tileOf(what)];
}

FewRowsTile Target::attentionFewRows(int64_t rows) const {
  const int most = rows <= 2 ? std::max(int(rows), 1) : 4;
  return {.rows = most, .keys = std::min(4, lanes / most), .block = 64};
}

ContractTile Target::contract(bool pairs, int64_t columns) const {
  const Tiled what = pairs ? Tiled::productsOfPairs : Tiled::products;
  llvm::ArrayRef<ContractTile> tiles = tileLines()[size_t(what)].products;
  const ContractTile& tile = tiles[tileOf(what)];
  // Else heads of 32 columns would leave half of a panel empty; and numbers of few bits need registers of their own.
  const int64_t width = tile.vectors * lanes;
  const bool fills = columns < 0 || columns % width == 0 || columns >= 8 * width;
  if (tile.vectors == 2 || (fills && !weightBits)) return tile;
  return *llvm::find_if(tiles, [](const ContractTile& tile) { return tile.vectors == 2; });
}

}  // namespace heed::codegen
