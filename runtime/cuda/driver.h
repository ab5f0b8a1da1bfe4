// The CUDA driver as a table of its entry points, found in libcuda.so.1 at run time: no toolkit is needed to build.
//
// Signatures and numbers are those of the CUDA driver API reference, versions 11.1 and later.
// Read tests/runtime/cuda/device_test.cpp, whose driver is a table of its own.
#pragma once

#include <cstddef>
#include <string>

namespace heed::cuda {

using Result = int;  // CUresult
using DeviceNumber = int;
using Address = unsigned long long;  // CUdeviceptr
using Context = struct ContextHandle*;
using Module = struct ModuleHandle*;
using Function = struct FunctionHandle*;
using Stream = struct StreamHandle*;
using Event = struct EventHandle*;
using Graph = struct GraphHandle*;
using GraphNode = struct GraphNodeHandle*;
using GraphRun = struct GraphRunHandle*;  // CUgraphExec

enum : Result {
  success = 0,
  out_of_memory = 2,
  no_device = 100,
  no_binary_for_gpu = 209,
  invalid_ptx = 218,
  unsupported_ptx_version = 222,
};
enum Attribute : int { capability_major = 75, capability_minor = 76, shared_bytes_at_most = 97 };
enum FunctionAttribute : int { local_bytes = 3, registers = 4, dynamic_shared_bytes = 8 };
enum JitOption : int { error_log_buffer = 5, error_log_bytes = 6 };

/// CUDA_KERNEL_NODE_PARAMS, version 1.
struct KernelNode {
  Function function;
  unsigned grid[3], block[3], shared_bytes;
  void **parameters, **extra;
};

/// In each row: name in the library, member of the table, what it takes.
#define HEED_CUDA_ENTRIES(ENTRY)                                                                              \
  ENTRY("cuInit", init, (unsigned flags))                                                                     \
  ENTRY("cuDriverGetVersion", version, (int* version))                                                        \
  ENTRY("cuDeviceGetCount", count, (int* count))                                                              \
  ENTRY("cuDeviceGet", device, (DeviceNumber * device, int ordinal))                                          \
  ENTRY("cuDeviceGetName", name, (char* name, int bytes, DeviceNumber device))                                \
  ENTRY("cuDeviceGetAttribute", attribute, (int* value, Attribute attribute, DeviceNumber device))            \
  ENTRY("cuDevicePrimaryCtxRetain", retain, (Context * context, DeviceNumber device))                         \
  ENTRY("cuDevicePrimaryCtxRelease_v2", release, (DeviceNumber device))                                       \
  ENTRY("cuCtxPushCurrent_v2", push, (Context context))                                                       \
  ENTRY("cuCtxPopCurrent_v2", pop, (Context * context))                                                       \
  ENTRY("cuStreamCreate", createStream, (Stream * stream, unsigned flags))                                    \
  ENTRY("cuStreamDestroy_v2", destroyStream, (Stream stream))                                                 \
  ENTRY("cuStreamSynchronize", synchronize, (Stream stream))                                                  \
  ENTRY("cuEventCreate", createEvent, (Event * event, unsigned flags))                                        \
  ENTRY("cuEventDestroy_v2", destroyEvent, (Event event))                                                     \
  ENTRY("cuEventRecord", recordEvent, (Event event, Stream stream))                                           \
  ENTRY("cuEventElapsedTime", elapsed, (float* milliseconds, Event begin, Event end))                         \
  ENTRY("cuMemGetInfo_v2", memory, (std::size_t * free, std::size_t * total))                                 \
  ENTRY("cuMemAlloc_v2", allocate, (Address * address, std::size_t bytes))                                    \
  ENTRY("cuMemFree_v2", deallocate, (Address address))                                                        \
  ENTRY("cuMemcpyHtoDAsync_v2", upload, (Address to, const void* from, std::size_t bytes, Stream stream))     \
  ENTRY("cuMemcpyDtoHAsync_v2", download, (void* to, Address from, std::size_t bytes, Stream stream))         \
  ENTRY("cuModuleLoadDataEx", load,                                                                           \
        (Module * module, const void* image, unsigned count, JitOption* options, void** values))              \
  ENTRY("cuModuleUnload", unload, (Module module))                                                            \
  ENTRY("cuModuleGetFunction", function, (Function * function, Module module, const char* name))              \
  ENTRY("cuFuncSetAttribute", setAttribute, (Function function, FunctionAttribute attribute, int value))      \
  ENTRY("cuFuncGetAttribute", functionAttribute, (int* value, FunctionAttribute attribute, Function function)) \
  ENTRY("cuLaunchKernel", launch,                                                                             \
        (Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY, \
         unsigned blockZ, unsigned sharedBytes, Stream stream, void** parameters, void** extra))              \
  ENTRY("cuGetErrorName", errorName, (Result result, const char** text))                                      \
  ENTRY("cuGetErrorString", errorText, (Result result, const char** text))

/// The same for entries that a driver may lack.
#define HEED_CUDA_GRAPH_ENTRIES(ENTRY)                                                                          \
  ENTRY("cuGraphCreate", createGraph, (Graph * graph, unsigned flags))                                          \
  ENTRY("cuGraphDestroy", destroyGraph, (Graph graph))                                                          \
  ENTRY("cuGraphAddKernelNode", addKernel,                                                                      \
        (GraphNode * node, Graph graph, const GraphNode* after, std::size_t count, const KernelNode* kernel))   \
  ENTRY("cuGraphInstantiateWithFlags", instantiate, (GraphRun * run, Graph graph, unsigned long long flags))    \
  ENTRY("cuGraphExecKernelNodeSetParams", setKernel, (GraphRun run, GraphNode node, const KernelNode* kernel))  \
  ENTRY("cuGraphExecDestroy", destroyRun, (GraphRun run))                                                       \
  ENTRY("cuGraphLaunch", launchGraph, (GraphRun run, Stream stream))

struct Driver {
#define HEED_CUDA_MEMBER(symbol, member, arguments) Result(*member) arguments = nullptr;
  HEED_CUDA_ENTRIES(HEED_CUDA_MEMBER)
  HEED_CUDA_GRAPH_ENTRIES(HEED_CUDA_MEMBER)
#undef HEED_CUDA_MEMBER
  /// cuTensorMapEncodeTiled; null before CUDA 12.0.
  Result (*encodeTiled)(void* map, int type, unsigned rank, void* address, const unsigned long long* sizes,
                        const unsigned long long* strides, const unsigned* box, const unsigned* steps, int interleave,
                        int swizzle, int promotion, int fill) = nullptr;

  /// Whether all of HEED_CUDA_GRAPH_ENTRIES are there: from CUDA 11.4 on.
  bool hasGraphs() const;
};

/// The driver of this machine, initialised. Throws heed::Error where there is none, or it is too old to have all
/// entries.
const Driver& driver();

/// The same for a library of another name; tests name one that is not there.
Driver loadDriver(const char* library);

/// "CUDA_ERROR_OUT_OF_MEMORY: out of memory".
std::string describe(const Driver& driver, Result result);

}  // namespace heed::cuda
