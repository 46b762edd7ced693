// Models that the ONNX targets start from.
#pragma once

#include "base/file.h"

namespace lathe {

// Small models that use every operator and attribute kind that GraphBuilder knows, and one per
// opset. The exit status of a program that does this.
int write_onnx_seeds(const Path& folder);

}  // namespace lathe
