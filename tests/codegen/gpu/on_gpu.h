// For tests: attention kernels compiled for a GPU and run by the SIMT interpreter.
//
// Read attention_test.cpp for its use.
#pragma once

#include "heed/runtime/device_session.h"
#include "heed/runtime/session.h"
#include "heed/tests/codegen/attention/kernel_run.h"
#include "simulated.h"

namespace heed::testing {

struct Counting : simt::Simulated {
  Counting(std::shared_ptr<simt::Program> program, std::shared_ptr<int> launches)
      : Simulated(std::move(program)), launches(std::move(launches)) {
    *this->launches = 0;
  }
  void run(const Launches& call) override { *launches += int(call.size()), Simulated::run(call); }
  std::shared_ptr<int> launches;
};

struct OnGpu : KernelRun {
  simt::Code code;
  std::shared_ptr<int> launches = std::make_shared<int>(0);  // of the last run
  explicit OnGpu(KernelCase k, const std::string& chip = "sm_80", int multiprocessors = 0)
      : KernelRun{std::move(k), {}}, code(simt::compileTiled(kernel.text(), chip, multiprocessors)) {
    call = [code = code, launches = launches](const std::vector<Data*>& data, std::vector<void*>& arguments, int) {
      auto device = std::make_unique<Counting>(code.program, launches);
      for (Data* x : data) device->lend(x->memory(), std::int64_t(x->bytes()));
      Session session(1);
      session.device([&] { return std::move(device); }).run(session, code.host.entry, arguments.data());
    };
  }
  std::int64_t count(const char* op) const { return code.program->count(op); }
};

/// The same on narrow numbers, of known extents: what tensor cores multiply.
inline KernelCase narrow(KernelCase kernel, const std::string& type, std::int64_t depth, std::int64_t columns) {
  kernel = narrow(std::move(kernel), type);
  kernel.known["d"] = depth, kernel.known["v"] = columns;
  return kernel;
}

/// Groups of `heads` heads that share keys, as the types know.
inline KernelCase groupsOf(std::int64_t heads, KernelCase kernel) {
  kernel.known["og"] = heads;
  return kernel;
}

}  // namespace heed::testing
