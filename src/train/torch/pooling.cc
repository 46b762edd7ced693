// MaxPool, AveragePool and the global pools.
#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/ones.h>
#include <limits>

#include "ops/attributes.h"
#include "train/torch/op.h"
#include "train/torch/window.h"

namespace lathe::train {
namespace {

using ops::Dims;

// One spatial axis is run as two, the first of extent 1.
void make_planar(at::Tensor& x, ops::Window& window) {
  if (x.dim() != 3) return;
  x = x.unsqueeze(2);
  for (Dims* values : {&window.kernel, &window.strides, &window.dilations}) {
    values->insert(values->begin(), 1);
  }
  window.pads_begin.insert(window.pads_begin.begin(), 0);
  window.pads_end.insert(window.pads_end.begin(), 0);
}

// The amounts behind each axis that make every window of the output whole, ceil_mode's included.
// Negative where the last elements are in no window.
Result<Dims> pads_to_whole_windows(const ops::Window& window, const at::Tensor& x, bool ceil_mode) {
  Dims end;
  for (std::size_t i = 0; i < window.kernel.size(); ++i) {
    const std::int64_t input = x.size(static_cast<std::int64_t>(i) + 2);
    ASSIGN_OR_RETURN(const std::int64_t output,
                     ops::window_output_extent(window, i, input, ceil_mode));
    end.push_back((output - 1) * window.strides[i] + (window.kernel[i] - 1) * window.dilations[i] +
                  1 - window.pads_begin[i] - input);
  }
  return end;
}

// LibTorch pads by itself, equally in front and behind and by half a kernel at most.
bool pads_itself(const ops::Window& window, bool ceil_mode) {
  if (ceil_mode || !has_equal_pads(window)) return false;
  for (std::size_t i = 0; i < window.kernel.size(); ++i) {
    if (window.pads_begin[i] > window.kernel[i] / 2) return false;
  }
  return true;
}

at::Tensor max_pool(const at::Tensor& x, const ops::Window& window, const Dims& pads) {
  return window.kernel.size() == 2
             ? at::max_pool2d(x, window.kernel, window.strides, pads, window.dilations)
             : at::max_pool3d(x, window.kernel, window.strides, pads, window.dilations);
}

at::Tensor average_pool(const at::Tensor& x, const ops::Window& window, const Dims& pads,
                        bool count_padding) {
  return window.kernel.size() == 2
             ? at::avg_pool2d(x, window.kernel, window.strides, pads, false, count_padding)
             : at::avg_pool3d(x, window.kernel, window.strides, pads, false, count_padding);
}

struct PoolCall {
  at::Tensor x;
  ops::Window window;
  bool ceil_mode;
};

Result<PoolCall> prepare_pool(const OpCall& call) {
  PoolCall pool{call.input(0), {}, ops::attributes(call.node).get_int("ceil_mode") != 0};
  if (pool.x.dim() < 3 || pool.x.dim() > 5) {
    return unsupported("pooling over {} axes", pool.x.dim() - 2);
  }
  ASSIGN_OR_RETURN(const Dims kernel, ops::required_kernel_shape(
                                          call.node, static_cast<std::size_t>(pool.x.dim()) - 2));
  ASSIGN_OR_RETURN(pool.window, window_of(call.node, pool.x, kernel));
  make_planar(pool.x, pool.window);
  return pool;
}

at::Tensor like_input(const at::Tensor& y, const at::Tensor& x) {
  return x.dim() == 3 ? y.squeeze(2) : y;
}

Result<at::Tensor> run_max_pool(const OpCall& call) {
  ASSIGN_OR_RETURN(const PoolCall pool, prepare_pool(call));
  if (pads_itself(pool.window, pool.ceil_mode)) {
    return like_input(max_pool(pool.x, pool.window, pool.window.pads_begin), call.input(0));
  }
  ASSIGN_OR_RETURN(const Dims end, pads_to_whole_windows(pool.window, pool.x, pool.ceil_mode));
  const at::Tensor padded =
      pad_spatial(pool.x, pool.window.pads_begin, end, -std::numeric_limits<double>::infinity());
  return like_input(max_pool(padded, pool.window, Dims(end.size(), 0)), call.input(0));
}

Result<at::Tensor> run_average_pool(const OpCall& call) {
  ASSIGN_OR_RETURN(const PoolCall pool, prepare_pool(call));
  const ops::Window& window = pool.window;
  for (std::size_t i = 0; i < window.kernel.size(); ++i) {
    if (window.dilations[i] != 1 && window.kernel[i] != 1) {
      return unsupported("dilations cannot be trained");
    }
  }
  const bool count_padding = ops::attributes(call.node).get_int("count_include_pad") != 0;
  if (pads_itself(window, pool.ceil_mode)) {
    return like_input(average_pool(pool.x, window, window.pads_begin, count_padding),
                      call.input(0));
  }
  // The mean over whole windows of zero-padded input, by the mean of a mask of what counts.
  ASSIGN_OR_RETURN(const Dims end, pads_to_whole_windows(window, pool.x, pool.ceil_mode));
  const Dims none(end.size(), 0);
  const at::Tensor sums =
      average_pool(pad_spatial(pool.x, window.pads_begin, end, 0), window, none, true);
  Dims mask_dims = pool.x.sizes().vec();
  mask_dims[0] = mask_dims[1] = 1;
  at::Tensor mask = at::ones(mask_dims, pool.x.options().requires_grad(false));
  Dims behind = end;
  if (count_padding) {
    mask = pad_spatial(mask, window.pads_begin, window.pads_end, 1);
    for (std::size_t i = 0; i < end.size(); ++i) behind[i] -= window.pads_end[i];
  }
  mask = pad_spatial(mask, count_padding ? none : window.pads_begin, behind, 0);
  return like_input(sums / average_pool(mask, window, none, true), call.input(0));
}

Dims spatial_axes(const at::Tensor& x) {
  Dims axes;
  for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
  return axes;
}

Result<at::Tensor> run_global_average_pool(const OpCall& call) {
  return call.input(0).mean(spatial_axes(call.input(0)), /*keepdim=*/true);
}

Result<at::Tensor> run_global_max_pool(const OpCall& call) {
  return at::amax(call.input(0), spatial_axes(call.input(0)), /*keepdim=*/true);
}

}  // namespace

TrainOp train_MaxPool() { return {.run = run_max_pool}; }
TrainOp train_AveragePool() { return {.run = run_average_pool}; }
TrainOp train_GlobalAveragePool() { return {.run = run_global_average_pool}; }
TrainOp train_GlobalMaxPool() { return {.run = run_global_max_pool, .keeps_output = true}; }

}  // namespace lathe::train
