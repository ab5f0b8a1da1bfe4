// Embedding: one row of a table for each id.
//
// Invariant: weight is [rows, model]; a tied output head contracts with the same weight.
// Read tests/dsl/module_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"
#include "heed/dsl/words/take.h"

namespace heed::nn {

template <class Rows, class Model>
struct Embedding {
  Tensor<f32, Rows, Model> weight;

  /// ids: an i32 tensor or an index expression, such as position<Seq>().
  template <lang::Operand I>
  constexpr auto operator()(const I& ids, tape::Place place = lang::caller()) const {
    lang::Inside here(weight, place);
    return take<Rows>(weight, ids);
  }
};

}  // namespace heed::nn
