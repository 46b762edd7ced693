#include "train/torch/optimizer.h"

#include <ATen/ops/zeros_like.h>
#include <cmath>

#include "train/torch/tensor_conversion.h"

namespace lathe::train {

OptimizerState::OptimizerState(const SessionOptions& options, at::Tensor weights,
                               at::Tensor gradients, std::int64_t decayed)
    : options_(options),
      weights_(std::move(weights)),
      gradients_(std::move(gradients)),
      decayed_(decayed),
      first_(at::zeros_like(weights_)) {
  if (options_.optimizer == Optimizer::kAdamW) second_ = at::zeros_like(weights_);
}

void OptimizerState::step(double scale, double learning_rate, double momentum) {
  if (scale != 1) gradients_.mul_(scale);
  clip();
  ++steps_;
  if (options_.optimizer == Optimizer::kSgd) {
    step_sgd(learning_rate, momentum);
  } else {
    step_adamw(learning_rate);
  }
  gradients_.zero_();
}

void OptimizerState::clip() {
  if (options_.gradient_clip_norm <= 0) return;
  const double norm = gradients_.norm().item<double>();
  if (norm > options_.gradient_clip_norm) gradients_.mul_(options_.gradient_clip_norm / norm);
}

void OptimizerState::step_sgd(double learning_rate, double momentum) {
  if (options_.weight_decay != 0) {
    decayed_part(gradients_).add_(decayed_part(weights_), options_.weight_decay);
  }
  if (momentum == 0) {
    weights_.add_(gradients_, -learning_rate);
    return;
  }
  first_.mul_(momentum).add_(gradients_);
  if (options_.nesterov) {
    gradients_.add_(first_, momentum);
    weights_.add_(gradients_, -learning_rate);
  } else {
    weights_.add_(first_, -learning_rate);
  }
}

void OptimizerState::step_adamw(double learning_rate) {
  decayed_part(weights_).mul_(1 - learning_rate * options_.weight_decay);
  first_.mul_(options_.beta1).add_(gradients_, 1 - options_.beta1);
  second_.mul_(options_.beta2).addcmul_(gradients_, gradients_, 1 - options_.beta2);
  const auto t = static_cast<double>(steps_);
  const double first_correction = 1 - std::pow(options_.beta1, t);
  const double second_correction = 1 - std::pow(options_.beta2, t);
  const at::Tensor scale = second_.sqrt().div_(std::sqrt(second_correction)).add_(options_.epsilon);
  weights_.addcdiv_(first_, scale, -learning_rate / first_correction);
}

Status OptimizerState::save(NamedTensors& state) const {
  RETURN_IF_ERROR(save_tensor(first_, "optimizer.first", state));
  if (second_.defined()) RETURN_IF_ERROR(save_tensor(second_, "optimizer.second", state));
  state["optimizer.steps"] = ir::Tensor::scalar(steps_);
  return {};
}

Status OptimizerState::restore(const NamedTensors& state) {
  RETURN_IF_ERROR(restore_tensor(state, "optimizer.first", first_));
  if (second_.defined()) RETURN_IF_ERROR(restore_tensor(state, "optimizer.second", second_));
  ASSIGN_OR_RETURN(const ir::Tensor* steps, find_state(state, "optimizer.steps"));
  if (steps->num_elements() != 1) return invalid_data("optimizer.steps is no single number");
  steps_ = steps->get_int64(0);
  return {};
}

Result<const ir::Tensor*> find_state(const NamedTensors& state, std::string_view name) {
  const auto it = state.find(name);
  if (it == state.end()) return invalid_data("the state has no {}", name);
  return &it->second;
}

Status restore_tensor(const NamedTensors& state, std::string_view name, const at::Tensor& target) {
  ASSIGN_OR_RETURN(const ir::Tensor* saved, find_state(state, name));
  ASSIGN_OR_RETURN(const at::Tensor tensor, view_as_torch(*saved));
  if (tensor.sizes() != target.sizes() || tensor.scalar_type() != target.scalar_type()) {
    return invalid_data("the state's {} is {}, expected {}", name, ir::to_string(saved->dims()),
                        ir::to_string(target.sizes().vec()));
  }
  target.copy_(tensor);
  return {};
}

Status save_tensor(const at::Tensor& tensor, std::string_view name, NamedTensors& state) {
  ASSIGN_OR_RETURN(state[std::string(name)], copy_from_torch(tensor));
  return {};
}

}  // namespace lathe::train
