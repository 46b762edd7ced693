#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_batch_normalization(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  if (context.attributes().get_int("training_mode") != 0) {
    return unsupported("training_mode must be 0: running statistics belong to the trainer");
  }
  if (context.node().outputs.size() > 1) {
    return invalid_data("running statistics are outputs in training alone");
  }
  const auto& x = context.input(0).shape;
  for (std::size_t i = 1; i < 5 && x; ++i) {
    if (x->size() < 2)
      return invalid_data("input has shape {}, expected [N,C,...]", ir::to_string(*x));
    const auto& shape = context.input(i).shape;
    if (shape && (*x)[1].known() && (*shape)[0].known() && (*shape)[0] != (*x)[1]) {
      return invalid_data("{} has shape {}, expected [{}]", context.place(i), ir::to_string(*shape),
                          (*x)[1].to_string());
    }
  }
  return infer_like_input(context);
}

Result<Values> evaluate_batch_normalization(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  const double epsilon = static_cast<double>(context.attributes().get_float("epsilon"));
  const std::int64_t channels = x.dim(1);
  std::int64_t inner = 1;
  for (std::size_t i = 2; i < x.rank(); ++i) inner *= x.dim(i);
  std::vector<double> factor;
  std::vector<double> offset;
  for (std::int64_t c = 0; c < channels; ++c) {
    factor.push_back(context.inputs[1].get_double(c) /
                     std::sqrt(context.inputs[4].get_double(c) + epsilon));
    offset.push_back(context.inputs[2].get_double(c) -
                     context.inputs[3].get_double(c) * factor.back());
  }
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::size_t c =
          i / static_cast<std::size_t>(inner) % static_cast<std::size_t>(channels);
      out[i] = static_cast<T>(static_cast<double>(in[i]) * factor[c] + offset[c]);
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_BatchNormalization() {
  return {.name = "BatchNormalization",
          .infer = infer_batch_normalization,
          .evaluate = evaluate_batch_normalization,
          .operand_shapes = {{1, OperandShape::Rule::kVector},
                             {2, OperandShape::Rule::kVector},
                             {3, OperandShape::Rule::kVector},
                             {4, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
