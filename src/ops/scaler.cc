#include "ir/domains.h"
#include "ops/dispatch.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// One offset and scale for all elements, or for each feature of samples.
Result<Types> infer_scaler(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  const std::size_t offsets = list_attribute<float>(context.attributes(), "offset").size();
  const std::size_t scales = list_attribute<float>(context.attributes(), "scale").size();
  if (offsets > 0 && scales > 0 && offsets != scales) {
    return invalid_data("offset has {} values, but scale has {}: expected as many", offsets,
                        scales);
  }
  const auto count = static_cast<std::int64_t>(std::max(offsets, scales));
  if (shape && count > 1) {
    const bool fits = (shape->size() == 1 || shape->size() == 2) &&
                      (!shape->back().known() || shape->back() == ir::Dim(count));
    if (!fits) {
      return invalid_data(
          "offset and scale have {} values, expected 1 or one for each feature of {}", count,
          ir::to_string(*shape));
    }
  }
  return std::vector{ir::TensorType{ir::DataType::kFloat32, shape}};
}

Result<Values> evaluate_scaler(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const auto offsets = list_attribute<float>(context.attributes(), "offset");
  const auto scales = list_attribute<float>(context.attributes(), "scale");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32, x.dims()));
  const auto out = y.mutable_data<float>();
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    for (std::size_t i = 0; i < in.size(); ++i) {
      auto value = static_cast<double>(in[i]);
      if (!offsets.empty()) value -= static_cast<double>(offsets[i % offsets.size()]);
      if (!scales.empty()) value *= static_cast<double>(scales[i % scales.size()]);
      out[i] = static_cast<float>(value);
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Scaler() {
  return {.name = "Scaler",
          .domain = ir::kMlDomain,
          .infer = infer_scaler,
          .evaluate = evaluate_scaler};
}

}  // namespace lathe::ops
