#include <array>

#include "base/checked_math.h"
#include "ops/dispatch.h"
#include "ops/gemm_shape.h"

namespace lathe::ops {
namespace {

Result<Types> infer_gemm_node(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ASSIGN_OR_RETURN(const ir::DataType type, common_data_type(context, 0, 3));
  ASSIGN_OR_RETURN(const auto shape,
                   infer_gemm(context.node(), context.input(0), context.input(1)));
  if (shape && context.has_input(2) && context.input(2).shape) {
    ASSIGN_OR_RETURN(const ir::Shape broadcast, broadcast_shapes(*context.input(2).shape, *shape));
    if (broadcast.size() != 2)
      return invalid_data("C does not broadcast to {}", ir::to_string(*shape));
    for (std::size_t i = 0; i < 2; ++i) {
      if ((*shape)[i].known() && broadcast[i] != (*shape)[i]) {
        return invalid_data("C has shape {}, which does not broadcast to {}",
                            ir::to_string(*context.input(2).shape), ir::to_string(*shape));
      }
    }
  }
  return std::vector{ir::TensorType{type, shape}};
}

Result<Values> evaluate_gemm(const EvaluateContext& context) {
  const ir::Tensor& a = context.inputs[0];
  const ir::Tensor& b = context.inputs[1];
  const GemmExtents e = gemm_extents(context.node, a.dims(), b.dims());
  const Dims dims{e.m, e.n};
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(a.data_type(), dims));
  const double alpha = static_cast<double>(context.attributes().get_float("alpha"));
  const double beta = static_cast<double>(context.attributes().get_float("beta"));
  dispatch_float(a.data_type(), [&]<typename T>() {
    const auto at = [](const auto& values, std::int64_t i) {
      return static_cast<double>(values[static_cast<std::size_t>(i)]);
    };
    const auto in_a = a.data<T>();
    const auto in_b = b.data<T>();
    const bool has_c = context.has_input(2);
    const auto in_c = has_c ? context.inputs[2].data<T>() : std::span<const T>{};
    const Dims stride_c = has_c ? broadcast_strides(context.inputs[2].dims(), dims) : Dims{0, 0};
    auto out = y.mutable_data<T>();
    for (std::int64_t i = 0; i < e.m; ++i) {
      for (std::int64_t j = 0; j < e.n; ++j) {
        double sum = 0;
        for (std::int64_t p = 0; p < e.k; ++p) {
          sum += at(in_a, i * e.a_row + p * e.a_column) * at(in_b, p * e.b_row + j * e.b_column);
        }
        sum *= alpha;
        if (has_c) sum += beta * at(in_c, i * stride_c[0] + j * stride_c[1]);
        out[static_cast<std::size_t>(i * e.n + j)] = static_cast<T>(sum);
      }
    }
  });
  return std::vector{std::move(y)};
}

std::optional<std::int64_t> macs_gemm(const ir::Node& node, std::span<const ir::TensorType> inputs,
                                      std::span<const ir::TensorType>) {
  const GemmExtents e = gemm_extents(node, require_dims(inputs[0]), require_dims(inputs[1]));
  return checked_product(std::array{e.m, e.n, e.k});
}

}  // namespace

OpDef define_Gemm() {
  return {.name = "Gemm", .infer = infer_gemm_node, .evaluate = evaluate_gemm, .macs = macs_gemm};
}

}  // namespace lathe::ops
