// Add, Sub, Mul, Div, with broadcasting.
#include <ATen/TensorOperators.h>

#include "train/torch/op.h"

namespace lathe::train {
namespace {

// b can be folded into a's memory: the result has a's extents and type.
bool fits_into_first(const OpCall& call) {
  const at::Tensor& a = call.input(0);
  const at::Tensor& b = call.input(1);
  return call.may_overwrite && a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type();
}

Result<at::Tensor> run_add(const OpCall& call) {
  if (fits_into_first(call)) {
    at::Tensor a = call.input(0);
    return a.add_(call.input(1));
  }
  return call.input(0) + call.input(1);
}

Result<at::Tensor> run_sub(const OpCall& call) { return call.input(0) - call.input(1); }

Result<at::Tensor> run_mul(const OpCall& call) { return call.input(0) * call.input(1); }

Result<at::Tensor> run_div(const OpCall& call) {
  const at::Tensor& a = call.input(0);
  if (!at::isFloatingType(a.scalar_type())) return a.div(call.input(1), "trunc");
  return a / call.input(1);
}

}  // namespace

TrainOp train_Add() { return {.run = run_add, .biases = {0, 1}}; }
TrainOp train_Sub() { return {.run = run_sub, .biases = {0, 1}}; }
TrainOp train_Mul() { return {.run = run_mul, .biases = {0, 1}}; }
TrainOp train_Div() { return {.run = run_div, .biases = {0, 1}, .keeps_output = true}; }

}  // namespace lathe::train
