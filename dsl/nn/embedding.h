// Embedding: one row of a table for each id.
//
// Invariant: weight is [rows, model]; a tied output head, logits(x), contracts with the same weight.
// Read tests/nn/linear_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"
#include "heed/dsl/words/contract.h"
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

  /// The tied head of a language model: how near x is to each row (Press and Wolf, arXiv:1608.05859). An untied one is
  /// a LinearNoBias<Model, Vocab>.
  template <lang::AnyTensor X>
  constexpr auto logits(const X& x, tape::Place place = lang::caller()) const {
    lang::Inside here(weight, place);
    return contract<Model>(x, weight);
  }
};

}  // namespace heed::nn
