// Every rewrite, one file each, and the lists that combine them.
#pragma once

#include "passes/pass.h"

namespace lathe::passes {

// Drops Identity and Dropout, which pass their input on in inference.
PassResult eliminate_identity(const ir::Graph& graph);

// Evaluates nodes whose inputs are all constant, as long as the result is no larger than
// kFoldedBytes or than the inputs: so that folding never inflates a quantized model.
PassResult fold_constants(const ir::Graph& graph);
inline constexpr std::size_t kFoldedBytes = 4096;

// Moves the scale and offset of a BatchNormalization into the convolution or fully connected layer
// before it.
PassResult fold_batch_normalization(const ir::Graph& graph);

// Turns DequantizeLinear -> operator -> QuantizeLinear into the operator's integer form:
// QLinearConv, lathe.QGemm, lathe.QLinearAdd, lathe.QLinearGlobalAveragePool, and MaxPool, Flatten,
// Reshape, Squeeze, Unsqueeze and Transpose on integers. An activation in between goes into the
// saturation of the output type where that gives the same numbers for every input; where it does
// not, and wherever a weight is not int8 with zero point 0, the float form stays.
PassResult integerize(const ir::Graph& graph);

// What execution starts from: integer operators, batch normalization folded, constants folded.
std::span<const Pass> inference_passes();
// The same without integer operators: what a float model is brought to before it is quantized.
std::span<const Pass> simplify_passes();

}  // namespace lathe::passes
