// Memory for numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heed {

/// Uninitialised memory of `bytes` > 0 at an address divisible by `alignment`, a power of two; null where the system
/// has not as much. std::free gives it back. From 4 MiB on it lies in large pages, where the system lends them:
/// products and attention go through many places at once, and of small pages the processor remembers too few.
void* reserve(std::int64_t bytes, std::size_t alignment);

}  // namespace heed
