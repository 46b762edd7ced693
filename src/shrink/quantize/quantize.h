// Post-training static quantization to int8.
//
//   ASSIGN_OR_RETURN(shrink::Quantized int8, shrink::quantize(graph, training_set));
//
// Weights: int8, symmetric, one scale per output channel, largest magnitude at 127. Activations:
// int8 with zero point, one scale per tensor from the smallest and largest value seen, 0 always
// inside (Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference").
// Biases: int32 in units of input scale times weight scale. All written as QuantizeLinear and
// DequantizeLinear around float operators, which every runtime understands and the engine turns
// into integer kernels (passes::integerize).
#pragma once

#include "shrink/quantize/calibrate.h"

namespace lathe::shrink {

struct QuantizeOptions {
  CalibrateOptions calibration;
  // Conv and Gemm nodes that stay float32, by name, or by the name of their output where they have
  // none.
  std::vector<std::string> excluded;
};

struct Quantized {
  ir::Graph graph;
  CalibrationSamples samples;
};

// The quantized graph. Batch normalization is folded first. Metadata is kept, and "lathe.history"
// gets a step {"step": "quantize", ...} with the number of samples seen. Errors: a model that is
// quantized already (what rounding has taken away cannot be restored, and would be rounded again),
// or has no layer to quantize; names in `excluded` that no such layer has; and those of
// calibrate().
Result<Quantized> quantize(const ir::Graph& graph, std::shared_ptr<const data::Dataset> dataset,
                           const QuantizeOptions& options = {});

// The second half: the same for a graph that simplify_pipeline have gone over, with known ranges.
struct QuantizationPlan;
Result<ir::Graph> insert_quantization(const ir::Graph& graph, const QuantizationPlan& plan,
                                      const ActivationRanges& ranges);

// Scale and zero point of an int8 activation with this range.
struct Int8Parameters {
  float scale = 1;
  std::int8_t zero_point = 0;
};
Int8Parameters int8_parameters(ActivationRange range);

}  // namespace lathe::shrink
