// HannWindow, HammingWindow and BlackmanWindow: sums of cosines over one turn.
#include <cmath>
#include <numbers>

#include "ops/output_type.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_cosine_window(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, output_type(context, "output_datatype"));
  ir::Dim size{ir::SymInt::data_dependent()};
  if (const ir::Tensor* given = context.constant(0)) {
    if (given->get_int64(0) < 0)
      return invalid_data("{} is {}, expected 0 or more", context.place(0), given->get_int64(0));
    size = given->get_int64(0);
  }
  return std::vector{ir::TensorType{type, ir::Shape{size}}};
}

// w[i] = a0 - a1 cos(t) + a2 cos(2t). t goes once round in `size` steps, or in one less, so that
// the window is symmetric; the one point of a symmetric window of size 1 is its middle.
Result<Values> evaluate_cosine_window(const EvaluateContext& context, double a0, double a1,
                                      double a2) {
  const std::int64_t size = context.inputs[0].get_int64(0);
  const std::int64_t steps = context.attributes().get_bool("periodic") ? size : size - 1;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type, Dims{size}));
  for (std::int64_t i = 0; i < size; ++i) {
    const double t =
        steps == 0 ? std::numbers::pi
                   : 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(steps);
    y.set_double(i, a2 * std::cos(2 * t) - a1 * std::cos(t) + a0);
  }
  return std::vector{std::move(y)};
}

OpDef cosine_window(std::string_view name, EvaluateFn evaluate) {
  return {.name = name,
          .infer = infer_cosine_window,
          .evaluate = evaluate,
          .operand_shapes = {{0, OperandShape::Rule::kOneElement}}};
}

}  // namespace

OpDef define_HannWindow() {
  return cosine_window("HannWindow", [](const EvaluateContext& context) {
    return evaluate_cosine_window(context, 0.5, 0.5, 0);
  });
}

OpDef define_HammingWindow() {
  return cosine_window("HammingWindow", [](const EvaluateContext& context) {
    return evaluate_cosine_window(context, 25.0 / 46, 1 - 25.0 / 46, 0);
  });
}

OpDef define_BlackmanWindow() {
  return cosine_window("BlackmanWindow", [](const EvaluateContext& context) {
    return evaluate_cosine_window(context, 0.42, 0.5, 0.08);
  });
}

}  // namespace lathe::ops
