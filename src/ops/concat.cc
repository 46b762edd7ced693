#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::TensorType>> infer_concat(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, common_data_type(context, 0, context.input_count()));
  if (!is_copyable(type)) return unsupported("packed {}", ir::data_type_name(type));
  ir::TensorType result{type, std::nullopt};
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    if (!context.has_input(i)) return invalid_data("input {} is missing", i);
    if (!context.input(i).shape) return std::vector{ir::TensorType{type, std::nullopt}};
    const ir::Shape& shape = *context.input(i).shape;
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.node().attribute_int("axis", 0), shape.size()));
    if (i == 0) {
      result.shape = shape;
      continue;
    }
    ir::Shape& sum = *result.shape;
    if (shape.size() != sum.size())
      return invalid_data("input {} has rank {}, expected {}", i, shape.size(), sum.size());
    for (std::size_t d = 0; d < sum.size(); ++d) {
      if (d == axis) {
        sum[d] = sum[d].known() && shape[d].known() ? ir::Dim(sum[d].value() + shape[d].value())
                                                    : ir::Dim();
      } else if (sum[d].known() && shape[d].known() && sum[d] != shape[d]) {
        return invalid_data("input {} has shape {}, which differs from {} beside axis {}", i,
                            ir::to_string(shape), ir::to_string(*context.input(0).shape), axis);
      } else if (!sum[d].known() && shape[d].known()) {
        sum[d] = shape[d];
      }
    }
  }
  return std::vector{result};
}

Result<std::vector<ir::Tensor>> evaluate_concat(const EvaluateContext& context) {
  const Dims dims = require_dims(context.output_types[0]);
  const std::size_t axis =
      normalize_axis(context.node.attribute_int("axis", 0), dims.size()).value();
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type, dims));
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= dims[d];
  for (std::size_t d = axis + 1; d < dims.size(); ++d) inner *= dims[d];
  std::int64_t begin = 0;
  for (const ir::Tensor& x : context.inputs) {
    const std::int64_t block = x.dim(axis) * inner;
    ElementCopier copier(x, y);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t i = 0; i < block; ++i)
        copier.copy(o * block + i, o * dims[axis] * inner + begin + i);
    }
    begin += block;
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Concat() {
  return {.name = "Concat",
          .max_inputs = kVariadic,
          .attributes = {{"axis", AttributeKind::kInt, true}},
          .infer = infer_concat,
          .evaluate = evaluate_concat};
}

}  // namespace lathe::ops
