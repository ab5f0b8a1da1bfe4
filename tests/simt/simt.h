// Kernels of the `lowered` stage run on the CPU, warp by warp, op by op: what a GPU computes, on machines without one.
//
// Invariant: all 32 lanes of a warp run in step, an inactive lane changes nothing; warps of a block take turns at
// barriers only. What hardware would leave undefined stops the kernel with a Fault that names the op: a byte outside of
// the memory it was given, shared memory read before it is written, two threads at one byte without a barrier between
// them, a shuffle or barrier that not all threads reach. Test: tests/simt/simt_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "mlir/IR/BuiltinOps.h"

namespace heed::simt {

struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What kernels may touch: ranges of the host's memory.
class Memory {
 public:
  void add(const void* begin, std::int64_t bytes) { ranges_[reinterpret_cast<std::uintptr_t>(begin)] = bytes; }
  void remove(const void* begin) { ranges_.erase(reinterpret_cast<std::uintptr_t>(begin)); }
  bool has(std::uintptr_t address, std::int64_t bytes) const {
    auto next = ranges_.upper_bound(address);
    if (next == ranges_.begin()) return false;
    auto& [begin, size] = *std::prev(next);
    return address + std::uintptr_t(bytes) <= begin + std::uintptr_t(size);
  }

 private:
  std::map<std::uintptr_t, std::int64_t> ranges_;
};

/// What a tensor map is here.
struct Tensor {
  std::int64_t address;
  std::int32_t rank, box[5];
  std::int64_t sizes[5], strides[4];
};
static_assert(sizeof(Tensor) <= 128);

/// The kernels of a module, made ready to run.
class Program {
 public:
  /// `device` is the module of kernels (llvm.func). An op that cannot be run is a Fault when its kernel is launched.
  explicit Program(mlir::ModuleOp device);
  ~Program();

  struct Launch {
    std::string kernel;
    std::int64_t blocks, threads, shared_bytes;
    const void* record;  // its one parameter
    std::int64_t record_bytes;
  };
  void run(const Launch& launch, const Memory& memory);

  /// How many ops of a name ("nvvm.mma.sync") warps have run so far.
  std::int64_t count(const std::string& op) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace heed::simt
