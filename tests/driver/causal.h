// softmax(q k^T) k, of which row i sees keys up to i: a small graph of one kernel, where a test needs any.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "heed/driver/sketch.h"
#include "heed/runtime/runner.h"

namespace heed::test {

struct Causal {
  Sketch sketch;
  Causal() {
    auto seq = sketch.axis("seq"), key = sketch.axis("key", -1, "seq"), depth = sketch.axis("depth", 8);
    auto q = sketch.input("q", DType::f32, {seq, depth}), k = sketch.input("k", DType::f32, {key, depth});
    auto visible = sketch.pointwise("le", {sketch.index(key), sketch.index(seq)});
    auto scores = sketch.where(visible, sketch.over("contract", {q, k}, {depth}), -INFINITY);
    sketch.results({sketch.over("contract", {sketch.over("softmax", {scores}, {key}), k}, {key})});
  }
  GraphView graph() const { return sketch.view(); }

  /// On numbers that are the same each time: 8 a row.
  static std::vector<float> run(std::shared_ptr<const Executable> code, std::int64_t rows) {
    std::int64_t sizes[] = {rows, 8};
    AnyArray q(DType::f32, sizes), k(DType::f32, sizes);
    for (std::int64_t n = 0; n < q.view.size(); ++n) {
      static_cast<float*>(q.view.data)[n] = float(n * 7919 % 101) / 50 - 1;
      static_cast<float*>(k.view.data)[n] = float(n * 104729 % 103) / 50 - 1;
    }
    std::vector<ArrayView> inputs{q.view, k.view};
    std::vector<AnyArray> results = Runner(std::move(code), 1).run(inputs);
    auto* first = static_cast<const float*>(results[0].view.data);
    return {first, first + results[0].view.size()};
  }
};

}  // namespace heed::test
