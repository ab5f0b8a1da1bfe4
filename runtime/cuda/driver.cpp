#include "heed/runtime/cuda/driver.h"

#include <dlfcn.h>

#include <utility>

#include "heed/runtime/error.h"

namespace heed::cuda {

Driver loadDriver(const char* library) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error("cuda", std::string("the NVIDIA driver is not there: ") + dlerror(),
                "a GPU and its driver are required", "install the driver, or compile for cpu");
  Driver table;
  std::string missing;
  auto find = [&](const char* symbol, auto& member) {
    member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(dlsym(handle, symbol));
    if (!member) missing += (missing.empty() ? "" : ", ") + std::string(symbol);
  };
#define HEED_CUDA_FIND(symbol, member, arguments) find(symbol, table.member);
  HEED_CUDA_ENTRIES(HEED_CUDA_FIND)
  const std::string required = std::exchange(missing, "");
  HEED_CUDA_GRAPH_ENTRIES(HEED_CUDA_FIND)
#undef HEED_CUDA_FIND
  table.encodeTiled = reinterpret_cast<decltype(table.encodeTiled)>(dlsym(handle, "cuTensorMapEncodeTiled"));
  if (!required.empty())
    throw Error("cuda", std::string(library) + " lacks " + required, "a driver of CUDA 11.1 or later is required",
                "update the driver");
  if (Result result = table.init(0); result != success)
    throw Error("cuda", "the NVIDIA driver does not start: " + describe(table, result), "a working GPU is required",
                result == no_device ? "make a GPU visible, or compile for cpu" : "see that nvidia-smi works");
  return table;
}

const Driver& driver() {
  static const Driver table = loadDriver("libcuda.so.1");  // tried again by the next call if it throws
  return table;
}

bool Driver::hasGraphs() const {
  bool all = true;
#define HEED_CUDA_HAS(symbol, member, arguments) all = all && member;
  HEED_CUDA_GRAPH_ENTRIES(HEED_CUDA_HAS)
#undef HEED_CUDA_HAS
  return all;
}

std::string describe(const Driver& driver, Result result) {
  const char *name = nullptr, *text = nullptr;
  if (driver.errorName(result, &name) != success || !name) return "error " + std::to_string(result);
  if (driver.errorText(result, &text) != success || !text) return name;
  return std::string(name) + ": " + text;
}

}  // namespace heed::cuda
