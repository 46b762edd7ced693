#include "kernels/reduce/loops.h"

namespace lathe::kernels {

void reduce_scalar(const ReduceArgs& args) { reduce(args); }

}  // namespace lathe::kernels
