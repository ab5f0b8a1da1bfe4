// libFuzzer target: any bytes are a file of the format or an error, and what is a file comes back as it was saved.
//
// Invariant: nothing but heed::Error leaves the readers; every byte of an accepted tensor can be read.
// Build with -DHEED_FUZZ=ON; run bin/fuzz_safetensors -max_len=4096 corpus/.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/index.h"
#include "heed/runtime/weights/names.h"
#include "heed/runtime/weights/safetensors.h"

namespace {

using namespace heed;

void require(bool law) {
  if (!law) std::abort();
}

void requireSame(const Safetensors& l, const Safetensors& r) {
  require(l.metadata == r.metadata && l.weights.size() == r.weights.size());
  for (const auto& [name, weight] : l.weights) {
    const auto other = r.weights.find(name);
    require(other != r.weights.end() && other->second.type == weight.type && other->second.shape == weight.shape);
    require(weight.bytes == 0 || !std::memcmp(weight.data, other->second.data, weight.bytes));
  }
}

/// The input is the header and what follows: the length before it is made to fit, or else few inputs would get past it.
void readFile(const std::uint8_t* data, std::size_t size) {
  const auto* end = static_cast<const std::uint8_t*>(std::memchr(data, '\n', size));
  const std::uint64_t length = end ? end - data : size;
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  bytes.append(reinterpret_cast<const char*>(data), length);
  if (end) bytes.append(reinterpret_cast<const char*>(end) + 1, size - length - 1);
  // Memory of exactly this size, for the sanitizer to guard.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  const Safetensors content = parseSafetensors("fuzz", std::as_bytes(std::span(exact)));
  const SafetensorsHeader header = formatSafetensors("fuzz", content);
  std::string saved = header.bytes;
  for (const Weight* weight : header.order)
    saved.append(reinterpret_cast<const char*>(weight->data), static_cast<std::size_t>(weight->bytes));
  requireSame(content, parseSafetensors("saved", std::as_bytes(std::span(saved.data(), saved.size()))));
}

void readIndex(const std::uint8_t* data, std::size_t size) {
  for (const auto& [name, shard] : parseIndex("fuzz", std::as_bytes(std::span(data, size))))
    require(shard.find('/') == std::string::npos && shard != ".." && shown(name).size() < 600);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  try {
    if (data[0] == 'i')
      readIndex(data + 1, size - 1);
    else
      readFile(data, size);
  } catch (const Error&) {
  }
  try {
    parseSafetensors("raw", std::as_bytes(std::span(data, size)));
  } catch (const Error&) {
  }
  return 0;
}
