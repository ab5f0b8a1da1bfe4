// One session's side on a device: copies of the arguments, and the arena.
//
// Invariant: parameters are copied once for each binding, memories live on the device from begin() on; inputs go there
// with every call and results come back. A call of a known shape allocates nothing.
// Read tests/runtime/device_session_test.cpp.
#pragma once

#include <vector>

#include "heed/runtime/abi.h"
#include "heed/runtime/device.h"
#include "heed/runtime/executable.h"
#include "heed/runtime/launches.h"

namespace heed {

class DeviceSession {
 public:
  explicit DeviceSession(std::unique_ptr<Device> device) : device_(std::move(device)) {}
  ~DeviceSession();
  DeviceSession(const DeviceSession&) = delete;

  Device& device() { return *device_; }
  /// One kernel more of the call at work; its record is copied.
  void launch(const Launch& launch) { kernels_.add(launch); }
  void* arena(std::int64_t bytes);
  /// What kernels of this call use of it before more is asked for stays theirs until the next call.
  void* shared(std::int64_t bytes);

  /// Runs `entry` on copies of the arguments: `arguments` as abi::Entry takes them, in memory of the host.
  void call(Session& session, abi::Entry entry, const Signature& signature, void** arguments);
  /// The same for arguments that are the device's already.
  void run(Session& session, abi::Entry entry, void** arguments);

  /// See Device: the last call's kernels.
  double replay(int times) { return device_->replay(kernels_, times); }
  std::string explain() { return device_->explain(kernels_); }

  /// Parameters, or states, have changed: the next call copies them again.
  void forgetParameters() { parameters_known_ = false; }
  void forgetStates() { states_known_ = false; }

 private:
  struct Block {
    void* memory = nullptr;
    std::int64_t bytes = 0;
  };
  /// One argument: where it lies on the host, its copy, and its descriptor there.
  struct Mirror {
    const void* host = nullptr;
    std::int64_t bytes = 0;
    Block copy;
    std::vector<std::int64_t> words;
    bool dense = true;  // no byte between its elements belongs to anybody else
  };
  void grow(Block& block, std::int64_t bytes);
  void releaseOutgrown();
  void describe(Mirror& mirror, const TensorSpec& spec, const void* descriptor);

  std::unique_ptr<Device> device_;
  Block arena_, shared_;
  std::vector<void*> outgrown_;  // blocks that were shared_ earlier in this call
  std::vector<Mirror> mirrors_;
  Launches kernels_;  // of this call, or the last one
  bool parameters_known_ = false, states_known_ = false;
};

/// A call of `entry`, whose kernels run on the session's device; the first call of a session asks `open` for it.
Executable::Call deviceCall(abi::Entry entry, Signature signature, DeviceFactory open);

}  // namespace heed
