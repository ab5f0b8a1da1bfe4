// The program, its launches, and the turns that warps take.
#include "simt.h"

#include <cstring>
#include <thread>

#include "machine.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace heed::simt {

using namespace mlir;

void fault(Operation* op, const std::string& what) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << what << "\n  at: ";
  op->print(out, OpPrintingFlags().skipRegions().useLocalScope());
  throw Fault(text);
}

struct Program::Parts {
  ModuleOp device;
  std::map<std::string, std::int64_t> counts;
  struct Kernel {
    Compiler compiler;
    Steps steps;
    int record = 0;
  };
  std::map<std::string, std::unique_ptr<Kernel>> kernels;

  Kernel& kernel(const std::string& name) {
    std::unique_ptr<Kernel>& known = kernels[name];
    if (known) return *known;
    auto function = device.lookupSymbol<LLVM::LLVMFuncOp>(name);
    if (!function) throw Fault("no kernel has the name " + name);
    auto fresh = std::make_unique<Kernel>(Kernel{Compiler(counts), {}, 0});
    fresh->record = fresh->compiler.word(function.getArgument(0));
    fresh->steps = fresh->compiler.block(function.front());
    known = std::move(fresh);
    return *known;
  }
};

Program::Program(ModuleOp device) : parts_(std::make_unique<Parts>()) { parts_->device = device; }
Program::~Program() = default;

std::int64_t Program::count(const std::string& op) const {
  auto known = parts_->counts.find(op);
  return known == parts_->counts.end() ? 0 : known->second;
}

