// Conv.
#include <ATen/ops/convolution.h>

#include "ops/attributes.h"
#include "train/torch/op.h"
#include "train/torch/window.h"

namespace lathe::train {
namespace {

Result<at::Tensor> run_conv(const OpCall& call) {
  at::Tensor x = call.input(0);
  at::Tensor weight = call.input(1);
  at::Tensor bias = call.input(2);
  if (call.bfloat16) {
    x = x.to(at::kBFloat16);
    weight = weight.to(at::kBFloat16);
    if (bias.defined()) bias = bias.to(at::kBFloat16);
  } else {
    x = x.to(weight.scalar_type());
  }
  ASSIGN_OR_RETURN(ops::Window window, window_of(call.node, x, weight.sizes().slice(2).vec()));
  if (!has_equal_pads(window)) {
    x = pad_spatial(x, window.pads_begin, window.pads_end, 0);
    window.pads_begin.assign(window.pads_begin.size(), 0);
  }
  const ops::Dims no_output_padding(window.kernel.size(), 0);
  return at::convolution(x, weight, bias, window.strides, window.pads_begin, window.dilations,
                         /*transposed=*/false, no_output_padding,
                         ops::attributes(call.node).get_int("group"));
}

}  // namespace

TrainOp train_Conv() { return {.run = run_conv, .weights = {1}, .biases = {2}}; }

}  // namespace lathe::train
