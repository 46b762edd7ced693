#include "kernels/reduce/loops.h"

namespace lathe::kernels {

void reduce_avx2(const ReduceArgs& args) { reduce(args); }

}  // namespace lathe::kernels
