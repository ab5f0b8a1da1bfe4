// What Hopper does beside its threads: barriers that count bytes, the copy engine, products of warpgroups.
//
// A copy is there at once but may be read only by warps that have waited for its barrier. A product is computed at
// once, but its sums are NaN to all but further products before a wait has returned them, and until then nobody may
// bring something else to where it reads: what comes too early shows as NaN or as a fault. Swizzle: PTX ISA, "Swizzling
// modes", 128 bytes; layouts of operands in shared memory: "Strides" under "Matrix descriptor".
#include "heed/codegen/tile/async.h"

#include <algorithm>
#include <cstring>

#include "machine.h"

namespace heed::simt {

using namespace mlir;

namespace {

int firstOf(Mask m) { return std::countr_zero(m); }

/// Of an address: bits 4 to 6 are xor bits 7 to 9.
std::uintptr_t swizzled(std::uintptr_t address) { return address ^ ((address >> 7 & 7) << 4); }

/// A sum of a product under way, in a register: a NaN that tells its group, and beside it what it will be.
constexpr std::uint32_t nanOfProducts = 0x7fe00000, groupBits = 0x1fffff;
Word underWay(float sum, int group) {
  return Word(std::bit_cast<std::uint32_t>(sum)) << 32 | nanOfProducts | (std::uint32_t(group) & groupBits);
}
bool isUnderWay(Word word) { return (std::uint32_t(word) & ~groupBits) == nanOfProducts; }
float sumIn(Word word) { return std::bit_cast<float>(std::uint32_t(isUnderWay(word) ? word >> 32 : word)); }

/// A matrix of 16-bit numbers in shared memory.
struct Operand {
  std::uintptr_t start;
  std::int64_t leading, stride;
  bool depthIsRows;

