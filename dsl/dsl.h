// The whole language.
#pragma once

#include "heed/dsl/trace.h"
#include "heed/dsl/words/cast.h"
#include "heed/dsl/words/contract.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/reduce.h"
#include "heed/dsl/words/shape.h"
#include "heed/dsl/words/softmax.h"
#include "heed/dsl/words/take.h"
