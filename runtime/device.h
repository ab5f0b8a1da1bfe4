// What a session needs of an accelerator: memory, copies and kernels, one after the other on one stream.
//
// Invariant: what is asked for happens in order; run() and upload() may return before it has happened, download()
// returns after all before it. Used by one thread at a time. Every failure throws heed::Error, and leaves the device
// usable. runtime/cuda/ is one; the tests have one that interprets kernels on the CPU.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace heed {

/// One kernel: `blocks` of `threads`, each block with `shared_bytes` of memory of its own.
struct Launch {
  const void* image;   // the code that has it: PTX text, NUL-terminated; lives as long as the executable
  const char* kernel;  // its name there
  std::int64_t blocks, threads, shared_bytes;
  const void* record;  // its one parameter
  std::int64_t record_bytes;
};

/// A tensor of 16-bit floats, as the copy engine of a GPU is told of it: dims from the innermost, which is contiguous.
struct TensorMap {
  bool bf16;                    // else f16
  std::int64_t rank;            // 1 to 5
  std::int64_t address;         // a multiple of 16
  const std::int64_t* sizes;    // each at least 1
  const std::int64_t* strides;  // rank - 1 of them, bytes, multiples of 16
  const std::int64_t* box;      // what one load brings
};
inline constexpr std::int64_t tensorMapBytes = 128;

class Launches;

class Device {
 public:
  virtual ~Device() = default;
  /// Device memory, 256-byte aligned, contents undefined; bytes > 0. The host must not touch it.
  virtual void* allocate(std::int64_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  virtual void upload(void* to, const void* from, std::int64_t bytes) = 0;
  virtual void download(void* to, const void* from, std::int64_t bytes) = 0;
  /// The kernels of a call, one after the other; their records are read before it returns.
  virtual void run(const Launches& call) = 0;
  /// Writes tensorMapBytes that a kernel's record may contain, at a multiple of 64 bytes.
  virtual void encode(const TensorMap& map, void* to) = 0;
  /// The last call that ran, `times` times more: seconds per time by the device's own clock. For measurements: what is
  /// copied is not counted.
  virtual double replay(const Launches& call, int times) = 0;
  /// What the last call's kernels take of the device, a line for each.
  virtual std::string explain(const Launches& call) = 0;
};

using DeviceFactory = std::function<std::unique_ptr<Device>()>;

}  // namespace heed
