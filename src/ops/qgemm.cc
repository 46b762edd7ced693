#include <array>

#include "base/checked_math.h"
#include "ir/domains.h"
#include "ops/gemm_shape.h"
#include "ops/quantized.h"

namespace lathe::ops {
namespace {

// QGemm of the contributed operators of ONNX Runtime, with alpha = 1. Inputs: A, a_scale,
// a_zero_point, B, b_scale (per tensor or per column), b_zero_point, C (int32 at scale
// a_scale * b_scale), y_scale, y_zero_point. Without the last two the output is float32:
// float32(accumulator) * float32(a_scale * b_scale).
Result<Types> infer_qgemm(const InferContext& context) {
  if (context.attributes().get_float("alpha") != 1) return unsupported("alpha must be 1");
  if (context.attributes().get_int("transA") != 0) return unsupported("transA must be 0");
  ASSIGN_OR_RETURN(const auto shape,
                   infer_gemm(context.node(), context.input(0), context.input(3)));
  if (shape) {
    const ir::Dim& columns = (*shape)[1];
    for (const std::size_t i : {4, 5}) RETURN_IF_ERROR(require_per_channel(context, i, columns));
    if (context.has_input(6) && context.input(6).shape &&
        *context.input(6).shape != ir::Shape{columns}) {
      return invalid_data("C has shape {}, expected [{}]", ir::to_string(*context.input(6).shape),
                          columns.to_string());
    }
  }
  ir::DataType type = ir::DataType::kFloat32;
  if (context.has_input(7)) {
    if (!context.has_input(8)) return invalid_data("y_scale without y_zero_point");
    type = context.input(8).data_type;
  }
  return std::vector{ir::TensorType{type, shape}};
}

Result<Values> evaluate_qgemm(const EvaluateContext& context) {
  const ir::Tensor& a = context.inputs[0];
  const ir::Tensor& b = context.inputs[3];
  const GemmExtents e = gemm_extents(context.node, a.dims(), b.dims());
  const auto [a_scale, a_zero] = scalar_parameters(context, 1);
  const std::vector<float> b_scales = context.inputs[4].to_floats();
  const std::vector<std::int32_t> b_zeros =
      context.has_input(5) ? widen(context.inputs[5]) : std::vector<std::int32_t>{0};
  const std::vector<std::int32_t> c =
      context.has_input(6) ? widen(context.inputs[6]) : std::vector<std::int32_t>{};
  const std::vector<std::int32_t> in_a = widen(a);
  const std::vector<std::int32_t> in_b = widen(b);
  const auto per_column = [](const auto& values, std::int64_t j) {
    return values.size() == 1 ? values[0] : values[static_cast<std::size_t>(j)];
  };
  const ir::DataType type = context.output_types[0].data_type;
  const bool to_float = type == ir::DataType::kFloat32;
  const QuantizationParameters y_parameters =
      to_float ? QuantizationParameters{1, 0} : scalar_parameters(context, 7);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type, Dims{e.m, e.n}));
  const auto bytes = to_float ? std::span<std::byte>{} : y.mutable_bytes();
  const auto floats = to_float ? y.mutable_data<float>() : std::span<float>{};
  for (std::int64_t i = 0; i < e.m; ++i) {
    for (std::int64_t j = 0; j < e.n; ++j) {
      auto sum = c.empty() ? 0U : static_cast<std::uint32_t>(c[static_cast<std::size_t>(j)]);
      const std::int32_t b_zero = per_column(b_zeros, j);
      for (std::int64_t p = 0; p < e.k; ++p) {
        const std::int32_t product =
            (in_a[static_cast<std::size_t>(i * e.a_row + p * e.a_column)] - a_zero) *
            (in_b[static_cast<std::size_t>(p * e.b_row + j * e.b_column)] - b_zero);
        sum += static_cast<std::uint32_t>(product);
      }
      const auto accumulator = static_cast<std::int32_t>(sum);
      const float b_scale = per_column(b_scales, j);
      const auto o = static_cast<std::size_t>(i * e.n + j);
      if (to_float) {
        floats[o] = static_cast<float>(accumulator) * (a_scale * b_scale);
      } else {
        const float multiplier = requantize_multiplier(a_scale, b_scale, y_parameters.scale);
        bytes[o] = static_cast<std::byte>(
            requantize(accumulator, multiplier, y_parameters.zero_point, quantized_range(type)));
      }
    }
  }
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_qgemm(const ir::Node& node, std::span<const ir::TensorType> inputs,
                                       std::span<const ir::TensorType>) {
  const GemmExtents e = gemm_extents(node, require_dims(inputs[0]), require_dims(inputs[3]));
  return checked_product(std::array{e.m, e.n, e.k});
}

}  // namespace

OpDef define_QGemm() {
  return {.name = "QGemm",
          .domain = ir::kMicrosoftDomain,
          .infer = infer_qgemm,
          .evaluate = evaluate_qgemm,
          .macs = macs_qgemm,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kScalarOrVector},
                             {5, OperandShape::Rule::kScalarOrVector},
                             {6, OperandShape::Rule::kVector},
                             {7, OperandShape::Rule::kOneElement},
                             {8, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
