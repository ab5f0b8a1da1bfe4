// What compiling gives: code that can be called, and all that is known about it.
//
// Invariant: immutable once made and shared as shared_ptr<const Executable>; all that changes lives in a Session.
// Read tests/runtime/runner_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "heed/runtime/rounded.h"
#include "heed/runtime/signature.h"

namespace heed {

class Session;

struct Statistics {
  double compile_ms = 0;
  int kernels = 0;              // fused kernels: what an attention formula should be one of
  std::int64_t code_bytes = 0;  // of machine code
  std::string target;           // "cpu avx512"
};

struct Executable {
  /// arguments[i] points to the abi::Descriptor of argument i: inputs, parameters, results. May be called by many
  /// threads at once, each with its own session. May throw heed::Error.
  using Call = std::function<void(Session& session, void** arguments)>;

  /// As abi::Pack.
  using Pack = std::function<std::int64_t(Session& session, std::int64_t argument, void* weight, void* memory)>;

  Signature signature;
  Call call;
  Pack pack;                         // empty: every parameter is read as it is
  std::shared_ptr<const void> code;  // whatever `call` needs to stay alive
  std::vector<RoundedWeight> rounded;  // parameters that products read in few bits
  std::string explanation;           // remarks of the passes, at the user's lines
  Statistics statistics;
};

}  // namespace heed
