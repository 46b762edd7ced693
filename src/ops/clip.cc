#include <limits>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::TensorType>> infer_clip(const InferContext& context) {
  RETURN_IF_ERROR(common_data_type(context, 0, 3));
  for (std::size_t i = 1; i <= 2; ++i) {
    if (context.has_input(i) && context.input(i).shape && !context.input(i).has_rank(0)) {
      return invalid_data("{} has shape {}, expected a scalar", i == 1 ? "min" : "max",
                          ir::to_string(*context.input(i).shape));
    }
  }
  return infer_like_input(context);
}

Result<std::vector<ir::Tensor>> evaluate_clip(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const T low =
        context.has_input(1) ? context.inputs[1].data<T>()[0] : std::numeric_limits<T>::lowest();
    const T high =
        context.has_input(2) ? context.inputs[2].data<T>()[0] : std::numeric_limits<T>::max();
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    // As the specification puts it: Min(max, Max(input, min)), also where min exceeds max.
    for (std::size_t i = 0; i < in.size(); ++i) {
      const T raised = in[i] < low ? low : in[i];
      out[i] = raised > high ? high : raised;
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Clip() {
  return {.name = "Clip", .max_inputs = 3, .infer = infer_clip, .evaluate = evaluate_clip};
}

}  // namespace lathe::ops
