// Products of f32 by fma: a thread has 8 x 8 sums, of rows and columns that lie apart so that lanes read shared memory
// in different banks, 16 bytes each.
//
// Per 4 of the depth a warp reads 16 times 512 bytes and does 256 fma: half of what shared memory gives beside 128 fma
// a clock. Two lanes beside each other have the same rows, and two that are two apart the same columns: of such a read
// half a warp takes one turn, where it would take two. From beyond a block of 128 x 128 reads 1/16 byte a fma.
//
// Each sum is one chain of fma along the depth, or along a part of it (parts.cpp), whatever the shape of the block: few
// rows go by small blocks, and get the same bits.
#include "heed/codegen/gpu/contract/blocks.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr Blocks big{.rows = 128, .columns = 128, .warpRows = 32, .warpColumns = 64, .depth = 16, .stages = 3};
// A step of these is short, and there may be few of them on a processor: more of the depth is under way.
constexpr Blocks small{.rows = 16, .columns = 32, .warpRows = 8, .warpColumns = 16, .depth = 32, .stages = 4};
constexpr int64_t idle = 4;  // where large blocks are on fewer processors than one of so many, small ones are faster

constexpr int64_t piece = pieceBytes / 4;  // numbers

/// The rows, or columns, of a thread's sums, and what it reads of their operand.
class Line {
 public:
  Line(Builder& b, Staging& staging, const Side& side, int64_t count, int64_t lanes, Value lane, Value warp)
      : b(b), staging(staging), side(side), all(count), lanes(lanes) {
    first = add(b, warp, mul(b, lane, constant(b, run())));
  }

  int64_t count() const { return all; }
  Value at(int64_t n) const { return add(b, first, constant(b, further(n))); }

  /// Number n + count * k is that of row n, k further than `k` along the depth; `piece` of them each.
  Values read(Value k, Value at) const {
    const int64_t pitch = side.staged.pitch();
    Value line = side.upright ? k : first, column = side.upright ? first : k;
    Value pointer = staging.shared(staging.addressOf(side.staged, line, column, at));
    Values numbers(all * piece);
    if (side.upright) {
      for (int64_t k = 0; k < piece; ++k)
        for (int64_t n = 0; n < all; n += run()) {
          Values some = staging.numbers(pointer, k * pitch + 4 * further(n), run());
          llvm::copy(some, numbers.begin() + n + all * k);
        }
    } else {
      for (int64_t n = 0; n < all; ++n)
        for (auto [k, x] : llvm::enumerate(staging.numbers(pointer, further(n) * pitch, piece)))
          numbers[n + all * k] = x;
    }
    return numbers;
  }

 private:
  int64_t run() const { return side.upright ? std::min(piece, all) : 1; }  // that lie beside each other
  int64_t further(int64_t n) const { return n / run() * run() * lanes + n % run(); }

  Builder& b;
  Staging& staging;
  Side side;
  int64_t all, lanes;
  Value first;
};

class FmaMultiplier : public Multiplier {
 public:
  FmaMultiplier(Builder& b, const Thread& thread, const Tiles& tiles) : b(b), depth(tiles.blocks.depth) {
    constexpr int64_t high = 4, wide = warpSize / high;  // lanes
    auto warp = warpPlace(b, thread, tiles.blocks);
    Value lane = thread.lane(b);
    auto bit = [&](int64_t n, int64_t to) {
      Value only = arith::AndIOp::create(b, lane, constant(b, int64_t(1) << n));
      return mul(b, quotient(b, only, constant(b, int64_t(1) << n)), constant(b, int64_t(1) << to));
    };
    rows.emplace(b, tiles.staging, tiles.left, tiles.blocks.warpRows / high, high, add(b, bit(1, 0), bit(3, 1)),
                 warp.first);
    columns.emplace(b, tiles.staging, tiles.right, tiles.blocks.warpColumns / wide, wide,
                    add(b, bit(0, 0), add(b, bit(2, 1), bit(4, 2))), warp.second);
  }

  int64_t count() const override { return rows->count() * columns->count(); }

  Values multiply(Values sums, Value at) override {
    auto loop = scf::ForOp::create(b, constant(b, 0), constant(b, depth), constant(b, piece), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Values x = rows->read(loop.getInductionVar(), at), y = columns->read(loop.getInductionVar(), at);
    Values next = llvm::to_vector(ValueRange(loop.getRegionIterArgs()));
    for (int64_t k = 0; k < piece; ++k)
      for (int64_t n = 0; n < count(); ++n) {
        Value left = x[rows->count() * k + n / columns->count()];
        Value right = y[columns->count() * k + n % columns->count()];
        next[n] = math::FmaOp::create(b, left, right, next[n]);
      }
    scf::YieldOp::create(b, next);
    return llvm::to_vector(ValueRange(loop.getResults()));
  }

  std::pair<Value, Value> placeOf(int64_t sum) override {
    return {rows->at(sum / columns->count()), columns->at(sum % columns->count())};
  }

 private:
  Builder& b;
  int64_t depth;
  std::optional<Line> rows, columns;
};

}  // namespace

std::unique_ptr<Multiplier> multiplyByFma(Builder& b, const Thread& thread, const Tiles& tiles) {
  return std::make_unique<FmaMultiplier>(b, thread, tiles);
}

void ProductKernel::emitFma() {
  const int64_t least = device.multiprocessors() / idle;
  Value few = below(b, countTiles(big), constant(b, least));
  emitRemark(op.getLoc()) << "product by fma: tiles of " << big.rows << " x " << big.columns << ", " << big.stages
                          << " stages; if there are fewer than " << least << ", of " << small.rows << " x "
                          << small.columns << ", " << small.stages << " stages" << planParts(small);
  static_assert(small.depth % big.depth == 0);
  auto by = [&](const Blocks& blocks) { return [&] { return emitBlocks(blocks, multiplyByFma), Values(); }; };
  choose(b, few, {}, by(small), by(big));
}

}  // namespace heed::codegen::gpu
