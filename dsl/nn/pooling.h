// From a sequence to one vector, and from that to classes.
//
// Invariant: pool(x), pool(x, mask) is x without Seq.
// Read tests/nn/pooling_test.cpp.
#pragma once

#include "heed/dsl/nn/linear.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/reduce.h"
#include "heed/dsl/words/take.h"

namespace heed::nn {

/// The mean of all tokens, or of those that `mask` shows, such as index<Seq>() < length; where it shows none, 0.
template <class Seq>
struct MeanPooling {
  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return mean<Seq>(x, place);
  }
  template <lang::AnyTensor X, lang::Shaped Mask>
  constexpr auto operator()(const X& x, const Mask& mask, tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    auto shown = lang::bind(x.tape, mask);
    return sum<Seq>(where(shown, x, 0)) / max(sum<Seq>(cast<lang::ElementOf<X>>(shown)), 1);
  }
};

/// The first token, which BERT calls [CLS] (Devlin et al., arXiv:1810.04805).
template <class Seq>
struct ClsPooling {
  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return take<Seq>(x, lang::Constant<i32>(place, 0), place);
  }
};

/// tanh(dense(first token)): BERT's pooler.
template <class Seq, class Model>
struct BertPooler {
  struct Pooled : like<Model, "pooled"> {};
  Linear<Model, Pooled> dense;

  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    lang::Inside here(dense.weight, place, 1);
    return rename<Pooled, Model>(tanh(dense(ClsPooling<Seq>{}(x))));
  }
};

/// classify(x), classify(x, mask): logits of Classes from the pooled sequence.
template <class Pooling, class Model, class Classes>
struct Classifier {
  Pooling pool{};
  Linear<Model, Classes> out{};

  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return out(pool(x, place), place);
  }
  template <lang::AnyTensor X, lang::Shaped Mask>
  constexpr auto operator()(const X& x, const Mask& mask, tape::Place place = lang::caller()) const {
    return out(pool(x, mask, place), place);
  }
};

}  // namespace heed::nn
