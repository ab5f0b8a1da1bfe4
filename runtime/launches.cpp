#include "heed/runtime/launches.h"

#include <cstring>

namespace heed {

void Launches::add(const Launch& launch) {
  const std::size_t line = records_.size(), bytes = static_cast<std::size_t>(launch.record_bytes);
  records_.resize(line + (bytes + sizeof(Line) - 1) / sizeof(Line));
  if (bytes) std::memcpy(&records_[line], launch.record, bytes);
  entries_.push_back({launch, line});
}

Launch Launches::operator[](std::size_t n) const {
  Launch launch = entries_[n].launch;
  launch.record = records_.data() + entries_[n].line;
  return launch;
}

}  // namespace heed