  Operand(Word descriptor, std::uintptr_t shared, bool depthIsRows)
      : start((descriptor & 0x3fff) << 4),
        leading(std::int64_t(descriptor >> 16 & 0x3fff) << 4),
        stride(std::int64_t(descriptor >> 32 & 0x3fff) << 4),
        depthIsRows(depthIsRows) {
    // A descriptor has 18 bits of the address; shared memory is never larger.
    const std::uintptr_t window = std::uintptr_t(1) << 18;
    start += shared & ~(window - 1);
    if (start < shared) start += window;
  }
  /// Of number k along the depth, in row (or column) r.
  std::uintptr_t address(std::int64_t r, std::int64_t k) const {
    if (depthIsRows)
      return swizzled(start + std::uintptr_t(r / 64 * leading + k / 8 * stride + k % 8 * 128 + r % 64 * 2));
    return swizzled(start + std::uintptr_t(r / 8 * stride + r % 8 * 128 + k * 2));
  }
};

}  // namespace

void Mbarrier::advance() {
  if (pending > 0 || bytes > 0) return;
  ++phase;
  pending = count;
}

std::string Shared::bring(std::uintptr_t address, int bytes, std::uintptr_t barrier, std::uint64_t phase) {
  if (address < begin() || address + bytes > begin() + size_) return "the copy engine writes outside of shared memory";
  for (int i = 0; i < bytes; ++i) {
    Mark& mark = marks_[address - begin() + i];
    if (mark.inFlight) return "the copy engine writes where another copy is under way";
    if (mark.products) return "the copy engine writes what a product under way reads";
    mark = {};
    mark.writer.thread = 0, mark.barrier = barrier, mark.phase = phase;
  }
  return "";
}

std::string Shared::hold(std::uintptr_t address, int bytes, const Warp& warp, int change) {
  if (address < begin() || address + bytes > begin() + size_) return "a product reads outside of shared memory";
  for (int i = 0; i < bytes; ++i) {
    Mark& mark = marks_[address - begin() + i];
    if (mark.inFlight) return "a product reads what a copy under way will write";
    if (mark.writer.thread < 0) return "a product reads shared memory that nobody has written";
    if (!mark.seenBy(warp)) return "a product reads what the copy engine brings, and has not waited for it";
    mark.products += change;
  }
  return "";
}

Step Compiler::async(Operation* op) {
  auto counted = [&](Step step) -> Step {
    std::int64_t* count = &counts_[op->getName().getStringRef().str()];
    return [=, step = std::move(step)](Warp& w, Mask m) {
      ++*count;
      step(w, m);
    };
  };
  auto words = [&](ValueRange values) { return llvm::map_to_vector(values, [&](Value v) { return word(v); }); };
  auto barrierAt = [op](Warp& w, Word address) -> Mbarrier& {
    auto known = w.block.mbarriers.find(address);
    if (known == w.block.mbarriers.end()) fault(op, "no barrier was made there");
    return known->second;
  };
  auto arriving = [&](Value barrier, std::int64_t bytes) {
    return counted([=, at = word(barrier)](Warp& w, Mask m) {
      each(m, [&](int l) {
        Mbarrier& b = barrierAt(w, w.at(at)[l]);
        if (b.pending == 0) fault(op, "more arrivals than the barrier counts");
        --b.pending, b.bytes += bytes;
        b.advance();
      });
      w.block.yield(w.number);  // the sooner others go on, the sooner they meet what is not done
    });
  };

  if (auto init = dyn_cast<tile::MbarrierInitOp>(op)) {
    int at = word(init.getBarrier()), count = int(init.getCount());
    return counted([=](Warp& w, Mask m) {
      each(m, [&](int l) {
        if (w.at(at)[l] % 8 || !w.block.shared.has(w.at(at)[l])) fault(op, "a barrier is 8 bytes of shared memory");
        w.block.mbarriers[w.at(at)[l]] = {count, count, 0, 0};
      });
    });
  }
  if (auto expect = dyn_cast<tile::MbarrierExpectOp>(op)) return arriving(expect.getBarrier(), expect.getBytes());
  if (auto arrive = dyn_cast<tile::MbarrierArriveOp>(op)) return arriving(arrive.getBarrier(), 0);
  if (auto wait = dyn_cast<tile::MbarrierWaitOp>(op)) {
    int at = word(wait.getBarrier()), parity = word(wait.getParity());
    return counted([=](Warp& w, Mask m) {
      const Word address = w.at(at)[firstOf(m)], of = w.at(parity)[firstOf(m)] & 1;
      Mbarrier& b = barrierAt(w, address);
      w.block.until(
          w.number, [&] { return (b.phase & 1) != of; }, "a phase of parity " + std::to_string(of));
      w.waited[address] = b.phase;
    });
  }
  if (auto load = dyn_cast<tile::TmaLoadOp>(op)) {
    int map = word(load.getMap()), to = word(load.getTo()), barrier = word(load.getBarrier());
    auto at = words(load.getAt());
    return counted([=](Warp& w, Mask m) {
      if (std::popcount(m) != 1) fault(op, "one thread asks for a copy, not several");
      const int l = firstOf(m);
      Tensor tensor;
      if (w.at(map)[l] % 64) fault(op, "a tensor map lies at a multiple of 64");
      w.load(w.at(map)[l], &tensor, sizeof tensor, l, op);
      if (tensor.rank != int(at.size())) fault(op, "the tensor has another rank");
      const std::uintptr_t begin = w.at(to)[l];
      if (begin % 1024) fault(op, "the copy engine writes to multiples of 1024");
      Mbarrier& b = barrierAt(w, w.at(barrier)[l]);
      std::int64_t count = 1;
      for (int d = 0; d < tensor.rank; ++d) count *= tensor.box[d];
      if (std::string wrong = w.block.shared.bring(begin, int(2 * count), w.at(barrier)[l], b.phase); !wrong.empty())
        fault(op, wrong);
      for (std::int64_t n = 0; n < count; ++n) {
        std::int64_t rest = n;
        std::uintptr_t from = std::uintptr_t(tensor.address);
        bool inside = true;
        for (int d = 0; d < tensor.rank; ++d) {
          const std::int64_t x = rest % tensor.box[d] + std::int32_t(w.at(at[d])[l]);
          rest /= tensor.box[d];
          inside &= x >= 0 && x < tensor.sizes[d];
          from += std::uintptr_t(x * (d == 0 ? 2 : tensor.strides[d - 1]));
        }
        if (inside && !w.block.memory.has(from, 2)) fault(op, "the copy engine reads outside of all buffers");
        const std::uint16_t value = inside ? *reinterpret_cast<const std::uint16_t*>(from) : 0;
        std::memcpy(reinterpret_cast<void*>(swizzled(begin + std::uintptr_t(2 * n))), &value, 2);
      }
      b.bytes -= 2 * count;
      b.advance();
    });
  }
  if (auto product = dyn_cast<tile::WgmmaOp>(op)) {
    auto a = words(product.getA()), sums = words(product.getSums()), results = words(product.getResults());
    const int b = word(product.getB()), n = int(product.getN());
    const bool upright = product.getUpright();
    Type element = product.getElement();
    return counted([=](Warp& w, Mask m) {
      w.requireAll(m, op);
      const std::uintptr_t shared = w.block.shared.begin();
      const Operand right(w.at(b)[0], shared, upright);
      const bool memory = a.size() == 1;
      const Operand left(memory ? w.at(a[0])[0] : 0, shared, false);
      auto touch = [=](Warp& w, int change) {
        auto hold = [&](std::uintptr_t address) {
          if (std::string wrong = w.block.shared.hold(address, 2, w, change); !wrong.empty()) fault(op, wrong);
        };
        for (int k = 0; k < 16; ++k) {
          for (int j = 0; j < n; ++j) hold(right.address(j, k));
          for (int i = 0; memory && i < 16; ++i) hold(left.address(16 * (w.number % 4) + i, k));
        }
      };
      touch(w, 1);
      auto read = [&](std::uintptr_t address) {
        std::uint16_t bits;
        std::memcpy(&bits, reinterpret_cast<const void*>(address), 2);
        return toDouble(bits, element);
      };
      std::vector<double> B(std::size_t(n) * 16);
      for (int j = 0; j < n; ++j)
        for (int k = 0; k < 16; ++k) B[std::size_t(j) * 16 + k] = read(right.address(j, k));
      double A[16][16];
      for (int i = 0; i < 16; ++i)
        for (int k = 0; k < 16; ++k) {
          // Fragments of mma.m16n8k16: register 2 (k / 8) + i / 8, lane 4 (i % 8) + k % 8 / 2, half k % 2.
          const Word bits = memory ? 0 : w.at(a[std::size_t(2 * (k / 8) + i / 8)])[4 * (i % 8) + k % 8 / 2];
          A[i][k] = memory ? read(left.address(16 * (w.number % 4) + i, k))
                           : toDouble(bits >> (16 * (k % 2)) & 0xffff, element);
        }
      for (std::size_t r = 0; r < results.size(); ++r)
        for (int l = 0; l < lanes; ++l) {
          const int i = l / 4 + 8 * int(r / 2 % 2), j = 8 * int(r / 4) + 2 * (l % 4) + int(r % 2);
          double sum = sums.empty() ? 0 : sumIn(w.at(sums[r])[l]);
          for (int k = 0; k < 16; ++k) sum += A[i][k] * B[std::size_t(j) * 16 + k];
          w.at(results[r])[l] = underWay(float(sum), w.productGroups);
        }
      w.products.push_back({w.productGroups, [=](Warp& w) { touch(w, -1); }});
    });
  }
  auto passOn = [&](ValueRange to, ValueRange from) {
    return counted([=, to = words(to), from = words(from)](Warp& w, Mask m) {
      w.requireAll(m, op);
      for (std::size_t n = 0; n < to.size(); ++n) std::copy_n(w.at(from[n]), lanes, w.at(to[n]));
    });
  };
  if (auto fence = dyn_cast<tile::WgmmaFenceOp>(op)) return passOn(fence.getResults(), fence.getValues());
  if (auto wait = dyn_cast<tile::WgmmaWaitOp>(op)) {
    auto to = words(wait.getResults()), from = words(wait.getValues());
    return counted([=, pending = int(wait.getPending())](Warp& w, Mask m) {
      w.requireAll(m, op);
      const int done = w.productGroups - pending;
      while (!w.products.empty() && w.products.front().group < done) {
        w.products.front().end(w);
        w.products.erase(w.products.begin());
      }
      for (std::size_t n = 0; n < to.size(); ++n)
        for (int l = 0; l < lanes; ++l) {
          const Word x = w.at(from[n])[l];
          const bool there = isUnderWay(x) && int(x & groupBits) < done;
          w.at(to[n])[l] = there ? std::bit_cast<std::uint32_t>(sumIn(x)) : x;
        }
    });
  }
  if (isa<tile::WgmmaCommitOp>(op))
    return counted([=](Warp& w, Mask m) {
      w.requireAll(m, op);
      ++w.productGroups;
    });
  if (auto barrier = dyn_cast<tile::NamedBarrierOp>(op)) {
    const int at = word(barrier.getId()), threads = int(barrier.getThreads());
    const bool waits = !barrier.getArrive();
    barrier_ = true;
    return counted([=](Warp& w, Mask m) {
      w.requireAll(m, op);
      const Word id = w.at(at)[0] & 0xffffffff;
      if (id < 1 || id > 15) fault(op, "barrier " + std::to_string(id) + "; there are 1 to 15");
      Block::Named& named = w.block.named[id];
      if (named.arrived && named.threads != threads) fault(op, "others at the barrier count other threads");
      if (named.warps >> w.number & 1) fault(op, "the warp comes twice before the barrier is complete");
      const std::uint32_t before = named.generation;
      named.threads = threads, named.warps |= 1u << w.number, named.orders &= waits;
      if ((named.arrived += lanes) == threads) {
        // Who only arrives is told nothing of what others wrote: turns order no memory here.
        if (named.orders) ++w.block.epoch;
        named = {.generation = before + 1};
      }
      if (!waits) return w.block.yield(w.number);
      w.block.until(
          w.number, [&] { return named.generation != before; }, "barrier " + std::to_string(id));
    });
  }
  if (isa<tile::FenceAsyncOp, tile::RegistersOp>(op)) return counted([](Warp&, Mask) {});
  return {};
}

}  // namespace heed::simt
