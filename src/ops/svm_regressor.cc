#include "ir/domains.h"
#include "ops/list_attribute.h"
#include "ops/post_transform.h"
#include "ops/samples.h"
#include "ops/support_vectors.h"

namespace lathe::ops {
namespace {

// Without support vectors the coefficients weigh the features themselves.
struct SvmRegressor {
  VectorKernel kernel;
  std::span<const float> vectors;  // one behind the other
  std::span<const float> coefficients;
  double rho = 0;
  std::size_t count = 0;  // of support vectors
  std::size_t features = 0;
  PostTransform transform = PostTransform::kNone;

  [[nodiscard]] double score(std::span<const double> sample) const {
    if (count == 0) return rho + weighted_sum(sample, coefficients);
    double sum = rho;
    for (std::size_t v = 0; v < count; ++v) {
      sum += static_cast<double>(coefficients[v]) *
             kernel(sample, vectors.subspan(v * features, features));
    }
    return sum;
  }
};

Result<SvmRegressor> read_svm_regressor(const Attributes& attributes) {
  SvmRegressor svm;
  ASSIGN_OR_RETURN(svm.kernel, VectorKernel::read(attributes));
  ASSIGN_OR_RETURN(svm.transform, read_post_transform(attributes));
  svm.vectors = list_attribute<float>(attributes, "support_vectors");
  svm.coefficients = list_attribute<float>(attributes, "coefficients");
  const auto rho = list_attribute<float>(attributes, "rho");
  const std::int64_t count = attributes.get_int("n_supports");
  if (rho.empty()) return invalid_data("rho is empty, expected a value");
  if (svm.coefficients.empty()) return invalid_data("coefficients is empty");
  svm.rho = static_cast<double>(rho[0]);
  if (count <= 0) {
    svm.features = svm.coefficients.size();
    return svm;
  }
  svm.count = static_cast<std::size_t>(count);
  if (svm.coefficients.size() != svm.count) {
    return invalid_data("coefficients has {} values, but n_supports is {}", svm.coefficients.size(),
                        count);
  }
  if (svm.vectors.size() % svm.count != 0) {
    return invalid_data("support_vectors has {} values, expected as many for each of {}",
                        svm.vectors.size(), count);
  }
  svm.features = svm.vectors.size() / svm.count;
  return svm;
}

Result<Types> infer_svm_regressor(const InferContext& context) {
  ASSIGN_OR_RETURN(const SvmRegressor svm, read_svm_regressor(context.attributes()));
  ASSIGN_OR_RETURN(const Samples samples, infer_samples(context));
  RETURN_IF_ERROR(require_features(samples, static_cast<std::int64_t>(svm.features)));
  return std::vector{ir::TensorType{ir::DataType::kFloat32, ir::Shape{samples.count, 1}}};
}

Result<Values> evaluate_svm_regressor(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const SvmRegressor svm, read_svm_regressor(context.attributes()));
  const bool one_class = context.attributes().get_bool("one_class");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    std::vector{sample_count(x), std::int64_t{1}}));
  const auto out = y.mutable_data<float>();
  for_each_sample(x, [&](std::size_t i, std::span<const double> sample) {
    double score = svm.score(sample);
    if (one_class) {
      score = score > 0 ? 1 : -1;
    } else {
      apply_post_transform(svm.transform, std::span(&score, 1));
    }
    out[i] = static_cast<float>(score);
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_SVMRegressor() {
  return {.name = "SVMRegressor",
          .domain = ir::kMlDomain,
          .infer = infer_svm_regressor,
          .evaluate = evaluate_svm_regressor};
}

}  // namespace lathe::ops
