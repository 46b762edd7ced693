// SGD with momentum and AdamW, over flat buffers of weights and gradients.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "train/backend.h"

namespace lathe::train {

class OptimizerState {
 public:
  // The first `decayed` elements are under weight decay.
  OptimizerState(const SessionOptions& options, at::Tensor weights, at::Tensor gradients,
                 std::int64_t decayed);

  // One step by gradients * scale, clipped to the norm that the options state; then zeroes them.
  void step(double scale, double learning_rate, double momentum);

  Status save(NamedTensors& state) const;
  Status restore(const NamedTensors& state);

 private:
  void clip();
  void step_sgd(double learning_rate, double momentum);
  void step_adamw(double learning_rate);
  [[nodiscard]] at::Tensor decayed_part(const at::Tensor& flat) const {
    return flat.narrow(0, 0, decayed_);
  }

  SessionOptions options_;
  at::Tensor weights_;
  at::Tensor gradients_;
  std::int64_t decayed_;
  at::Tensor first_;   // momentum, or the mean of gradients
  at::Tensor second_;  // AdamW: the mean of their squares
  std::int64_t steps_ = 0;
};

// The tensor of that name, or an error; and its elements into `target`, which must be as many.
Result<const ir::Tensor*> find_state(const NamedTensors& state, std::string_view name);
Status restore_tensor(const NamedTensors& state, std::string_view name, const at::Tensor& target);
Status save_tensor(const at::Tensor& tensor, std::string_view name, NamedTensors& state);

}  // namespace lathe::train
