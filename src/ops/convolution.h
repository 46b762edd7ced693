// What Conv and QLinearConv share: shapes, and a plain loop over any number of spatial axes.
#pragma once

#include "ops/window.h"

namespace lathe::ops {

struct ConvolutionTypes {
  ir::Shape output;
  Window window;
};

// Checks weights [M, C/group, kernel...] against the input [N, C, spatial...], group and the
// attributes. Empty where a rank is unknown.
Result<std::optional<ConvolutionTypes>> infer_convolution(const ir::Node& node,
                                                          const ir::TensorType& input,
                                                          const ir::TensorType& weights);

std::optional<std::int64_t> convolution_macs(const ir::TensorType& weights,
                                             const ir::TensorType& output);

// For every output element in order: begin(out_channel), then accumulate(in_index, weight_index)
// for each of its products that lies inside the input, then finish(out_index, out_channel).
template <typename Begin, typename Accumulate, typename Finish>
void for_each_product(const ir::Node& node, const Dims& input, const Dims& weights,
                      const Dims& output, const Window& window, Begin begin, Accumulate accumulate,
                      Finish finish) {
  const std::size_t rank = window.kernel.size();
  const std::int64_t out_channels_per_group = weights[0] / attributes(node).get_int("group");
  const std::int64_t in_channels = weights[1];
  const Dims strides = row_major_strides(input);
  std::int64_t taps = 1;
  for (const std::int64_t k : window.kernel) taps *= k;
  std::int64_t outputs = 1;
  for (const std::int64_t extent : output) outputs *= extent;

  Dims index(output.size(), 0);
  for (std::int64_t out_index = 0; out_index < outputs; ++out_index) {
    const std::int64_t m = index[1];
    const std::int64_t first_channel = m / out_channels_per_group * in_channels;
    begin(m);
    Dims tap(rank, 0);
    for (std::int64_t t = 0; t < taps; ++t) {
      std::int64_t offset = index[0] * strides[0] + first_channel * strides[1];
      bool inside = true;
      for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t at =
            index[i + 2] * window.strides[i] - window.pads_begin[i] + tap[i] * window.dilations[i];
        inside = inside && at >= 0 && at < input[i + 2];
        if (inside) offset += at * strides[i + 2];
      }
      if (inside) {
        for (std::int64_t c = 0; c < in_channels; ++c) {
          accumulate(static_cast<std::size_t>(offset + c * strides[1]),
                     static_cast<std::size_t>((m * in_channels + c) * taps + t));
        }
      }
      next_index(tap, window.kernel);
    }
    finish(static_cast<std::size_t>(out_index), static_cast<std::size_t>(m));
    next_index(index, output);
  }
}

}  // namespace lathe::ops
