#include "device.h"

#include <cstdlib>
#include <cstring>

namespace heed::simt {

Simulated::~Simulated() {
  for (auto& [memory, bytes] : blocks_) std::free(memory);
}

void* Simulated::allocate(std::int64_t bytes) {
  void* memory = std::aligned_alloc(256, std::size_t(bytes + 255) / 256 * 256);
  std::memset(memory, 0xcb, std::size_t(bytes));  // nobody may rely on it
  blocks_[memory] = bytes;
  memory_.add(memory, bytes);
  return memory;
}

void Simulated::release(void* memory) noexcept {
  if (!memory) return;
  memory_.remove(memory);
  blocks_.erase(memory);
  std::free(memory);
}

void Simulated::upload(void* to, const void* from, std::int64_t bytes) { std::memcpy(to, from, std::size_t(bytes)); }
void Simulated::download(void* to, const void* from, std::int64_t bytes) { std::memcpy(to, from, std::size_t(bytes)); }

void Simulated::encode(const TensorMap& map, void* to) {
  Tensor tensor{map.address, std::int32_t(map.rank), {}, {}, {}};
  for (int d = 0; d < map.rank; ++d) {
    tensor.sizes[d] = map.sizes[d], tensor.box[d] = std::int32_t(map.box[d]);
    if (d + 1 < map.rank) tensor.strides[d] = map.strides[d];
  }
  std::memcpy(to, &tensor, sizeof tensor);
}

void Simulated::run(const Launches& call) {
  for (std::size_t n = 0; n < call.size(); ++n) {
    const Launch launch = call[n];
    program_->run(
        {launch.kernel, launch.blocks, launch.threads, launch.shared_bytes, launch.record, launch.record_bytes}, memory_);
  }
}

}  // namespace heed::simt
