// BatchNormalization.
#include <ATen/ops/batch_norm.h>

#include "ops/attributes.h"
#include "train/torch/op.h"

namespace lathe::train {
namespace {

// In training the batch's own statistics normalize, and the running ones move towards them by
// 1 - momentum. ONNX defines the running variance by the batch's population variance; LibTorch
// takes the unbiased one, n / (n - 1) times as much, and so does this.
Result<at::Tensor> run_batch_normalization(const OpCall& call) {
  const double momentum = static_cast<double>(ops::attributes(call.node).get_float("momentum"));
  const double epsilon = static_cast<double>(ops::attributes(call.node).get_float("epsilon"));
  return at::batch_norm(call.input(0), call.input(1), call.input(2), call.input(3), call.input(4),
                        call.training, 1 - momentum, epsilon, /*cudnn_enabled=*/true);
}

}  // namespace

TrainOp train_BatchNormalization() {
  return {.run = run_batch_normalization, .biases = {1, 2}, .statistics = {3, 4}};
}

}  // namespace lathe::train
