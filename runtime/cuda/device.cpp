#include "heed/runtime/cuda/device.h"

#include <unordered_map>
#include <vector>

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

class Gpu : public Device {
 public:
  Gpu(const Code& code, const Driver& driver) : code_(code), driver_(driver) {
    check("driver version", driver_.version(&release_));
    if (release_ < releaseOf(code.ptx))
      throw Error("cuda", "the driver is of CUDA " + releaseName(release_),
                  code.name() + " needs one of CUDA " + releaseName(releaseOf(code.ptx)) + " or later",
                  "update the driver");
    int devices = 0;
    check("count of GPUs", driver_.count(&devices));
    if (devices == 0)
      throw Error("cuda", "the driver shows no GPU", "one is required", "see CUDA_VISIBLE_DEVICES, or compile for cpu");
    check("GPU 0", driver_.device(&number_, 0));
    int major = 0, minor = 0;
    check("capability", driver_.attribute(&major, capability_major, number_));
    check("capability", driver_.attribute(&minor, capability_minor, number_));
    check("shared memory", driver_.attribute(&shared_, shared_bytes_at_most, number_));
    char name[128] = "";
    check("name", driver_.name(name, sizeof name, number_));
    name_ = name;
    if (int own = 10 * major + minor; code.exact ? own != code.generation : own < code.generation)
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

  void launch(const Launch& launch) override {
    Current current(*this);
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
    // The parameters as they lie in memory: CU_LAUNCH_PARAM_BUFFER_POINTER, _SIZE, _END.
    std::size_t bytes = std::size_t(launch.record_bytes);
    void* extra[] = {reinterpret_cast<void*>(1), const_cast<void*>(launch.record), reinterpret_cast<void*>(2), &bytes,
                     nullptr};
    check("kernel " + std::string(launch.kernel),
          driver_.launch(kernel.function, unsigned(launch.blocks), 1, 1, unsigned(launch.threads), 1, 1,
                         unsigned(launch.shared_bytes), stream_, nullptr, extra));
  }

 private:
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

  void check(const std::string& what, Result result) const {
    if (result == success) return;
    throw Error("cuda", what + ": " + describe(driver_, result), "the driver must do it",
                "after a fault in a kernel the process must be started again");
  }

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
};

}  // namespace

std::unique_ptr<Device> open(const Code& code, const Driver& driver) { return std::make_unique<Gpu>(code, driver); }
std::unique_ptr<Device> open(const Code& code) { return open(code, driver()); }

}  // namespace heed::cuda
