// A Device that interprets kernels: a session runs whole graphs on it, in memory of the host.
#pragma once

#include <map>
#include <memory>

#include "heed/runtime/launches.h"
#include "simt.h"

namespace heed::simt {

/// Runs the kernels of `program`, and lets them touch nothing but what was allocated here.
class Simulated : public Device {
 public:
  explicit Simulated(std::shared_ptr<Program> program) : program_(std::move(program)) {}
  ~Simulated() override;
  /// Kernels may touch this memory of the host too.
  void lend(void* memory, std::int64_t bytes) { memory_.add(memory, bytes); }
  void* allocate(std::int64_t bytes) override;
  void release(void* memory) noexcept override;
  void upload(void* to, const void* from, std::int64_t bytes) override;
  void download(void* to, const void* from, std::int64_t bytes) override;
  void run(const Launches& call) override;
  void encode(const TensorMap& map, void* to) override;
  double replay(const Launches&, int) override { return 0; }  // it has no clock
  std::string explain(const Launches&) override { return ""; }

 private:
  std::shared_ptr<Program> program_;
  std::map<void*, std::int64_t> blocks_;
  Memory memory_;
};

}  // namespace heed::simt
