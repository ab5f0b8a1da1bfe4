#include "heed/runtime/cuda/device.h"

#include <cstring>
#include <unordered_map>
#include <vector>

#include "heed/runtime/cuda/graphs.h"
#include "heed/runtime/error.h"

namespace heed::cuda {
namespace {

/// The CUDA release, as the driver counts it (12000 is 12.0), that brought a version of PTX.
int releaseOf(int ptx) {
  if (ptx >= 87) return 12080;
  if (ptx >= 86) return 12070;
  return ptx >= 80 ? 12000 : 11010;
}
std::string releaseName(int release) {
  return std::to_string(release / 1000) + "." + std::to_string(release % 1000 / 10);
}

void check(const Driver& driver, const std::string& what, Result result) {
  if (result == success) return;
  throw Error("cuda", what + ": " + describe(driver, result), "the driver must do it",
              "after a fault in a kernel the process must be started again");
}

struct First {
  DeviceNumber number;
  int generation;
};
First first(const Driver& driver) {
  int devices = 0, major = 0, minor = 0;
  DeviceNumber number = 0;
  check(driver, "count of GPUs", driver.count(&devices));
  if (devices == 0)
    throw Error("cuda", "the driver shows no GPU", "one is required", "see CUDA_VISIBLE_DEVICES, or compile for cpu");
  check(driver, "GPU 0", driver.device(&number, 0));
  check(driver, "capability", driver.attribute(&major, capability_major, number));
  check(driver, "capability", driver.attribute(&minor, capability_minor, number));
  return {number, 10 * major + minor};
}

std::string nameOf(const Driver& driver, DeviceNumber number) {
  char name[128] = "";
  check(driver, "name", driver.name(name, sizeof name, number));
  return name;
}

class Gpu : public Device {
 public:
  Gpu(const Code& code, const Driver& driver) : code_(code), driver_(driver), graphs_(driver) {
    check("driver version", driver_.version(&release_));
    if (release_ < releaseOf(code.ptx))
      throw Error("cuda", "the driver is of CUDA " + releaseName(release_),
                  code.name() + " needs one of CUDA " + releaseName(releaseOf(code.ptx)) + " or later",
                  "update the driver");
    const auto [number, own] = first(driver_);
    number_ = number;
    check("shared memory", driver_.attribute(&shared_, shared_bytes_at_most, number_));
    name_ = nameOf(driver_, number_);
    if (code.exact ? own != code.generation : own < code.generation)
      throw Error("cuda", "the GPU is a " + name_ + ", sm_" + std::to_string(own),
                  "the code is for " + code.name() + (code.exact ? " and no other" : " or later"),
                  "compile for cuda:sm_" + std::to_string(own));
    check("context", driver_.retain(&context_, number_));
    try {
      Current current(*this);
      check("stream", driver_.createStream(&stream_, /*CU_STREAM_NON_BLOCKING*/ 1));
    } catch (...) {
      driver_.release(number_);
      throw;
    }
  }

  ~Gpu() override {
    {
      Context before;
      if (driver_.push(context_) == success) {
        driver_.synchronize(stream_);
        graphs_.clear();
        for (auto& [image, module] : modules_) driver_.unload(module);
        driver_.destroyStream(stream_);
        driver_.pop(&before);
      }
    }
    driver_.release(number_);
  }

  void* allocate(std::int64_t bytes) override {
    Current current(*this);
    Address address = 0;
    Result result = driver_.allocate(&address, std::size_t(bytes));
    if (result == out_of_memory) {
      std::size_t free = 0, total = 0;
      driver_.memory(&free, &total);
      throw Error("cuda", std::to_string(bytes) + " bytes of memory were wanted",
                  "the " + name_ + " has " + std::to_string(free) + " of " + std::to_string(total) + " bytes free",
                  "use smaller extents, or free memory of other programs");
    }
    check("memory", result);
    return reinterpret_cast<void*>(address);
  }

  void release(void* memory) noexcept override {
    if (!memory) return;
    Context before;
    if (driver_.push(context_) != success) return;
    driver_.synchronize(stream_);  // a kernel may still use it
    driver_.deallocate(reinterpret_cast<Address>(memory));
    driver_.pop(&before);
  }

  void upload(void* to, const void* from, std::int64_t bytes) override {
    Current current(*this);
    check("copy to the GPU", driver_.upload(reinterpret_cast<Address>(to), from, std::size_t(bytes), stream_));
  }

