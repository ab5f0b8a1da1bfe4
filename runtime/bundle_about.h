// What the code generator and the runtime agree on about bundles.
//
// Read tests/driver/bundle_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "heed/runtime/cuda/device.h"
#include "heed/runtime/rounded.h"
#include "heed/runtime/signature.h"

namespace heed {

/// What a bundle says of itself. In the file: the symbol heed_bundle, a text that write() makes and read() takes.
struct BundleAbout {
  std::string target;              // "cpu:avx2", "cuda:sm_90a"
  cuda::Code device{0, false, 0};  // generation 0: none
  Signature signature;
  int kernels = 0;
  std::int64_t code_bytes = 0;
  std::string explanation;
  std::vector<RoundedWeight> rounded;

  std::string write() const;
  /// Throws heed::Error in the name of `path`.
  static BundleAbout read(const std::string& path, std::string_view text);
};

/// What compiled code calls, in the order of the bundle's table heed_services.
inline constexpr const char* bundleServices[] = {"heed_tensor_map", "heed_arena",    "heed_shared",  "heed_launch",
                                                 "heed_workers",    "heed_parallel", "memcpy",       "memmove",
                                                 "memset",          "fmodf",         "__truncsfhf2", "__extendhfsf2"};

}  // namespace heed
