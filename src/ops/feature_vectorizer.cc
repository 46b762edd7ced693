#include "base/checked_math.h"
#include "ir/domains.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"
#include "ops/samples.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The inputs' features side by side. Of each as many as `inputdimensions` says: what there are more
// is left out, what is lacking is 0.
Result<Types> infer_feature_vectorizer(const InferContext& context) {
  const auto lengths = list_attribute<std::int64_t>(context.attributes(), "inputdimensions");
  if (!lengths.empty() && lengths.size() != context.input_count()) {
    return invalid_data("inputdimensions has {} values, expected {}, one for each input",
                        lengths.size(), context.input_count());
  }
  std::int64_t total = 0;
  for (const std::int64_t length : lengths) {
    const auto sum = checked_sum(total, length);
    if (length < 0 || !sum) return invalid_data("inputdimensions has the value {}", length);
    total = *sum;
  }
  ir::SymInt features = 0;
  ir::Dim count;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    ASSIGN_OR_RETURN(const Samples part, infer_samples(context, i));
    features = features + part.features.symbolic();
    if (part.count.known() && count.known() && part.count != count) {
      return invalid_data("{} has {} samples, but others have {}", context.place(i),
                          part.count.value(), count.value());
    }
    if (!count.known() && (i == 0 || part.count.known())) count = part.count;
  }
  if (!lengths.empty()) features = total;
  return std::vector{ir::TensorType{ir::DataType::kFloat32, ir::Shape{count, ir::Dim(features)}}};
}

Result<Values> evaluate_feature_vectorizer(const EvaluateContext& context) {
  const auto lengths = list_attribute<std::int64_t>(context.attributes(), "inputdimensions");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  const auto out = y.mutable_data<float>();
  const auto width = static_cast<std::size_t>(y.dim(1));
  std::size_t first = 0;
  for (std::size_t i = 0; i < context.inputs.size(); ++i) {
    const ir::Tensor& x = context.inputs[i];
    const auto length = static_cast<std::size_t>(lengths.empty() ? x.dims().back() : lengths[i]);
    for_each_sample(x, [&](std::size_t sample, std::span<const double> features) {
      for (std::size_t f = 0; f < std::min(length, features.size()); ++f)
        out[sample * width + first + f] = static_cast<float>(features[f]);
    });
    first += length;
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_FeatureVectorizer() {
  return {.name = "FeatureVectorizer",
          .domain = ir::kMlDomain,
          .infer = infer_feature_vectorizer,
          .evaluate = evaluate_feature_vectorizer};
}

}  // namespace lathe::ops