  void download(void* to, const void* from, std::int64_t bytes) override {
    Current current(*this);
    check("copy from the GPU", driver_.download(to, reinterpret_cast<Address>(from), std::size_t(bytes), stream_));
    check("kernels", driver_.synchronize(stream_));
  }

  void run(const Launches& call) override {
    Current current(*this);
    prepare(call);
    start(call, graphs_.forCall(call, functions_));
  }

  void encode(const TensorMap& map, void* to) override {
    if (!driver_.encodeTiled)
      throw Error("cuda", "the driver is of CUDA " + releaseName(release_), "tensor maps need one of 12.0 or later",
                  "update the driver, or compile for cuda:sm_80");
    unsigned long long sizes[5], strides[5];
    unsigned box[5], steps[5] = {1, 1, 1, 1, 1};
    for (int d = 0; d < map.rank; ++d) {
      sizes[d] = static_cast<unsigned long long>(map.sizes[d]);
      box[d] = unsigned(map.box[d]);
      if (d + 1 < map.rank) strides[d] = static_cast<unsigned long long>(map.strides[d]);
    }
    // CUtensorMapDataType: 6 f16, 9 bf16. No interleave, swizzle of 128 bytes (3), the second-level cache fetches 256
    // bytes at once (3), zeros outside.
    alignas(64) unsigned char encoded[tensorMapBytes];
    Current current(*this);
    check("tensor map",
          driver_.encodeTiled(encoded, map.bf16 ? 9 : 6, unsigned(map.rank), reinterpret_cast<void*>(map.address),
                              sizes, strides, box, steps, 0, 3, 3, 0));
    std::memcpy(to, encoded, sizeof encoded);
  }

  double replay(const Launches& call, int times) override {
    Current current(*this);
    prepare(call);
    const GraphRun graph = graphs_.forCall(call, functions_);
    Clock clock(*this);
    for (int n = 0; n < times; ++n) start(call, graph);
    return clock.seconds() / times;
  }

  std::string explain(const Launches& call) override {
    Current current(*this);
    std::string text;
    for (std::size_t n = 0; n < call.size(); ++n) {
      const Launch launch = call[n];
      int registers = 0, local = 0;
      driver_.functionAttribute(&registers, FunctionAttribute::registers, kernelOf(launch).function);
      driver_.functionAttribute(&local, local_bytes, kernelOf(launch).function);
      text += std::string(launch.kernel) + ": " + std::to_string(launch.blocks) + " blocks of " +
              std::to_string(launch.threads) + ", " + std::to_string(registers) + " registers, " +
              std::to_string(local) + " bytes of stack and spills, " + std::to_string(launch.shared_bytes) +
              " bytes shared\n";
    }
    return text + graphs_.explain(call);
  }

 private:
  /// The device's time from when it was made.
  class Clock {
   public:
    explicit Clock(Gpu& gpu) : gpu_(gpu) {
      gpu.check("event", gpu.driver_.createEvent(&begin_, 0));
      if (Result result = gpu.driver_.createEvent(&end_, 0); result != success) {
        gpu.driver_.destroyEvent(begin_);
        gpu.check("event", result);
      }
      gpu.driver_.recordEvent(begin_, gpu.stream_);
    }
    ~Clock() { gpu_.driver_.destroyEvent(begin_), gpu_.driver_.destroyEvent(end_); }
    double seconds() {
      float milliseconds = 0;
      gpu_.check("event", gpu_.driver_.recordEvent(end_, gpu_.stream_));
      gpu_.check("kernels", gpu_.driver_.synchronize(gpu_.stream_));
      gpu_.check("event", gpu_.driver_.elapsed(&milliseconds, begin_, end_));
      return milliseconds * 1e-3;
    }

   private:
    Gpu& gpu_;
    Event begin_ = nullptr, end_ = nullptr;
  };

  // What follows is in the current context.

  /// Makes functions_ those of the call, ready to be started as it wants.
  void prepare(const Launches& call) {
    functions_.clear();
    for (std::size_t n = 0; n < call.size(); ++n) functions_.push_back(ready(call[n]));
  }

