// Relu and its relatives, Softmax, LogSoftmax, Dropout.
#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <limits>

#include "ops/attributes.h"
#include "train/torch/op.h"

namespace lathe::train {
namespace {

Result<at::Tensor> run_relu(const OpCall& call) {
  at::Tensor x = call.input(0);
  return call.may_overwrite ? at::relu_(x) : at::relu(x);
}

Result<at::Tensor> run_leaky_relu(const OpCall& call) {
  return at::leaky_relu(call.input(0),
                        static_cast<double>(ops::attributes(call.node).get_float("alpha")));
}

Result<at::Tensor> run_clip(const OpCall& call) {
  at::Tensor x = call.input(0);
  const bool bounded = call.constant(1) != nullptr && call.constant(2) != nullptr;
  const double low = call.constant(1) != nullptr ? call.constant(1)->get_double(0)
                                                 : -std::numeric_limits<double>::infinity();
  const double high = call.constant(2) != nullptr ? call.constant(2)->get_double(0)
                                                  : std::numeric_limits<double>::infinity();
  if (!at::isFloatingType(x.scalar_type())) return unsupported("integer elements");
  if (!bounded || low >= high) return at::clamp(x, low, high);
  return call.may_overwrite ? at::hardtanh_(x, low, high) : at::hardtanh(x, low, high);
}

Result<at::Tensor> run_sigmoid(const OpCall& call) { return call.input(0).sigmoid(); }

Result<at::Tensor> run_hard_sigmoid(const OpCall& call) {
  const auto alpha = static_cast<double>(ops::attributes(call.node).get_float("alpha"));
  const auto beta = static_cast<double>(ops::attributes(call.node).get_float("beta"));
  return at::clamp(call.input(0) * alpha + beta, 0, 1);
}

Result<at::Tensor> run_hard_swish(const OpCall& call) { return at::hardswish(call.input(0)); }

Result<at::Tensor> run_tanh(const OpCall& call) { return call.input(0).tanh(); }

// Sums of exponentials are taken in float32 whatever the activations are.
at::Tensor at_least_float(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x;
}

Result<at::Tensor> run_softmax(const OpCall& call) {
  return at::softmax(at_least_float(call.input(0)), ops::attributes(call.node).get_int("axis"));
}

Result<at::Tensor> run_log_softmax(const OpCall& call) {
  return at::log_softmax(at_least_float(call.input(0)), ops::attributes(call.node).get_int("axis"));
}

// A training_mode input is left aside: dropout is what training does and evaluation does not.
Result<at::Tensor> run_dropout(const OpCall& call) {
  const double ratio = call.constant(1) != nullptr ? call.constant(1)->get_double(0) : 0.5;
  if (!call.training || ratio == 0) return call.input(0);
  if (!(ratio > 0 && ratio < 1)) return invalid_data("ratio is {}, expected [0, 1)", ratio);
  return at::dropout(call.input(0), ratio, /*train=*/true);
}

}  // namespace

TrainOp train_Relu() { return {.run = run_relu, .keeps_output = true}; }
TrainOp train_LeakyRelu() { return {.run = run_leaky_relu}; }
TrainOp train_Clip() { return {.run = run_clip, .host = {1, 2}, .keeps_output = true}; }
TrainOp train_Sigmoid() { return {.run = run_sigmoid, .keeps_output = true}; }
TrainOp train_HardSigmoid() { return {.run = run_hard_sigmoid}; }
TrainOp train_HardSwish() { return {.run = run_hard_swish}; }
TrainOp train_Tanh() { return {.run = run_tanh, .keeps_output = true}; }
TrainOp train_Softmax() { return {.run = run_softmax, .keeps_output = true}; }
TrainOp train_LogSoftmax() { return {.run = run_log_softmax, .keeps_output = true}; }
TrainOp train_Dropout() { return {.run = run_dropout, .host = {1, 2}, .keeps_output = true}; }

}  // namespace lathe::train
