#include "ops/conv_transpose.h"

#include <algorithm>

#include "base/checked_math.h"
#include "ops/dispatch.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace lathe::ops {
namespace {

// The extent of one output axis, and its first pad.
struct TransposedAxis {
  ir::Dim output;
  std::int64_t pad_begin = 0;
};

struct TransposedRule {
  std::string_view auto_pad;
  std::int64_t stride;
  std::int64_t reach;  // of the dilated kernel
  std::int64_t pad_begin, pad_end;
  std::int64_t output_padding;
  const std::int64_t* output_shape;  // null where it is not stated
};

Result<TransposedAxis> resolve_transposed_axis(const TransposedRule& rule, const ir::Dim& input) {
  const ir::SymInt whole =
      input.symbolic() * rule.stride - rule.stride + rule.output_padding + rule.reach;
  const bool same = rule.auto_pad == "SAME_UPPER" || rule.auto_pad == "SAME_LOWER";
  if (rule.output_shape == nullptr && !same) {
    const ir::SymInt output = whole - (rule.pad_begin + rule.pad_end);
    if (output.number().value_or(0) < 0)
      return invalid_data("an output extent is {}", *output.number());
    return TransposedAxis{ir::Dim(output), rule.pad_begin};
  }
  TransposedAxis axis;
  axis.output = rule.output_shape != nullptr ? ir::Dim(*rule.output_shape)
                                             : ir::Dim(input.symbolic() * rule.stride);
  const ir::SymInt total = whole - axis.output.symbolic();
  // Of an extent that is not known the pads will be told when it is.
  const std::int64_t padding = std::max<std::int64_t>(0, total.number().value_or(0));
  axis.pad_begin = rule.auto_pad == "SAME_UPPER" ? padding / 2 : padding - padding / 2;
  return axis;
}

}  // namespace

Result<std::optional<TransposedWindow>> resolve_transposed(const ir::Node& node,
                                                           const ir::TensorType& input,
                                                           const ir::TensorType& weights) {
  if (weights.shape && weights.shape->size() < 3) {
    return invalid_data("weights have shape {}, expected [C,M/group,kernel...]",
                        ir::to_string(*weights.shape));
  }
  if (!input.shape || !weights.shape) return std::optional<TransposedWindow>{};
  const ir::Shape& x = *input.shape;
  const ir::Shape& w = *weights.shape;
  if (x.size() < 3)
    return invalid_data("input has shape {}, expected [N,C,spatial...]", ir::to_string(x));
  if (w.size() != x.size())
    return invalid_data("weights have rank {}, expected {} as the input", w.size(), x.size());
  const auto extents = ir::known_dims(w);
  if (!extents) return unsupported("weights of unknown shape {}", ir::to_string(w));
  const std::int64_t group = attributes(node).get_int("group");
  if (group < 1) return invalid_data("group is {}", group);
  if ((*extents)[0] % group != 0 || (x[1].known() && x[1] != w[0])) {
    return invalid_data("weights {} with group {} do not fit an input of {} channels",
                        ir::to_string(w), group, x[1].to_string());
  }
  const Dims factors{(*extents)[1], group};
  const auto channels = checked_product(factors);
  if (!channels) return invalid_data("group is {}", group);

  const std::size_t rank = w.size() - 2;
  TransposedWindow geometry;
  geometry.kernel.assign(extents->begin() + 2, extents->end());
  if (std::any_of(geometry.kernel.begin(), geometry.kernel.end(),
                  [](std::int64_t extent) { return extent < 1; })) {
    return invalid_data("weights have shape {}", ir::to_string(w));
  }
  const Dims* stated = attributes(node).find_ints("kernel_shape");
  if (stated != nullptr && *stated != geometry.kernel) {
    return invalid_data("kernel_shape is {}, but the weights have shape {}", ir::to_string(*stated),
                        ir::to_string(w));
  }
  ASSIGN_OR_RETURN(geometry.strides, window_attribute(node, "strides", rank, 1, 1));
  ASSIGN_OR_RETURN(geometry.dilations, window_attribute(node, "dilations", rank, 1, 1));
  ASSIGN_OR_RETURN(Dims pads, window_attribute(node, "pads", rank * 2, 0, 0));
  ASSIGN_OR_RETURN(const Dims output_padding, window_attribute(node, "output_padding", rank, 0, 0));
  ASSIGN_OR_RETURN(const Dims output_shape, window_attribute(node, "output_shape", rank, 0, 0));
  const bool has_output_shape = attributes(node).find_ints("output_shape") != nullptr;
  RETURN_IF_ERROR(check_reach(geometry.kernel, geometry.dilations));
  const std::string& auto_pad = attributes(node).get_string("auto_pad");
  if (auto_pad == "VALID") {
    std::fill(pads.begin(), pads.end(), 0);
  } else if (auto_pad != "NOTSET" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    return invalid_data("auto_pad is '{}'", auto_pad);
  }
  geometry.output = {x[0], *channels};
  for (std::size_t i = 0; i < rank; ++i) {
    const ir::Dim& extent = x[i + 2];
    if (extent.known() && extent.value() > kMaxExtent)
      return invalid_data("extent {} is absurd", extent.value());
    if (output_padding[i] >= std::max(geometry.strides[i], geometry.dilations[i])) {
      return invalid_data("output_padding has the value {}, expected less than stride or dilation",
                          output_padding[i]);
    }
    const std::int64_t reach = (geometry.kernel[i] - 1) * geometry.dilations[i] + 1;
    ASSIGN_OR_RETURN(
        TransposedAxis axis,
        resolve_transposed_axis({auto_pad, geometry.strides[i], reach, pads[i], pads[i + rank],
                                 output_padding[i], has_output_shape ? &output_shape[i] : nullptr},
                                extent));
    geometry.output.push_back(std::move(axis.output));
    geometry.pads_begin.push_back(axis.pad_begin);
  }
  return std::optional(std::move(geometry));
}

