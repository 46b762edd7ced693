#include <array>

#include "base/checked_math.h"
#include "ops/convert_number.h"
#include "ops/elementwise.h"
#include "ops/gemm_shape.h"

namespace lathe::ops {
namespace {

Result<Types> infer_gemm_node(const InferContext& context) {
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

// alpha * product + beta * c. Where both factors are 1, integers stay integers and wrap around.
template <typename T>
class GemmResult {
 public:
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, T>;

  GemmResult(float alpha, float beta)
      : alpha_(static_cast<double>(alpha)),
        beta_(static_cast<double>(beta)),
        exact_(std::is_integral_v<T> && alpha == 1 && beta == 1) {}

  static Sum add(Sum a, Sum b) {
    return wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
  static Sum multiply(T a, T b) {
    return wrapping(static_cast<Sum>(a), static_cast<Sum>(b), [](auto x, auto y) { return x * y; });
  }
  // Without `c` where that is null.
  [[nodiscard]] T operator()(Sum product, const T* c) const {
    if (exact_) return static_cast<T>(add(product, c == nullptr ? 0 : static_cast<Sum>(*c)));
    const double scaled = alpha_ * static_cast<double>(product);
    return convert_number<T>(c == nullptr ? scaled : scaled + beta_ * static_cast<double>(*c));
  }

 private:
  double alpha_;
  double beta_;
  bool exact_;
};

Result<Values> evaluate_gemm(const EvaluateContext& context) {
  const ir::Tensor& a = context.inputs[0];
  const ir::Tensor& b = context.inputs[1];
  const GemmExtents e = gemm_extents(context.node, a.dims(), b.dims());
  const Dims dims{e.m, e.n};
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(a.data_type(), dims));
  dispatch_numeric(a.data_type(), [&]<typename T>() {
    const auto at = [](const auto& values, std::int64_t i) {
      return values[static_cast<std::size_t>(i)];
    };
    const GemmResult<T> result(context.attributes().get_float("alpha"),
                               context.attributes().get_float("beta"));
    const auto in_a = a.data<T>();
    const auto in_b = b.data<T>();
    const bool has_c = context.has_input(2);
    const auto in_c = has_c ? context.inputs[2].data<T>() : std::span<const T>{};
    const Dims stride_c = has_c ? broadcast_strides(context.inputs[2].dims(), dims) : Dims{0, 0};
    auto out = y.mutable_data<T>();
    for (std::int64_t i = 0; i < e.m; ++i) {
      for (std::int64_t j = 0; j < e.n; ++j) {
        typename GemmResult<T>::Sum sum = 0;
        for (std::int64_t p = 0; p < e.k; ++p) {
          sum = result.add(sum, result.multiply(at(in_a, i * e.a_row + p * e.a_column),
                                                at(in_b, p * e.b_row + j * e.b_column)));
        }
        const auto c = static_cast<std::size_t>(i * stride_c[0] + j * stride_c[1]);
        out[static_cast<std::size_t>(i * e.n + j)] = result(sum, has_c ? &in_c[c] : nullptr);
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
