// Gemm and MatMul.
#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>

#include "ops/attributes.h"
#include "train/torch/op.h"

namespace lathe::train {
namespace {

at::Tensor in_compute_type(const at::Tensor& x, const OpCall& call) {
  if (!x.defined() || !at::isFloatingType(x.scalar_type())) return x;
  if (call.bfloat16) return x.to(at::kBFloat16);
  return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x;
}

Result<at::Tensor> run_gemm(const OpCall& call) {
  at::Tensor a = in_compute_type(call.input(0), call);
  at::Tensor b = in_compute_type(call.input(1), call);
  at::Tensor c = in_compute_type(call.input(2), call);
  const auto alpha = static_cast<double>(ops::attributes(call.node).get_float("alpha"));
  const auto beta = static_cast<double>(ops::attributes(call.node).get_float("beta"));
  if (ops::attributes(call.node).get_int("transA") != 0) a = a.t();
  const bool transposed_b = ops::attributes(call.node).get_int("transB") != 0;
  const at::Tensor weight = transposed_b ? b : b.t();  // [N, K], as linear() takes it
  const bool plain_bias = c.defined() && c.dim() == 1 && c.size(0) == weight.size(0);
  if (alpha == 1 && beta == 1 && (plain_bias || !c.defined())) return at::linear(a, weight, c);
  at::Tensor y = at::matmul(a, weight.t());
  if (alpha != 1) y = y * alpha;
  if (c.defined()) y = y + (beta == 1 ? c : c * beta);
  return y;
}

Result<at::Tensor> run_mat_mul(const OpCall& call) {
  return at::matmul(in_compute_type(call.input(0), call), in_compute_type(call.input(1), call));
}

}  // namespace

TrainOp train_Gemm() {
  return {.run = run_gemm, .weights = {0, 1}, .biases = {2}, .product = true};
}
TrainOp train_MatMul() { return {.run = run_mat_mul, .weights = {0, 1}, .product = true}; }

}  // namespace lathe::train
