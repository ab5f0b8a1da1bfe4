// The whole language.
//
// The headers are in the order in which they build on one another, so that a compiler's message about one of them lists
// no chain of includes.
#pragma once

// clang-format off
#include "heed/dsl/axis.h"
#include "heed/dsl/algebra.h"
#include "heed/dsl/operand.h"
#include "heed/dsl/tape_builder.h"
#include "heed/dsl/tensor.h"
#include "heed/dsl/expression.h"
#include "heed/dsl/pointwise_rules.h"
#include "heed/dsl/words/cast.h"
#include "heed/dsl/words/contract.h"
#include "heed/dsl/words/reduce.h"
#include "heed/dsl/words/rename.h"
#include "heed/dsl/words/shape.h"
#include "heed/dsl/words/softmax.h"
#include "heed/dsl/words/take.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/fields.h"
#include "heed/dsl/results.h"
#include "heed/dsl/module.h"
#include "heed/dsl/repeat.h"
#include "heed/dsl/freeze.h"
#include "heed/dsl/trace.h"
#include "heed/dsl/run_time_graph.h"
#include "heed/dsl/typed.h"
#include "heed/dsl/variants.h"
#include "heed/dsl/nn/linear.h"
#include "heed/dsl/nn/norm.h"
#include "heed/dsl/nn/embedding.h"
#include "heed/dsl/nn/position.h"
#include "heed/dsl/nn/rotary.h"
#include "heed/dsl/nn/activation.h"
#include "heed/dsl/nn/feed_forward.h"
#include "heed/dsl/nn/attention.h"
#include "heed/dsl/nn/multi_head_attention.h"
// clang-format on
