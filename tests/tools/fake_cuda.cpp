// libcuda.so.1 of our own: it takes code and starts kernels, which do nothing; under HEED_FAKE=hang they never end.
#include <unistd.h>

#include <cstring>

#include "../runtime/cuda/fake_driver.h"

using namespace heed::cuda;

// An entry of the library jumps to where its slot says.
#define HEED_CUDA_EXPORT(symbol, member, arguments)               \
  extern "C" {                                                    \
  __attribute__((visibility("hidden"))) void* heed_fake_##member; \
  }                                                               \
  asm(".text\n.globl " symbol "\n.type " symbol ", @function\n" symbol ":\njmp *heed_fake_" #member "(%rip)\n");
HEED_CUDA_ENTRIES(HEED_CUDA_EXPORT)
HEED_CUDA_GRAPH_ENTRIES(HEED_CUDA_EXPORT)
#undef HEED_CUDA_EXPORT

/// The copy engine of nobody takes any map.
extern "C" Result cuTensorMapEncodeTiled(void* map, int, unsigned, void*, const unsigned long long*,
                                         const unsigned long long*, const unsigned*, const unsigned*, int, int, int,
                                         int) {
  std::memset(map, 0, 128);
  return success;
}

static test::Fake fake;

static const bool filled = [] {
  fake.free_bytes = std::size_t(1) << 40;
  const char* how = std::getenv("HEED_FAKE");
  if (how && !std::strcmp(how, "hang"))
    fake.run = [](const test::Launched&) {
      while (true) sleep(1);
    };
  static const Driver table = test::Fake::table();
#define HEED_CUDA_FILL(symbol, member, arguments) heed_fake_##member = reinterpret_cast<void*>(table.member);
  HEED_CUDA_ENTRIES(HEED_CUDA_FILL)
  HEED_CUDA_GRAPH_ENTRIES(HEED_CUDA_FILL)
#undef HEED_CUDA_FILL
  return true;
}();
