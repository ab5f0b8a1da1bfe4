// The end of a file that must be whole: its length and a checksum of all before.
//
// Invariant: a file that was cut, that grew, or in which up to 64 bits in a row changed is never taken for whole; of
// other damage one in 2^64 is. It is no signature: who can write the file can seal it.
// Read tests/runtime/seal_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heed {

/// CRC-64 of ECMA-182, bits reflected, as in the .xz format.
std::uint64_t crc64(std::string_view bytes);

/// What to write behind `bytes`.
std::string sealOf(std::string_view bytes);

/// What stands before the seal; nothing where the seal is missing or is not that of these bytes.
std::optional<std::string_view> unsealed(std::string_view file);

/// Whether there is a seal at the end, right or wrong.
bool hasSeal(std::string_view file);

}  // namespace heed
