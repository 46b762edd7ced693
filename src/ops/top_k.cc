#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/dispatch.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_top_k(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ir::TensorType values = x;
  if (x.shape) {
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.attributes().get_int("axis"), x.shape->size()));
    ir::Dim& extent = (*values.shape)[axis];
    if (const ir::Tensor* constant = context.constant(1)) {
      const std::int64_t k = constant->get_int64(0);
      if (k < 0 || (extent.known() && k > extent.value())) {
        return invalid_data("K is {}, expected at most the extent {} of axis {}", k,
                            extent.to_string(), axis);
      }
      extent = k;
    } else {
      extent = ir::Dim();
    }
  }
  return std::vector{values, ir::TensorType{ir::DataType::kInt64, values.shape}};
}

// What is no number counts as more than any.
template <typename T>
bool comes_before(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  }
  return a < b;
}

Result<Values> evaluate_top_k(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const std::int64_t k = context.inputs[1].get_int64(0);
  const bool largest = context.attributes().get_bool("largest");
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.rank()));
  Dims dims = x.dims();
  dims[axis] = k;
  ASSIGN_OR_RETURN(ir::Tensor values, ir::Tensor::create(x.data_type(), dims));
  ASSIGN_OR_RETURN(ir::Tensor indices, ir::Tensor::create(ir::DataType::kInt64, dims));
  if (values.num_elements() == 0) return std::vector{std::move(values), std::move(indices)};
  const AxisView view = view_around(x.dims(), axis);
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = values.mutable_data<T>();
    auto out_indices = indices.mutable_data<std::int64_t>();
    std::vector<std::int64_t> order(static_cast<std::size_t>(view.extent));
    for (std::int64_t line = 0; line < view.outer * view.inner; ++line) {
      const std::int64_t outer = line / view.inner;
      const std::int64_t inner = line % view.inner;
      const auto at = [&](std::int64_t i) {
        return in[static_cast<std::size_t>((outer * view.extent + i) * view.inner + inner)];
      };
      std::iota(order.begin(), order.end(), 0);
      // Of equal ones the first comes first.
      std::partial_sort(order.begin(), order.begin() + k, order.end(),
                        [&](std::int64_t a, std::int64_t b) {
                          const T first = largest ? at(b) : at(a);
                          const T second = largest ? at(a) : at(b);
                          if (comes_before(first, second)) return true;
                          return !comes_before(second, first) && a < b;
                        });
      for (std::int64_t i = 0; i < k; ++i) {
        const auto to = static_cast<std::size_t>((outer * k + i) * view.inner + inner);
        out_indices[to] = order[static_cast<std::size_t>(i)];
        out[to] = at(out_indices[to]);
      }
    }
  });
  return std::vector{std::move(values), std::move(indices)};
}

}  // namespace

OpDef define_TopK() {
  return {.name = "TopK",
          .infer = infer_top_k,
          .evaluate = evaluate_top_k,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
