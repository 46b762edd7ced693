// Operators that move elements about: Flatten, Reshape, Transpose, Concat, Identity, Pad, Squeeze,
// Unsqueeze; and ReduceMean, whose arguments are axes as theirs are.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "ops/attributes.h"
#include "ops/shape_math.h"
#include "train/torch/op.h"

namespace lathe::train {
namespace {

using ops::Dims;

// Input `slot` as axes of a tensor of this rank, ascending; all of them where it is absent.
Result<Dims> axes_of(const OpCall& call, std::size_t slot, std::int64_t rank) {
  Dims axes;
  const ir::Tensor* constant = call.constant(slot);
  if (constant == nullptr || constant->num_elements() == 0) {
    axes.resize(static_cast<std::size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
    return axes;
  }
  ASSIGN_OR_RETURN(const std::vector<std::size_t> named,
                   ops::normalize_axes(constant->to_int64s(), static_cast<std::size_t>(rank)));
  axes.assign(named.begin(), named.end());
  std::sort(axes.begin(), axes.end());
  return axes;
}

Result<at::Tensor> run_flatten(const OpCall& call) {
  const at::Tensor& x = call.input(0);
  std::int64_t axis = ops::attributes(call.node).get_int("axis");
  if (axis < 0) axis += x.dim();
  const auto sizes = x.sizes();
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  for (std::int64_t i = 0; i < x.dim(); ++i) {
    (i < axis ? rows : columns) *= sizes[static_cast<std::size_t>(i)];
  }
  return x.reshape({rows, columns});
}

Result<at::Tensor> run_reshape(const OpCall& call) {
  const at::Tensor& x = call.input(0);
  Dims dims = call.constant(1)->to_int64s();
  if (ops::attributes(call.node).get_int("allowzero") == 0) {
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == 0) dims[i] = x.size(static_cast<std::int64_t>(i));
    }
  }
  return x.reshape(dims);
}

Result<at::Tensor> run_transpose(const OpCall& call) {
  Dims order(static_cast<std::size_t>(call.input(0).dim()));
  std::iota(order.rbegin(), order.rend(), 0);
  if (const auto* given = ops::attributes(call.node).find_ints("perm")) order = *given;
  return call.input(0).permute(order);
}

Result<at::Tensor> run_concat(const OpCall& call) {
  const std::vector<at::Tensor> parts(call.inputs.begin(), call.inputs.end());
  return at::cat(parts, ops::attributes(call.node).get_int("axis"));
}

Result<at::Tensor> run_identity(const OpCall& call) { return call.input(0); }

Result<at::Tensor> run_squeeze(const OpCall& call) {
  const at::Tensor& x = call.input(0);
  const bool named = call.constant(1) != nullptr && call.constant(1)->num_elements() > 0;
  ASSIGN_OR_RETURN(const Dims axes, axes_of(call, 1, x.dim()));
  Dims dims;
  for (std::int64_t i = 0; i < x.dim(); ++i) {
    const bool chosen = std::binary_search(axes.begin(), axes.end(), i);
    if (chosen && x.size(i) == 1) continue;
    if (chosen && named) return invalid_data("axis {} has {} elements", i, x.size(i));
    dims.push_back(x.size(i));
  }
  return x.reshape(dims);
}

Result<at::Tensor> run_unsqueeze(const OpCall& call) {
  const at::Tensor& x = call.input(0);
  const std::int64_t rank = x.dim() + call.constant(1)->num_elements();
  at::Tensor y = x;
  if (rank == x.dim()) return y;
  ASSIGN_OR_RETURN(const Dims axes, axes_of(call, 1, rank));
  for (const std::int64_t axis : axes) y = y.unsqueeze(axis);
  return y;
}

Result<at::Tensor> run_reduce_mean(const OpCall& call) {
  const at::Tensor& x = call.input(0);
  const bool named = call.constant(1) != nullptr && call.constant(1)->num_elements() > 0;
  if (!named && ops::attributes(call.node).get_int("noop_with_empty_axes") != 0) return x;
  ASSIGN_OR_RETURN(const Dims axes, axes_of(call, 1, x.dim()));
  if (axes.empty()) return x;
  return x.mean(axes, ops::attributes(call.node).get_int("keepdims") != 0);
}

// Where element `at` of a padded axis comes from; `extent` elements are there.
std::int64_t source_index(std::int64_t at, std::int64_t extent, std::string_view mode) {
  if (mode == "edge") return std::clamp<std::int64_t>(at, 0, extent - 1);
  if (mode == "wrap") return ((at % extent) + extent) % extent;
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (extent - 1));
  const std::int64_t folded = ((at % period) + period) % period;
  return folded < extent ? folded : period - folded;
}

Result<at::Tensor> run_pad(const OpCall& call) {
  at::Tensor x = call.input(0);
  const Dims pads = call.constant(1)->to_int64s();
  ASSIGN_OR_RETURN(std::vector<std::size_t> axes,
                   ops::normalize_axes(call.constant(3) != nullptr ? call.constant(3)->to_int64s()
                                                                   : std::vector<std::int64_t>{},
                                       static_cast<std::size_t>(x.dim())));
  if (axes.empty()) {
    axes.resize(static_cast<std::size_t>(x.dim()));
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (pads.size() != 2 * axes.size()) {
    return invalid_data("pads has {} values, expected {}", pads.size(), 2 * axes.size());
  }
  const std::string mode = ops::attributes(call.node).get_string("mode");
  if (mode == "constant") {
    Dims pairs(2 * static_cast<std::size_t>(x.dim()), 0);  // the last axis first
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::size_t at = 2 * (static_cast<std::size_t>(x.dim()) - 1 - axes[i]);
      pairs[at] = pads[i];
      pairs[at + 1] = pads[i + axes.size()];
    }
    const double value = call.constant(2) != nullptr ? call.constant(2)->get_double(0) : 0;
    return at::constant_pad_nd(x, pairs, value);
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t extent = x.size(static_cast<std::int64_t>(axes[i]));
    Dims sources;
    for (std::int64_t at = -pads[i]; at < extent + pads[i + axes.size()]; ++at) {
      sources.push_back(source_index(at, extent, mode));
    }
    const at::Tensor index = at::tensor(at::ArrayRef<std::int64_t>(sources), at::kLong);
    x = at::index_select(x, static_cast<std::int64_t>(axes[i]), index.to(x.device()));
  }
  return x;
}

}  // namespace

TrainOp train_Flatten() { return {.run = run_flatten, .keeps_output = true}; }
TrainOp train_Reshape() { return {.run = run_reshape, .host = {1}, .keeps_output = true}; }
TrainOp train_Transpose() { return {.run = run_transpose, .keeps_output = true}; }
TrainOp train_Concat() { return {.run = run_concat}; }
TrainOp train_Identity() { return {.run = run_identity, .keeps_output = true}; }
TrainOp train_Squeeze() { return {.run = run_squeeze, .host = {1}, .keeps_output = true}; }
TrainOp train_Unsqueeze() { return {.run = run_unsqueeze, .host = {1}, .keeps_output = true}; }
TrainOp train_ReduceMean() { return {.run = run_reduce_mean, .host = {1}, .keeps_output = true}; }
TrainOp train_Pad() { return {.run = run_pad, .host = {1, 2, 3}, .keeps_output = true}; }

}  // namespace lathe::train
