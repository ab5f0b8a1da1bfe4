// The kernels of one call, in their order.
//
// Invariant: records are copies, at multiples of 64 bytes; memory that was needed once is kept for the calls to come.
// Read tests/runtime/device_session_test.cpp.
#pragma once

#include <vector>

#include "heed/runtime/device.h"

namespace heed {

class Launches {
 public:
  void clear() { entries_.clear(), records_.clear(); }
  void add(const Launch& launch);
  std::size_t size() const { return entries_.size(); }
  /// Its record is valid until the next add() or clear().
  Launch operator[](std::size_t n) const;

 private:
  struct alignas(64) Line {
    char bytes[64];
  };
  struct Entry {
    Launch launch;
    std::size_t line;  // where its record begins
  };
  std::vector<Entry> entries_;
  std::vector<Line> records_;
};

}  // namespace heed
