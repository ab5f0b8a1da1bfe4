// The limits of a GPU, measured by kernels of our own in the same rounds as a workload: PTX as text, so that no
// compiler stands between the instruction and its rate.
//
// Test: tests/tools/device_limits_test.cpp gives the kernels to ptxas where it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "heed/runtime/device.h"

namespace heed::bench {

/// Kernels that only multiply and add, on registers (wgmma: and shared memory), or only move memory. Each takes one
/// record of two addresses; they are for sm_80, wgmma's for sm_90a.
struct LimitKernel {
  std::string ptx;
  std::int64_t threads = 0;  // of a block
  std::int64_t shared = 0;   // bytes
  double work = 0;           // operations, or bytes, of a block
  std::string name = "limit";
};
LimitKernel fmaKernel();  // f32
enum class Narrow { bf16, tf32 };
LimitKernel mmaKernel(Narrow type = Narrow::bf16);    // by mma.sync
LimitKernel wgmmaKernel(Narrow type = Narrow::bf16);  // by wgmma
LimitKernel readKernel();
LimitKernel copyKernel();  // bytes that are read and bytes that are written

class DeviceLimits {
 public:
  /// Of GPU 0. Throws heed::Error as cuda::open does.
  DeviceLimits();
  ~DeviceLimits();

  double fma();     // Gflop/s
  double narrow();  // Gflop/s of bf16 summed in f32, by the quickest instruction the GPU has
  double tf32();    // the same of tf32
  double read();    // GB/s
  double copy();    // GB/s, counting each byte twice
  const std::string& narrowBy() const { return narrow_by_; }

 private:
  double rate(const LimitKernel& kernel, std::int64_t blocks);
  LimitKernel fma_, narrow_, tf32_, read_, copy_;
  std::string narrow_by_;
  std::unique_ptr<Device> device_;
  void* memory_ = nullptr;
};

}  // namespace heed::bench
