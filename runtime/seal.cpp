// A seal is 8 letters, the number of bytes before it and their checksum, each 8 bytes, the lowest first.
#include "heed/runtime/seal.h"

#include <array>
#include <cstdint>

namespace heed {
namespace {

constexpr std::string_view letters = "heedseal";
constexpr std::size_t size = 24;

constexpr auto remainders = [] {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t r = byte;
    for (int bit = 0; bit < 8; ++bit) r = r >> 1 ^ (r & 1 ? 0xc96c5795d7870f42u : 0);
    table[byte] = r;
  }
  return table;
}();

}  // namespace

std::uint64_t crc64(std::string_view bytes) {
  std::uint64_t r = ~std::uint64_t{0};
  for (const char c : bytes) r = remainders[(r ^ std::uint8_t(c)) & 0xff] ^ r >> 8;
  return ~r;
}

std::string sealOf(std::string_view bytes) {
  std::string seal(letters);
  for (std::uint64_t n : {std::uint64_t{bytes.size()}, crc64(bytes)})
    for (int byte = 0; byte < 8; ++byte) seal += char(n >> 8 * byte & 0xff);
  return seal;
}

bool hasSeal(std::string_view file) {
  return file.size() >= size && file.substr(file.size() - size, letters.size()) == letters;
}

std::optional<std::string_view> unsealed(std::string_view file) {
  if (!hasSeal(file)) return {};
  const std::string_view bytes = file.substr(0, file.size() - size);
  if (file.substr(bytes.size()) != sealOf(bytes)) return {};
  return bytes;
}

}  // namespace heed
