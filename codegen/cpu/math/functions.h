// The functions themselves, one formula each; see passes.td for their errors.
#pragma once

#include "heed/codegen/cpu/math/real.h"

namespace heed::codegen {

Real exp(Real x);
Real exp2(Real x);
Real tanh(Real x);
Real erf(Real x);
Real log(Real x);
Real sin(Real x);
Real cos(Real x);
Real rsqrt(Real x);
Real floor(Real x);

}  // namespace heed::codegen
