// What MaxPool, AveragePool and the global pools share.
#pragma once

#include "ops/window.h"

namespace lathe::ops {

// [N, C, pooled...] of the first input's type.
Result<Types> infer_pool(const InferContext& context);
// [N, C, 1...].
Result<Types> infer_global_pool(const InferContext& context);

// The window of a node that passed infer_pool.
Window pool_window(const ir::Node& node, const ir::Tensor& x);

// For every output element in order: begin(), then visit(in_index, inside, padded) for each place
// of its window, then finish(out_index). `inside` tells places inside the input, which alone have
// an index; `padded` tells those inside the input or its declared padding.
template <typename Begin, typename Visit, typename Finish>
void for_each_window(const Dims& input, const Dims& output, const Window& window, Begin begin,
                     Visit visit, Finish finish) {
  const std::size_t rank = window.kernel.size();
  const Dims strides = row_major_strides(input);
  std::int64_t taps = 1;
  for (const std::int64_t k : window.kernel) taps *= k;
  std::int64_t outputs = 1;
  for (const std::int64_t extent : output) outputs *= extent;
  Dims index(output.size(), 0);
  for (std::int64_t o = 0; o < outputs; ++o) {
    begin();
    Dims tap(rank, 0);
    for (std::int64_t t = 0; t < taps; ++t) {
      std::int64_t offset = index[0] * strides[0] + index[1] * strides[1];
      bool inside = true;
      bool padded = true;
      for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t at =
            index[i + 2] * window.strides[i] - window.pads_begin[i] + tap[i] * window.dilations[i];
        inside = inside && at >= 0 && at < input[i + 2];
        padded = padded && at < input[i + 2] + window.pads_end[i];
        if (inside) offset += at * strides[i + 2];
      }
      visit(static_cast<std::size_t>(inside ? offset : 0), inside, padded);
      next_index(tap, window.kernel);
    }
    finish(static_cast<std::size_t>(o));
    next_index(index, output);
  }
}

}  // namespace lathe::ops
