// What running a plan relies on.
#pragma once

#include "engine/plan.h"

namespace lathe::engine {

// Whether running the plan touches no memory but its own, whoever made it: indices, sizes and
// places hold, kernels take their problems and find operands of the size that they use, what is in
// use at the same step does not overlap, and nothing is read before it is written. The error names
// the storage, slot or step. Beside the plan remain to be checked: that the machine has the
// kernels' instruction sets, that packed weights have the bytes that kernels ask for, that
// constants have the bytes of their storages, and that the interpreter's nodes have the types of
// their slots.
Status check_plan(const Plan& plan);

}  // namespace lathe::engine
