#include "ops/element_copy.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Without an axis the input counts as flat.
Result<Types> infer_compress(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const ir::Dim selected{ir::SymInt::data_dependent()};
  const std::int64_t* axis = context.attributes().find_int("axis");
  if (x.has_rank(0)) return invalid_data("input has rank 0, expected 1 or more");
  if (axis == nullptr) return std::vector{ir::TensorType{x.data_type, ir::Shape{selected}}};
  ir::TensorType y = x;
  if (x.shape) {
    ASSIGN_OR_RETURN(const std::size_t along, normalize_axis(*axis, x.shape->size()));
    (*y.shape)[along] = selected;
  }
  return std::vector{y};
}

Result<Values> evaluate_compress(const EvaluateContext& context) {
  const std::int64_t* axis = context.attributes().find_int("axis");
  ir::Tensor x = context.inputs[0];
  if (axis == nullptr) x = x.reshaped({x.num_elements()});
  ASSIGN_OR_RETURN(const std::size_t along, normalize_axis(axis == nullptr ? 0 : *axis, x.rank()));
  const AxisView view = view_around(x.dims(), along);
  std::vector<std::int64_t> selected;
  const auto condition = context.inputs[1].data<bool>();
  for (std::size_t i = 0; i < condition.size(); ++i) {
    if (!condition[i]) continue;
    if (static_cast<std::int64_t>(i) >= view.extent) {
      return invalid_argument("condition selects {}, which is out of range for extent {}", i,
                              view.extent);
    }
    selected.push_back(static_cast<std::int64_t>(i));
  }
  Dims dims = x.dims();
  dims[along] = static_cast<std::int64_t>(selected.size());
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  ElementCopier copier(x, y);
  std::int64_t to = 0;
  for (std::int64_t outer = 0; outer < view.outer; ++outer) {
    for (const std::int64_t i : selected) {
      for (std::int64_t inner = 0; inner < view.inner; ++inner)
        copier.copy((outer * view.extent + i) * view.inner + inner, to++);
    }
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Compress() {
  return {.name = "Compress",
          .infer = infer_compress,
          .evaluate = evaluate_compress,
          .operand_shapes = {{1, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