  Function ready(const Launch& launch) {
    Kernel& kernel = kernelOf(launch);
    constexpr std::int64_t most = 0x7fffffff;
    if (launch.blocks > most)
      throw Error("cuda", "kernel " + std::string(launch.kernel) + " of " + std::to_string(launch.blocks) + " blocks",
                  "at most " + std::to_string(most) + " are possible", "use smaller extents");
    if (launch.shared_bytes > kernel.shared_bytes) {
      if (launch.shared_bytes > shared_)
        throw Error("cuda",
                    "kernel " + std::string(launch.kernel) + " wants " + std::to_string(launch.shared_bytes) +
                        " bytes of shared memory",
                    "the " + name_ + " has " + std::to_string(shared_), "compile for this GPU");
      check("shared memory", driver_.setAttribute(kernel.function, dynamic_shared_bytes, int(launch.shared_bytes)));
      kernel.shared_bytes = launch.shared_bytes;
    }
    return kernel.function;
  }

  /// A prepared call, whose graph this is if there is one.
  void start(const Launches& call, GraphRun graph) {
    if (graph) {
      Result result = driver_.launchGraph(graph, stream_);
      if (result == success) return;
      graphs_.clear();
      throw Error("cuda", "a graph of " + std::to_string(call.size()) + " kernels: " + describe(driver_, result),
                  "the driver must do it", "HEED_GRAPHS=0 launches them one by one, which shows the kernel");
    }
    for (std::size_t n = 0; n < call.size(); ++n) {
      KernelStart kernel(call[n], functions_[n]);
      const auto& [function, grid, block, shared, parameters, extra] = kernel.node;
      Result result = driver_.launch(function, grid[0], grid[1], grid[2], block[0], block[1], block[2], shared, stream_,
                                     parameters, extra);
      if (result != success) check("kernel " + std::string(call[n].kernel), result);
    }
  }

  /// Makes the GPU's context the current one for a while.
  struct Current {
    const Driver& driver;
    explicit Current(const Gpu& gpu) : driver(gpu.driver_) { gpu.check("context", driver.push(gpu.context_)); }
    ~Current() {
      Context before;
      driver.pop(&before);
    }
  };
  struct Kernel {
    Function function;
    std::int64_t shared_bytes = 48 * 1024;  // what a block may have without asking
  };

  void check(const std::string& what, Result result) const { cuda::check(driver_, what, result); }

  Module moduleOf(const void* image) {
    if (auto known = modules_.find(image); known != modules_.end()) return known->second;
    std::vector<char> log(8192);
    JitOption options[] = {error_log_buffer, error_log_bytes};
    void* values[] = {log.data(), reinterpret_cast<void*>(log.size())};
    Module module = nullptr;
    Result result = driver_.load(&module, image, 2, options, values);
    if (result != success) {
      log.back() = 0;
      const char* hint = result == unsupported_ptx_version ? "update the driver"
                         : result == no_binary_for_gpu     ? "compile for this GPU"
                                                           : "this is a mistake of heed, not yours";
      throw Error("cuda", "the driver refuses the code: " + describe(driver_, result) + " " + log.data(),
                  "code for " + code_.name() + " on a " + name_ + ", driver of CUDA " + releaseName(release_), hint);
    }
    return modules_[image] = module;
  }

  Kernel& kernelOf(const Launch& launch) {
    if (auto known = kernels_.find(launch.kernel); known != kernels_.end()) return known->second;
    Kernel kernel{};
    check("kernel " + std::string(launch.kernel),
          driver_.function(&kernel.function, moduleOf(launch.image), launch.kernel));
    return kernels_[launch.kernel] = kernel;
  }

  const Code code_;
  const Driver& driver_;
  std::string name_;
  int release_ = 0, shared_ = 0;
  DeviceNumber number_ = 0;
  Context context_ = nullptr;
  Stream stream_ = nullptr;
  std::unordered_map<const void*, Module> modules_;  // by image
  std::unordered_map<const void*, Kernel> kernels_;  // by the address of the name, of which an image has one
  std::vector<Function> functions_;                  // of the call at work
  Graphs graphs_;
};

}  // namespace

std::unique_ptr<Device> open(const Code& code, const Driver& driver) { return std::make_unique<Gpu>(code, driver); }
std::string name() { return nameOf(driver(), first(driver()).number); }
int generation(const Driver& driver) { return first(driver).generation; }
int generation() { return generation(driver()); }
std::unique_ptr<Device> open(const Code& code) { return open(code, driver()); }

}  // namespace heed::cuda
