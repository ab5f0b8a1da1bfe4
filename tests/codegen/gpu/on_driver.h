// For tests: the runtime's side of a GPU whole, on a driver that interprets kernels.
//
// Invariant: no name of heed::cuda here: in heed/heed.h that is a function. Read graphs_test.cpp for its use.
#pragma once

#include <memory>

#include "heed/runtime/device.h"
#include "simt.h"

namespace heed::testing {

/// One at a time; outlives the devices that it opens.
class OnDriver {
 public:
  OnDriver();
  ~OnDriver();
  /// A GPU that runs the kernels of `program`.
  std::unique_ptr<Device> open(std::shared_ptr<simt::Program> program);

  /// What the driver was asked for since it was asked for this before.
  struct Asked {
    int kernels, graphs, updates;  // kernels started, alone or in graphs; graphs launched; kernels changed in one
  };
  Asked asked();
  /// Whether everything was given back.
  bool clean() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace heed::testing
