#include "ops/window.h"

#include <algorithm>

#include "ops/op_def.h"

namespace lathe::ops {

Result<Dims> window_attribute(const ir::Node& node, std::string_view name, std::size_t count,
                              std::int64_t fallback, std::int64_t lowest) {
  const Dims* given = attributes(node).find_ints(name);
  Dims values = given == nullptr ? Dims(count, fallback) : *given;
  if (values.size() != count) {
    return invalid_data("{} has {} values, expected {}", name, values.size(), count);
  }
  for (const std::int64_t v : values) {
    if (v < lowest || v > kMaxExtent) return invalid_data("{} has the value {}", name, v);
  }
  return values;
}

Status check_reach(const Dims& kernel, const Dims& dilations) {
  std::int64_t taps = 1;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    if (kernel[i] > kMaxExtent / taps)
      return invalid_data("a kernel of {} has too many elements", ir::to_string(kernel));
    taps *= kernel[i];
    if (kernel[i] - 1 > (kMaxExtent - 1) / dilations[i]) {
      return invalid_data("a kernel of {} with dilations {} spans too much", ir::to_string(kernel),
                          ir::to_string(dilations));
    }
  }
  return {};
}

Result<Dims> required_kernel_shape(const ir::Node& node, std::size_t spatial_rank) {
  if (!node.has_attribute("kernel_shape")) return invalid_data("kernel_shape is missing");
  return window_attribute(node, "kernel_shape", spatial_rank, 1, 1);
}

Result<Window> resolve_window(const ir::Node& node, const Dims& kernel,
                              std::span<const ir::Dim> spatial) {
  const std::size_t rank = kernel.size();
  Window window;
  window.kernel = kernel;
  ASSIGN_OR_RETURN(window.strides, window_attribute(node, "strides", rank, 1, 1));
  // Contributed operators have none.
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op != nullptr && op->signature->attribute("dilations") == nullptr) {
    window.dilations = Dims(rank, 1);
  } else {
    ASSIGN_OR_RETURN(window.dilations, window_attribute(node, "dilations", rank, 1, 1));
  }
  ASSIGN_OR_RETURN(const Dims pads, window_attribute(node, "pads", rank * 2, 0, 0));
  RETURN_IF_ERROR(check_reach(kernel, window.dilations));
  const auto half = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  window.pads_begin.assign(pads.begin(), half);
  window.pads_end.assign(half, pads.end());

  const std::string mode = attributes(node).get_string("auto_pad");
  if (mode == "NOTSET") return window;
  if (mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    return invalid_data("auto_pad is '{}'", mode);
  }
  window.same = mode != "VALID";
  for (std::size_t i = 0; i < rank; ++i) {
    window.pads_begin[i] = window.pads_end[i] = 0;
    if (!window.same || !spatial[i].known()) continue;
    const std::int64_t input = spatial[i].value();
    const std::int64_t output = (input + window.strides[i] - 1) / window.strides[i];
    const std::int64_t reach = (kernel[i] - 1) * window.dilations[i] + 1;
    const std::int64_t total =
        std::max<std::int64_t>(0, (output - 1) * window.strides[i] + reach - input);
    window.pads_begin[i] = mode == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
    window.pads_end[i] = total - window.pads_begin[i];
  }
  return window;
}

Result<std::int64_t> window_output_extent(const Window& window, std::size_t axis,
                                          std::int64_t input, bool ceil_mode) {
  const std::int64_t reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  const std::int64_t padded = input + window.pads_begin[axis] + window.pads_end[axis];
  if (padded < reach) {
    return invalid_data("window of {} does not fit the padded extent {} of spatial axis {}", reach,
                        padded, axis);
  }
  const std::int64_t stride = window.strides[axis];
  std::int64_t output = (padded - reach + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // A window that would start in the padding behind the input is left out (so the text of opset 22;
  // before it said nothing).
  if (ceil_mode && (output - 1) * stride >= input + window.pads_begin[axis]) --output;
  return output;
}

namespace {

// The same of an extent that is not known.
ir::Dim symbolic_output_extent(const Window& window, std::size_t axis, const ir::SymInt& input,
                               bool ceil_mode) {
  const std::int64_t stride = window.strides[axis];
  if (window.same) return ir::Dim(ceil_div(input, stride));
  // Whether the last window of ceil_mode begins in the padding depends on the extent.
  if (ceil_mode && stride > 1) return {};
  const std::int64_t reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  const std::int64_t pads = window.pads_begin[axis] + window.pads_end[axis];
  return ir::Dim(floor_div(input + (pads - reach), stride) + 1);
}

}  // namespace

Result<ir::Shape> window_output_shape(const Window& window, const ir::Shape& input,
                                      ir::Dim channels, bool ceil_mode) {
  ir::Shape output{input[0], std::move(channels)};
  for (std::size_t i = 0; i < window.kernel.size(); ++i) {
    if (!input[i + 2].known()) {
      output.push_back(symbolic_output_extent(window, i, input[i + 2].symbolic(), ceil_mode));
      continue;
    }
    if (input[i + 2].value() > kMaxExtent)
      return invalid_data("extent {} is absurd", input[i + 2].value());
    ASSIGN_OR_RETURN(const std::int64_t extent,
                     window_output_extent(window, i, input[i + 2].value(), ceil_mode));
    output.emplace_back(extent);
  }
  return output;
}

}  // namespace lathe::ops
