#include "ops/dispatch.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Types> infer_average_pool(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  return infer_pool(context);
}

// Places beyond the padding, which ceil_mode can reach, never count; padding counts where
// count_include_pad says so.
Result<Values> evaluate_average_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  const bool include_padding = context.attributes().get_int("count_include_pad") != 0;
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    double sum = 0;
    std::int64_t count = 0;
    for_each_window(
        x.dims(), dims, pool_window(context.node, x),
        [&] {
          sum = 0;
          count = 0;
        },
        [&](std::size_t i, bool inside, bool padded) {
          if (inside) sum += static_cast<double>(in[i]);
          if (inside || (include_padding && padded)) ++count;
        },
        [&](std::size_t o) {
          out[o] = static_cast<T>(count == 0 ? 0.0 : sum / static_cast<double>(count));
        });
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_AveragePool() {
  return {.name = "AveragePool", .infer = infer_average_pool, .evaluate = evaluate_average_pool};
}

}  // namespace lathe::ops
