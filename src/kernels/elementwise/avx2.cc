#include "kernels/elementwise/loops.h"

namespace lathe::kernels {

void elementwise_avx2(const ElementwiseArgs& args) { elementwise(args); }

}  // namespace lathe::kernels
