// The inside of the interpreter: registers, shared memory, and ops as closures over register numbers.
//
// A value is one or more words of 64 bits for each lane: a scalar is one, a vector, struct or memref descriptor is one
// for each of its parts. Integers are zero-extended, floats are their bits.
#pragma once

#include <bit>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "mlir/IR/Operation.h"
#include "simt.h"

namespace heed::simt {

constexpr int lanes = 32;
using Word = std::uint64_t;
using Mask = std::uint32_t;
constexpr Mask everyLane = ~Mask(0);

class Warp;
using Step = std::function<void(Warp&, Mask)>;
using Steps = std::vector<Step>;

/// A block's shared memory, and who touched each byte of it last.
class Shared {
 public:
  explicit Shared(std::int64_t bytes) : size_(std::size_t(bytes)), bytes_(size_ + 1024), marks_(size_) {}
  bool has(std::uintptr_t address) const { return address >= begin() && address < begin() + size_; }
  std::uintptr_t begin() const { return (reinterpret_cast<std::uintptr_t>(bytes_.data()) + 1023) / 1024 * 1024; }
  /// Why a thread may not read or write there; empty if it may.
  std::string read(std::uintptr_t address, int bytes, int thread, const Warp& warp);
  std::string write(std::uintptr_t address, int bytes, int thread, const Warp& warp);
  /// Bytes that a copy under way will write: nobody may touch them before it is waited for.
  std::string reserve(std::uintptr_t address, int bytes, int thread, const Warp& warp);
  void land(std::uintptr_t address, int bytes, int thread, const Warp& warp);
  /// What the copy engine writes, to be read by warps that have waited for a barrier's phase.
  std::string bring(std::uintptr_t address, int bytes, std::uintptr_t barrier, std::uint64_t phase);
  /// A product begins (1) or ends (-1) to read them.
  std::string hold(std::uintptr_t address, int bytes, const Warp& warp, int change);

 private:
  struct Access {
    int thread = -1;
    std::uint32_t blockEpoch = 0, warpEpoch = 0;
  };
  struct Mark {
    Access writer, reader;
    bool manyReaders = false, manyWarps = false;  // since the last block barrier
    bool inFlight = false;
    int products = 0;            // under way that read it
    std::uintptr_t barrier = 0;  // of the copy that wrote it; 0: a thread did
    std::uint64_t phase = 0;
    bool seenBy(const Warp& warp) const;
  };
  bool ordered(const Access& before, int thread, const Warp& warp) const;
  bool readersDone(const Mark& mark, int thread, const Warp& warp) const;
  std::size_t size_;
  std::vector<unsigned char> bytes_;
  std::vector<Mark> marks_;
};

/// A barrier that counts arrivals and bytes.
struct Mbarrier {
  int count, pending;
  std::int64_t bytes;
  std::uint64_t phase;  // how many are complete
  void advance();
};

/// What the warps of a block share. Only one of them runs at a time.
struct Block {
  std::int64_t number;
  int threads;
  Shared shared;
  const Memory& memory;
  const void* record;
  std::int64_t recordBytes;
  std::uint32_t epoch = 0;  // block barriers so far

  // The turn goes from warp to warp; a barrier is passed when all have come to it.
  std::mutex mutex;
  std::condition_variable changed;
  int turn = 0, waiting = 0, running = 0;
  bool failed = false;
  std::vector<bool> done;
  struct Wait {
    std::function<bool()> ready;  // null: it does not wait
    std::string what;
  };
  std::vector<Wait> blocked;  // of each warp
  std::string stuck;
  std::map<std::uintptr_t, Mbarrier> mbarriers;
  struct Named {
    int arrived = 0, threads = 0;
    std::uint32_t warps = 0, generation = 0;  // who came since it was complete; how often it was
    bool orders = true;                       // whether all of them wait for each other
  } named[16];
  std::uint32_t passed = 0;  // barriers of the whole block
  void barrier(int warp);
  /// Others go on until `ready`; a fault where all wait, which says `what` for.
  void until(int warp, std::function<bool()> ready, const std::string& what);
  void yield(int warp) {
    until(
        warp, [] { return true; }, "its turn");
  }
  /// The block's end: why that is none; empty if it is.
  std::string leftOver() const;
  void leave(int warp, bool failure);
  void next(int warp);
};

/// A copy to shared memory that has been asked for.
struct Copy {
  std::uintptr_t to;
  std::vector<unsigned char> data;
  int group;
};

class Warp {
 public:
  Warp(Block& block, int number, int words) : block(block), number(number), registers_(std::size_t(words) * lanes) {}
  Word* at(int word) { return registers_.data() + std::size_t(word) * lanes; }
  int thread(int lane) const { return number * lanes + lane; }
  /// Checked memory of either kind.
  void load(std::uintptr_t address, void* to, int bytes, int lane, mlir::Operation* op);
  void store(std::uintptr_t address, const void* from, int bytes, int lane, mlir::Operation* op);
  void requireAll(Mask mask, mlir::Operation* op) const;

  Block& block;
  const int number;
  std::uint32_t epoch = 0;  // warp barriers so far
  std::vector<Copy> copies[lanes];
  int groups[lanes] = {};  // of copies, committed so far
  struct Product {
    int group;
    std::function<void(Warp&)> end;
  };
  std::vector<Product> products;  // of this warp's rows, under way
  int productGroups = 0;
  std::map<std::uintptr_t, std::uint64_t> waited;  // phases of a barrier that it knows to be complete

 private:
  std::vector<Word> registers_;
};

[[noreturn]] void fault(mlir::Operation* op, const std::string& what);

/// body(lane) for the lanes of the mask.
template <class F>
inline void each(Mask mask, F&& body) {
  if (mask == everyLane)
    for (int lane = 0; lane < lanes; ++lane) body(lane);
  else
    for (Mask rest = mask; rest; rest &= rest - 1) body(std::countr_zero(rest));
}

/// Turns ops into steps, and values into numbers of registers.
class Compiler {
 public:
  explicit Compiler(std::map<std::string, std::int64_t>& counts) : counts_(counts) {}
  Steps block(mlir::Block& block);
  int word(mlir::Value value);
  int words() const { return next_; }
  bool usesBarrier() const { return barrier_; }

 private:
  // One for each kind of op; an empty step where the op is none of theirs.
  Step arithmetic(mlir::Operation* op);
  Step memory(mlir::Operation* op);
  Step control(mlir::Operation* op);
  Step device(mlir::Operation* op);
  Step async(mlir::Operation* op);

  llvm::DenseMap<mlir::Value, int> slots_;
  std::map<std::string, std::int64_t>& counts_;
  int next_ = 0;
  bool barrier_ = false;
};

int wordsOf(mlir::Type type);
int bitsOf(mlir::Type scalar);
inline Word masked(Word x, int bits) { return bits == 64 ? x : x & ((Word(1) << bits) - 1); }
inline std::int64_t extended(Word x, int bits) {
  return bits == 64 ? std::int64_t(x) : std::int64_t(x << (64 - bits)) >> (64 - bits);
}
/// A float of any kind as a double and back, rounded to nearest, ties to even.
double toDouble(Word bits, mlir::Type type);
Word fromDouble(double x, mlir::Type type);

}  // namespace heed::simt
