// The contract between compiled code and the runtime: what a compiled module exports and the calls it makes.
//
// Plain C types only. Codegen emits calls by these names; runtime/session.cpp defines them.
#pragma once

#include <cstdint>

namespace heed::abi {

inline constexpr int max_rank = 8;

/// A strided view, laid out as MLIR's memref descriptor of the given rank: only the first `rank` sizes are present,
/// directly followed by `rank` strides (in elements). Use Descriptor<rank>.
template <int Rank>
struct Descriptor {
  void* allocated;
  void* aligned;
  std::int64_t offset;
  std::int64_t sizes[Rank];
  std::int64_t strides[Rank];
};
template <>
struct Descriptor<0> {
  void* allocated;
  void* aligned;
  std::int64_t offset;
};

/// The exported entry point `heed_entry`. arguments[i] points to the descriptor of argument i: the inputs, then the
/// parameters, the states (which it changes), and the results (allocated by the caller). The innermost stride of every
/// argument is 1.
using Entry = void (*)(void* session, void** arguments);

/// The other exported function, heed_pack: makes what kernels read in place of parameter `argument` (counted among
/// those of the entry). `weight` is the descriptor of the parameter, `memory` a Descriptor<1> of 32-bit words, 64-byte
/// aligned. Returns how many bytes it needs, 0 for a parameter that is read as it is; does no more if `memory` has no
/// elements. The entry finds the descriptor of that memory at arguments[n + argument], where n is the number of all
/// arguments.
using Pack = std::int64_t (*)(void* session, std::int64_t argument, void* weight, void* memory);

/// One task of a parallel region. `scratch` is 64-byte aligned and private to the worker during the call.
using Task = void (*)(void* captures, std::int64_t task, void* scratch);

extern "C" {
/// The session's arena, of the device's memory where the code is for one; at least `bytes` long, 64-byte aligned; contents undefined. Called once per entry.
void* heed_arena(void* session, std::int64_t bytes);
/// Memory that tasks of several regions share; at least `bytes` long, 64-byte aligned; contents undefined. Valid until
/// it is called again.
void* heed_shared(void* session, std::int64_t bytes);
/// How many threads the session has, at least 1.
std::int64_t heed_workers(void* session);
/// Runs task(captures, t, scratch) for every t in [0, tasks), on the session's threads, in any order.
void heed_parallel(void* session, std::int64_t tasks, std::int64_t scratch_bytes, Task task, void* captures);
/// Writes 128 bytes for a kernel's record: `box` of the tensor is what its copies bring. See TensorMap in device.h.
void heed_tensor_map(void* session, void* to, std::int64_t bf16, std::int64_t rank, std::int64_t address,
                     const std::int64_t* sizes, const std::int64_t* strides, const std::int64_t* box);
/// A kernel of `image` for the session's device to run, after all before it, once the entry has returned: blocks *
/// threads times. `record` is its one parameter, read before this returns. See Launch in device.h.
void heed_launch(void* session, const void* image, const char* kernel, std::int64_t blocks, std::int64_t threads,
                 std::int64_t shared_bytes, const void* record, std::int64_t record_bytes);
}

}  // namespace heed::abi
