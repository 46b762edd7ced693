// The geometry of convolution and pooling windows over any number of spatial axes, from the
// attributes kernel_shape, strides, dilations, pads, auto_pad and ceil_mode of Conv, MaxPool and
// AveragePool in the ONNX specification.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ops/shape_math.h"

namespace lathe::ops {

struct Window {
  Dims kernel;
  Dims strides;
  Dims dilations;
  Dims pads_begin;
  Dims pads_end;
  bool same = false;  // auto_pad SAME_*: the output has the input's extent divided by the stride
};

// Extents beyond this cannot belong to a real model and would overflow the arithmetic on windows.
inline constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;

// An attribute of `count` integers, `fallback` each where it is absent; refuses others than
// `lowest` to kMaxExtent.
Result<Dims> window_attribute(const ir::Node& node, std::string_view name, std::size_t count,
                              std::int64_t fallback, std::int64_t lowest);

// Refuses a window that holds or spans more than any axis can.
Status check_reach(const Dims& kernel, const Dims& dilations);

// Extent of one output axis; an error where the window does not fit the padded input.
Result<std::int64_t> window_output_extent(const Window& window, std::size_t axis,
                                          std::int64_t input, bool ceil_mode);

// The window of a node whose kernel has these extents. `spatial` holds the input's extents, which
// auto_pad SAME_* resolves to pads; along those that are not known the pads are 0 until they are.
// Checks counts and signs of every attribute.
Result<Window> resolve_window(const ir::Node& node, const Dims& kernel,
                              std::span<const ir::Dim> spatial);

// [N, channels, spatial...] for an input [N, C, spatial...]; symbolic extents stay so.
Result<ir::Shape> window_output_shape(const Window& window, const ir::Shape& input,
                                      ir::Dim channels, bool ceil_mode);

// kernel_shape as an attribute, checked to be positive.
Result<Dims> required_kernel_shape(const ir::Node& node, std::size_t spatial_rank);

}  // namespace lathe::ops
