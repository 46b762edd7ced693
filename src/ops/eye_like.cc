#include <algorithm>

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Of whole bytes: what the signature allows.
bool can_be_one(ir::DataType type) {
  return type == ir::DataType::kBool || ir::is_floating_point(type) ||
         (ir::is_integer(type) && ir::bits_per_element(type) >= 8);
}

Result<Types> infer_eye_like(const InferContext& context) {
  ir::TensorType y = context.input(0);
  if (const std::int64_t* dtype = context.attributes().find_int("dtype")) {
    const auto number = static_cast<std::int32_t>(*dtype);
    if (number != *dtype || !ir::is_known_data_type(number) ||
        !can_be_one(static_cast<ir::DataType>(number))) {
      return invalid_data("dtype is {}, which is no type of matrices like these", *dtype);
    }
    y.data_type = static_cast<ir::DataType>(number);
  }
  if (!y.shape) y.shape = ir::Shape(2);
  if (y.shape->size() != 2)
    return invalid_data("input has shape {}, expected a matrix", ir::to_string(*y.shape));
  return std::vector{y};
}

Result<Values> evaluate_eye_like(const EvaluateContext& context) {
  const Dims& dims = context.inputs[0].dims();
  const std::int64_t k = context.attributes().get_int("k");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type, dims));
  const std::int64_t rows = dims[0];
  const std::int64_t columns = dims[1];
  if (k >= columns || k <= -rows) return std::vector{std::move(y)};
  for (std::int64_t row = std::max<std::int64_t>(0, -k); row < std::min(rows, columns - k); ++row)
    y.set_double(row * columns + row + k, 1);
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_EyeLike() {
  return {.name = "EyeLike",
          .infer = infer_eye_like,
          .evaluate = evaluate_eye_like,
          .traits = {.reads_shapes_only = true}};
}

}  // namespace lathe::ops
