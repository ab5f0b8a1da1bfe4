// Executables written in C++ where compiled code would be: they read descriptors and call the runtime as it does.
//
// Invariant: they use nothing but runtime/abi.h and what an Executable is.
#pragma once

#include <memory>

#include "axes.h"
#include "heed/runtime/executable.h"
#include "heed/runtime/session.h"

namespace heed::testing {

inline TensorSpec rows(std::string name) { return {name, DType::f32, {axisSpec<Seq>(), axisSpec<Depth>()}}; }

/// o[seq, depth] = x[seq, depth] + w[depth], and sum[seq] = its row sums: one task per row, rows gathered in scratch.
inline std::shared_ptr<const Executable> addRow() {
  auto executable = std::make_shared<Executable>();
  executable->signature.inputs = {rows("x")};
  executable->signature.parameters = {{"w", DType::f32, {axisSpec<Depth>()}}};
  executable->signature.results = {rows("o"), {"sum", DType::f32, {axisSpec<Seq>()}}};
  executable->explanation = "one kernel";
  executable->call = [](Session& session, void** arguments) {
    auto* sums = static_cast<float*>(
        abi::heed_arena(&session, static_cast<abi::Descriptor<2>*>(arguments[0])->sizes[0] * sizeof(float)));
    void* captures[] = {arguments[0], arguments[1], arguments[2], arguments[3], sums};
    auto task = [](void* captures, std::int64_t i, void* scratch) {
      void** all = static_cast<void**>(captures);
      const auto &x = *static_cast<abi::Descriptor<2>*>(all[0]), &o = *static_cast<abi::Descriptor<2>*>(all[2]);
      const auto &w = *static_cast<abi::Descriptor<1>*>(all[1]), &sum = *static_cast<abi::Descriptor<1>*>(all[3]);
      auto* row = static_cast<float*>(scratch);
      for (std::int64_t d = 0; d < x.sizes[1]; ++d)
        row[d] = static_cast<float*>(x.aligned)[i * x.strides[0] + d] + static_cast<float*>(w.aligned)[d];
      auto& total = static_cast<float*>(all[4])[i];
      total = 0;
      for (std::int64_t d = 0; d < x.sizes[1]; ++d) {
        static_cast<float*>(o.aligned)[i * o.strides[0] + d] = row[d];
        total += row[d];
      }
      static_cast<float*>(sum.aligned)[i * sum.strides[0]] = total;
    };
    const auto& x = *static_cast<abi::Descriptor<2>*>(arguments[0]);
    abi::heed_parallel(&session, x.sizes[0], x.sizes[1] * sizeof(float), task, captures);
  };
  return executable;
}

}  // namespace heed::testing