void Program::run(const Launch& launch, const Memory& memory) {
  Parts::Kernel& kernel = parts_->kernel(launch.kernel);
  // Parameters lie at a multiple of 64 bytes, as the kernel says they must.
  struct alignas(64) Line {
    unsigned char bytes[64];
  };
  std::vector<Line> record(std::size_t(launch.record_bytes) / 64 + 1);
  std::memcpy(record.data(), launch.record, std::size_t(launch.record_bytes));
  Memory all = memory;
  all.add(record.data(), launch.record_bytes);
  const int warps = int(launch.threads) / lanes;
  for (std::int64_t number = 0; number < launch.blocks; ++number) {
    Block block{.number = number,
                .threads = int(launch.threads),
                .shared = Shared(launch.shared_bytes),
                .memory = all,
                .record = record.data(),
                .recordBytes = launch.record_bytes,
                .mutex = {},
                .changed = {},
                .done = {},
                .blocked = {},
                .stuck = {},
                .mbarriers = {},
                .named = {}};
    auto work = [&](int w) {
      Warp warp(block, w, kernel.compiler.words());
      each(everyLane, [&](int lane) { warp.at(kernel.record)[lane] = reinterpret_cast<Word>(record.data()); });
      for (const Step& step : kernel.steps) step(warp, everyLane);
    };
    if (!kernel.compiler.usesBarrier()) {
      for (int w = 0; w < warps; ++w) work(w);
      continue;
    }
    block.done.resize(warps), block.blocked.resize(warps);
    block.running = warps;
    std::exception_ptr failure;
    std::vector<std::thread> threads;
    for (int w = 0; w < warps; ++w)
      threads.emplace_back([&, w] {
        {
          std::unique_lock lock(block.mutex);
          block.changed.wait(lock, [&] { return block.turn == w || block.failed; });
          if (block.failed) return;
        }
        try {
          work(w);
          block.leave(w, false);
        } catch (...) {
          std::unique_lock lock(block.mutex);
          if (!failure) failure = std::current_exception();
          lock.unlock();
          block.leave(w, true);
        }
      });
    for (std::thread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
    if (std::string wrong = block.leftOver(); !wrong.empty()) throw Fault(wrong);
  }
}

/// Gives the turn to the next warp that can go on. With the mutex held.
void Block::next(int warp) {
  const int warps = int(done.size());
  if (running > 0 && waiting == running) {  // all have come to the block's barrier
    ++epoch, ++passed;
    waiting = 0;
  }
  bool found = false;
  for (int n = 1; n <= warps && !found; ++n)
    if (int w = (warp + n) % warps; !done[w] && (!blocked[w].ready || blocked[w].ready())) turn = w, found = true;
  if (!found && running > 0 && !failed) {
    failed = true;
    stuck = "every warp of the block waits, and nobody can go on";
    for (int w = 0; w < warps; ++w)
      if (!done[w]) stuck += "\n  warp " + std::to_string(w) + " for " + blocked[w].what;
  }
  changed.notify_all();
}

void Block::until(int warp, std::function<bool()> ready, const std::string& what) {
  std::unique_lock lock(mutex);
  blocked[warp] = {std::move(ready), what};
  next(warp);
  changed.wait(lock, [&] { return failed || turn == warp; });
  blocked[warp].ready = nullptr;
  if (failed) throw Fault(stuck.empty() ? "another warp of the block failed" : stuck);
}

void Block::barrier(int warp) {
  const std::uint32_t before = passed;
  ++waiting;
  until(
      warp, [this, before] { return passed != before; }, "the block's barrier");
}

std::string Block::leftOver() const {
  for (int id = 0; id < 16; ++id)
    if (named[id].arrived)
      return "the block ends, and at barrier " + std::to_string(id) + " are " + std::to_string(named[id].arrived) +
             " of " + std::to_string(named[id].threads) + " threads";
  return "";
}

void Block::leave(int warp, bool failure) {
  std::unique_lock lock(mutex);
  done[warp] = true;
  --running;
  failed |= failure;
  next(warp);
}

// ---- memory

bool Shared::Mark::seenBy(const Warp& warp) const {
  if (barrier == 0) return true;
  auto known = warp.waited.find(barrier);
  return known != warp.waited.end() && known->second > phase;
}

bool Shared::ordered(const Access& before, int thread, const Warp& warp) const {
  if (before.thread < 0 || before.thread == thread) return true;
  if (before.blockEpoch < warp.block.epoch) return true;
  return before.thread / lanes == thread / lanes && before.warpEpoch < warp.epoch;
}

/// Of many readers only the last is known.
bool Shared::readersDone(const Mark& mark, int thread, const Warp& warp) const {
  const Access& last = mark.reader;
  if (last.thread < 0 || last.blockEpoch < warp.block.epoch) return true;
  if (mark.manyWarps || last.thread / lanes != thread / lanes) return false;
  return last.warpEpoch < warp.epoch || (!mark.manyReaders && last.thread == thread);
}

std::string Shared::read(std::uintptr_t address, int bytes, int thread, const Warp& warp) {
  if (address + bytes > begin() + size_) return "reads past the end of shared memory";
  for (int i = 0; i < bytes; ++i) {
    Mark& mark = marks_[address - begin() + i];
    if (mark.inFlight) return "reads shared memory that a copy under way will write";
    if (mark.writer.thread < 0) return "reads shared memory that nobody has written";
    if (!mark.seenBy(warp)) return "reads what the copy engine brings, and has not waited for it";
    if (!mark.barrier && !ordered(mark.writer, thread, warp))
      return "race: reads what thread " + std::to_string(mark.writer.thread) + " wrote, with no barrier between them";
    bool before = mark.reader.thread >= 0 && mark.reader.blockEpoch == warp.block.epoch;
    mark.manyReaders = before && (mark.manyReaders || mark.reader.thread != thread);
    mark.manyWarps = before && (mark.manyWarps || mark.reader.thread / lanes != thread / lanes);
    mark.reader = {thread, warp.block.epoch, warp.epoch};
  }
  return "";
}

std::string Shared::write(std::uintptr_t address, int bytes, int thread, const Warp& warp) {
  if (address + bytes > begin() + size_) return "writes past the end of shared memory";
  for (int i = 0; i < bytes; ++i) {
    Mark& mark = marks_[address - begin() + i];
    if (mark.inFlight) return "writes shared memory that a copy under way will write";
    if (!mark.seenBy(warp)) return "writes what the copy engine brings, and has not waited for it";
    if (mark.products) return "writes what a product under way reads";
    bool written = !mark.barrier && !ordered(mark.writer, thread, warp);
    if (written || !readersDone(mark, thread, warp))
      return "race: writes what thread " + std::to_string(written ? mark.writer.thread : mark.reader.thread) +
             (written ? " wrote" : " read") + ", with no barrier between them";
    mark = {.writer = {thread, warp.block.epoch, warp.epoch}, .reader = {}};
  }
  return "";
}

std::string Shared::reserve(std::uintptr_t address, int bytes, int thread, const Warp& warp) {
  std::string wrong = write(address, bytes, thread, warp);
  if (wrong.empty())
    for (int i = 0; i < bytes; ++i) marks_[address - begin() + i].inFlight = true;
  return wrong;
}

void Shared::land(std::uintptr_t address, int bytes, int thread, const Warp& warp) {
  for (int i = 0; i < bytes; ++i) {
    Mark& mark = marks_[address - begin() + i];
    mark.inFlight = false;
    mark.writer = {thread, warp.block.epoch, warp.epoch};
  }
}

void Warp::load(std::uintptr_t address, void* to, int bytes, int lane, Operation* op) {
  if (address % bytes && bytes <= 16) fault(op, "thread " + std::to_string(thread(lane)) + " reads misaligned");
  if (block.shared.has(address)) {
    if (std::string wrong = block.shared.read(address, bytes, thread(lane), *this); !wrong.empty())
      fault(op, "block " + std::to_string(block.number) + ", thread " + std::to_string(thread(lane)) + " " + wrong);
  } else if (!block.memory.has(address, bytes)) {
    fault(op, "block " + std::to_string(block.number) + ", thread " + std::to_string(thread(lane)) +
                  " reads outside of all buffers");
  }
  std::memcpy(to, reinterpret_cast<const void*>(address), bytes);
}

void Warp::store(std::uintptr_t address, const void* from, int bytes, int lane, Operation* op) {
  if (address % bytes && bytes <= 16) fault(op, "thread " + std::to_string(thread(lane)) + " writes misaligned");
  if (block.shared.has(address)) {
    if (std::string wrong = block.shared.write(address, bytes, thread(lane), *this); !wrong.empty())
      fault(op, "block " + std::to_string(block.number) + ", thread " + std::to_string(thread(lane)) + " " + wrong);
  } else if (!block.memory.has(address, bytes)) {
    fault(op, "block " + std::to_string(block.number) + ", thread " + std::to_string(thread(lane)) +
                  " writes outside of all buffers");
  }
  std::memcpy(reinterpret_cast<void*>(address), from, bytes);
}

void Warp::requireAll(Mask mask, Operation* op) const {
  if (mask != everyLane) fault(op, "not all threads of the warp come here together");
}

}  // namespace heed::simt
