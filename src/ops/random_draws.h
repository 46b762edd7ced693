// What operators that draw random numbers share.
#pragma once

#include "base/random.h"
#include "ops/attributes.h"

namespace lathe::ops {

// The generator of one evaluation. The attribute `seed` tells its numbers, the same for every
// evaluation and on every machine; without it they differ each time.
Random random_of(const Attributes& attributes);

// Uniform in [0, 1), 53 bits.
double uniform_double(Random& random);

}  // namespace lathe::ops
