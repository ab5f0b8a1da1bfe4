// What the processor of this machine can execute.
#pragma once

#include <string>

namespace heed {

/// Whether code for `target` ("cpu:baseline", "cpu:avx2+int8", "cpu:avx512", "cpu:avx512bf16", "cpu:amx", and what may
/// follow these) runs here.
/// Matrix registers (AMX) have to be asked for: the first question about them does so, for all threads of this process.
bool processorRuns(const std::string& target);

/// What this CPU calls itself, with the number of its model and the sizes of its caches: alike CPUs have one name.
std::string processorName();

}  // namespace heed