namespace {

Result<Types> infer_conv_transpose(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ASSIGN_OR_RETURN(const auto geometry,
                   resolve_transposed(context.node(), context.input(0), context.input(1)));
  ir::TensorType y{context.input(0).data_type, std::nullopt};
  if (geometry) {
    RETURN_IF_ERROR(require_vector_of(context, 2, geometry->output[1]));
    y.shape = geometry->output;
  }
  return std::vector{y};
}

Result<Values> evaluate_conv_transpose(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& w = context.inputs[1];
  ASSIGN_OR_RETURN(const auto geometry, resolve_transposed(context.node, x.type(), w.type()));
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const std::size_t rank = geometry->kernel.size();
  const std::int64_t group_channels = x.dim(1) / context.attributes().get_int("group");
  const std::int64_t group_outputs = w.dim(1);
  const std::int64_t taps = product_of(geometry->kernel);
  const std::int64_t plane = product_of(std::span(dims).subspan(2));
  const Dims strides = row_major_strides(dims);
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    const auto weights = w.data<T>();
    std::vector<double> sums(static_cast<std::size_t>(y.num_elements()), 0.0);
    if (context.has_input(2)) {
      const auto bias = context.inputs[2].data<T>();
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] = static_cast<double>(bias[i / static_cast<std::size_t>(plane) % bias.size()]);
    }
    Dims index(x.rank(), 0);
    for (const T value : in) {
      const std::int64_t channel = index[1];
      const std::int64_t first_output = channel / group_channels * group_outputs;
      Dims tap(rank, 0);
      for (std::int64_t t = 0; t < taps; ++t) {
        std::int64_t offset = index[0] * strides[0] + first_output * strides[1];
        bool inside = true;
        for (std::size_t i = 0; i < rank; ++i) {
          const std::int64_t at = index[i + 2] * geometry->strides[i] +
                                  tap[i] * geometry->dilations[i] - geometry->pads_begin[i];
          inside = inside && at >= 0 && at < dims[i + 2];
          if (inside) offset += at * strides[i + 2];
        }
        for (std::int64_t m = 0; inside && m < group_outputs; ++m) {
          const auto weight = static_cast<std::size_t>((channel * group_outputs + m) * taps + t);
          sums[static_cast<std::size_t>(offset + m * strides[1])] +=
              static_cast<double>(value) * static_cast<double>(weights[weight]);
        }
        next_index(tap, geometry->kernel);
      }
      next_index(index, x.dims());
    }
    const auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(sums[i]);
  });
  return std::vector{std::move(y)};
}

// Those of every tap, also where its product falls into the padding.
std::optional<std::int64_t> macs_conv_transpose(const ir::Node&,
                                                std::span<const ir::TensorType> inputs,
                                                std::span<const ir::TensorType>) {
  Dims factors = require_dims(inputs[0]);
  const Dims w = require_dims(inputs[1]);
  factors.insert(factors.end(), w.begin() + 1, w.end());
  return checked_product(factors);
}

}  // namespace

OpDef define_ConvTranspose() {
  return {.name = "ConvTranspose",
          .infer = infer_conv_transpose,
          .evaluate = evaluate_conv_transpose,
          .macs = macs_conv_transpose,
          .operand_shapes = {{2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
