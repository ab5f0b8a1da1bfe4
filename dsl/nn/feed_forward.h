// FeedForward: two linear maps with a GELU between them.
//
// Invariant: the result has the axes of x.
// Read tests/dsl/module_test.cpp.
#pragma once

#include "heed/dsl/nn/linear.h"
#include "heed/dsl/words/formulas.h"

namespace heed::nn {

template <class Model, class Hidden>
struct FeedForward {
  Linear<Model, Hidden> up;
  Linear<Hidden, Model> down;

  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    lang::Inside here(up.weight, place, 1);
    return down(gelu(up(x)));
  }
};

}  // namespace heed::nn
