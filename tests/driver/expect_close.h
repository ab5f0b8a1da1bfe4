// Results in f32 against the f64 reference: the error bound of the numerics, said once.
#pragma once

#include "heed/driver/reference.h"

namespace heed::test {

/// NaN and infinities where the reference has them; elsewhere the largest error and the root of the mean square,
/// against the reference as it is in f64, are each at most twice that of the naive evaluation, or 8 eps of `scale`.
/// `what` names the result in the message.
void expectClose(const AnyArray& got, const Elements& want, const Elements& naive, double scale,
                 const std::string& what);

}  // namespace heed::test
