// Products by mma.sync: a warp has 32 x 64 sums, four of each 16 x 8 in a thread.
#include "heed/codegen/gpu/contract/blocks.h"
#include "heed/codegen/gpu/contract/kernel.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

// As many stages as there is room for where the sums go in the end.
constexpr Blocks ofHalves{.rows = 128, .columns = 128, .warpRows = 32, .warpColumns = 64, .depth = 32, .stages = 3};
// As many bytes. Of an upright tile a warp reads eight numbers beside each other in each of four rows: with two pieces
// between rows these are in different banks.
constexpr Blocks ofSingles{.rows = 128,
                           .columns = 128,
                           .warpRows = 32,
                           .warpColumns = 64,
                           .depth = 16,
                           .stages = 3,
                           .uprightGap = 2 * pieceBytes};

class CoresMultiplier : public Multiplier {
 public:
  CoresMultiplier(Builder& b, const Thread& thread, const Tiles& tiles)
      : b(b), tiles(tiles), cores(b, thread, 0, tiles.staging.type()), warp(warpPlace(b, thread, tiles.blocks)) {
    Value lane = thread.lane(b);
    group = quotient(b, lane, constant(b, 4));
    pair = mul(b, sub(b, lane, mul(b, group, constant(b, 4))), constant(b, 2));
  }

  int64_t count() const override { return tiles.blocks.warpRows / 16 * across() * 4; }

  Values multiply(Values sums, Value at) override {
    const Side &left = tiles.left, &right = tiles.right;
    for (int64_t step = 0; step < tiles.blocks.depth; step += Cores::stepOf(cores.type())) {
      Value along = constant(b, step);
      SmallVector<Values> a;
      for (int64_t m = 0; m < tiles.blocks.warpRows; m += 16)
        a.push_back(cores.left(left.staged, add(b, warp.first, constant(b, m)), along, left.upright, at));
      for (int64_t n = 0; n < tiles.blocks.warpColumns; n += 16) {
        Values both = cores.right(right.staged, add(b, warp.second, constant(b, n)), along, right.upright, at);
        for (int64_t t = 0; t < 2; ++t)
          for (auto [m, x] : llvm::enumerate(a)) {
            size_t first = (m * across() + n / 8 + t) * 4;
            Values sum = cores.multiply(x, ValueRange(both).slice(2 * t, 2), ValueRange(sums).slice(first, 4));
            llvm::copy(sum, sums.begin() + first);
          }
      }
    }
    return sums;
  }

  std::pair<Value, Value> placeOf(int64_t sum) override {
    const int64_t i = sum % 4, tile = sum / 4, m = tile / across(), n = tile % across();
    return {add(b, add(b, warp.first, group), constant(b, 16 * m + 8 * (i / 2))),
            add(b, add(b, warp.second, pair), constant(b, 8 * n + i % 2))};
  }

 private:
  int64_t across() const { return tiles.blocks.warpColumns / 8; }

  Builder& b;
  Tiles tiles;
  Cores cores;
  std::pair<Value, Value> warp;
  Value group, pair;
};

}  // namespace

std::unique_ptr<Multiplier> multiplyByCores(Builder& b, const Thread& thread, const Tiles& tiles) {
  return std::make_unique<CoresMultiplier>(b, thread, tiles);
}

void ProductKernel::emitCores(const std::string& why) {
  const bool single = views[0].element.isF32();
  const Blocks& blocks = single ? ofSingles : ofHalves;
  emitRemark(op.getLoc()) << "product by mma.sync" << (single ? " in tf32" : "") << ": tiles of " << blocks.rows
                          << " x " << blocks.columns << ", " << blocks.stages << " stages; " << why
                          << planParts(blocks);
  emitBlocks(blocks, multiplyByCores);
}

}  // namespace heed::codegen::gpu
