#include "ir/domains.h"
#include "ops/list_attribute.h"
#include "ops/post_transform.h"
#include "ops/samples.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_linear_regressor(const InferContext& context) {
  const Attributes attributes = context.attributes();
  RETURN_IF_ERROR(read_post_transform(attributes));
  const std::int64_t targets = attributes.get_int("targets");
  const auto coefficients =
      static_cast<std::int64_t>(list_attribute<float>(attributes, "coefficients").size());
  const auto intercepts =
      static_cast<std::int64_t>(list_attribute<float>(attributes, "intercepts").size());
  if (targets < 1) return invalid_data("targets is {}, expected 1 or more", targets);
  if (coefficients == 0 || coefficients % targets != 0) {
    return invalid_data("coefficients has {} values, expected as many for each of {} targets",
                        coefficients, targets);
  }
  if (intercepts != 0 && intercepts != targets)
    return invalid_data("intercepts has {} values, expected none or {}", intercepts, targets);
  ASSIGN_OR_RETURN(const Samples samples, infer_samples(context));
  RETURN_IF_ERROR(require_features(samples, coefficients / targets));
  return std::vector{ir::TensorType{ir::DataType::kFloat32, ir::Shape{samples.count, targets}}};
}

Result<Values> evaluate_linear_regressor(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Attributes attributes = context.attributes();
  const auto coefficients = list_attribute<float>(attributes, "coefficients");
  const auto intercepts = list_attribute<float>(attributes, "intercepts");
  ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(attributes));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  const auto out = y.mutable_data<float>();
  // No more than there are coefficients.
  std::vector<double> scores(static_cast<std::size_t>(y.dim(1)));
  for_each_sample(x, [&](std::size_t i, std::span<const double> features) {
    for (std::size_t t = 0; t < scores.size(); ++t) {
      scores[t] = weighted_sum(features, coefficients.subspan(t * features.size()));
      if (!intercepts.empty()) scores[t] += static_cast<double>(intercepts[t]);
    }
    apply_post_transform(transform, scores);
    for (std::size_t t = 0; t < scores.size(); ++t)
      out[i * scores.size() + t] = static_cast<float>(scores[t]);
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_LinearRegressor() {
  return {.name = "LinearRegressor",
          .domain = ir::kMlDomain,
          .infer = infer_linear_regressor,
          .evaluate = evaluate_linear_regressor};
}

}  // namespace lathe::ops
