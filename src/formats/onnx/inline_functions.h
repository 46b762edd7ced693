// Functions that a model defines for itself, brought into the graphs that call them.
#pragma once

#include "base/result.h"

namespace onnx {
class ModelProto;
}

namespace lathe::formats {

// Replaces every node that calls a function of the model (ModelProto.functions: domain, name and
// overload) by the function's nodes, also in graphs inside nodes and in functions; then drops the
// functions. Inner values and nodes get names of their own. A function comes before an operator of
// the same name. Domains that only functions import are imported by the model. Errors name the
// function: where it calls itself, where an opset that it imports is another than the model's and
// an operator differs between the two, where a model would grow beyond measure.
Status inline_functions(onnx::ModelProto& model);

}  // namespace lathe::formats
