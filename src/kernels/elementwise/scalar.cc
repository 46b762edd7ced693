#include "kernels/elementwise/loops.h"

namespace lathe::kernels {

void elementwise_scalar(const ElementwiseArgs& args) { elementwise(args); }

}  // namespace lathe::kernels
