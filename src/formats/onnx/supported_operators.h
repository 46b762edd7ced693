// Which opsets a model is at, and whether all its operators are among those that are read.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace onnx {
class ModelProto;
}

namespace lathe::formats {

// Versions by domain, as the model imports them; the default domain is "".
Result<std::map<std::string, std::int64_t, std::less<>>> imported_opsets(
    const onnx::ModelProto& model);

// The version of the default domain, after checks of all the opsets that the model imports; the
// canonical one where the model does not import it.
Result<int> model_opset(const onnx::ModelProto& model);

// The error names each operator that is not supported once, with the first node that uses it.
// Subgraphs are searched too.
Status check_operators(const onnx::ModelProto& model, int opset);

}  // namespace lathe::formats
