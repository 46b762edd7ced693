#include "ir/domains.h"
#include "ops/element_copy.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// The indices, whatever their shape, select along the last axis; a vector becomes a row.
Result<Types> infer_array_feature_extractor(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const auto& indices = context.input(1).shape;
  ir::TensorType z{x.data_type, std::nullopt};
  if (x.shape && x.shape->empty()) return invalid_data("{} is a scalar", context.place(0));
  if (!x.shape || !indices) return std::vector{z};
  ir::SymInt count = 1;
  for (const ir::Dim& dim : *indices) count = count * dim.symbolic();
  z.shape = x.shape->size() == 1 ? ir::Shape{1, ir::Dim()} : *x.shape;
  z.shape->back() = ir::Dim(count);
  return std::vector{z};
}

Result<Values> evaluate_array_feature_extractor(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const auto indices = context.inputs[1].data<std::int64_t>();
  const std::int64_t features = x.dims().back();
  for (const std::int64_t index : indices) {
    if (index < 0 || index >= features)
      return invalid_data("index {} is out of range for {} features", index, features);
  }
  ASSIGN_OR_RETURN(ir::Tensor z,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  ElementCopier copier(x, z);
  std::int64_t to = 0;
  for (std::int64_t row = 0; to < z.num_elements(); ++row) {
    for (const std::int64_t index : indices) copier.copy(row * features + index, to++);
  }
  return std::vector{std::move(z)};
}

}  // namespace

OpDef define_ArrayFeatureExtractor() {
  return {.name = "ArrayFeatureExtractor",
          .domain = ir::kMlDomain,
          .infer = infer_array_feature_extractor,
          .evaluate = evaluate_array_feature_extractor};
}

}  // namespace lathe::ops
