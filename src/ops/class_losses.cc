// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: scores [N, C, ...], classes [N, ...] and
// weights [C].
#include "ops/may_agree.h"
#include "ops/normalization.h"
#include "ops/shape_math.h"
#include "ops/softmax_rows.h"

namespace lathe::ops {
namespace {

using ir::Tensor;

enum class LossReduction { kNone, kSum, kMean };

Result<LossReduction> loss_reduction(const Attributes& attributes) {
  const std::string& name = attributes.get_string("reduction");
  if (name == "none") return LossReduction::kNone;
  if (name == "sum") return LossReduction::kSum;
  if (name == "mean") return LossReduction::kMean;
  return invalid_data("reduction is '{}', expected none, sum or mean", name);
}

// Of the loss.
Result<ir::TensorType> infer_class_loss(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ASSIGN_OR_RETURN(const LossReduction reduction, loss_reduction(context.attributes()));
  const std::optional<ir::Shape>& scores = context.input(0).shape;
  std::optional<ir::Shape> classes = context.input(1).shape;
  if (scores) {
    if (scores->size() < 2) {
      return invalid_data("{} has shape {}, expected [N,C,...]", context.place(0),
                          ir::to_string(*scores));
    }
    RETURN_IF_ERROR(require_vector_of(context, 2, (*scores)[1]));
    ir::Shape expected = *scores;
    expected.erase(expected.begin() + 1);
    const bool fits = !classes || may_agree(*classes, expected);
    if (!fits) {
      return invalid_data("{} has shape {}, expected {}", context.place(1), ir::to_string(*classes),
                          ir::to_string(expected));
    }
    classes = std::move(expected);
  }
  if (reduction != LossReduction::kNone) classes = ir::Shape{};
  return ir::TensorType{context.input(0).data_type, std::move(classes)};
}

Result<Types> infer_negative_log_likelihood_loss(const InferContext& context) {
  ASSIGN_OR_RETURN(ir::TensorType loss, infer_class_loss(context));
  return std::vector{std::move(loss)};
}

Result<Types> infer_softmax_cross_entropy_loss(const InferContext& context) {
  ASSIGN_OR_RETURN(ir::TensorType loss, infer_class_loss(context));
  return std::vector{std::move(loss), context.input(0)};
}

// Of log-probabilities. The mean is that of the samples that are not ignored, by their weights.
Result<Tensor> evaluate_class_loss(const EvaluateContext& context, const Tensor& probabilities) {
  const Tensor& classes = context.inputs[1];
  ASSIGN_OR_RETURN(const LossReduction reduction, loss_reduction(context.attributes()));
  const std::int64_t* ignored = context.attributes().find_int("ignore_index");
  const AxisView view = view_around(probabilities.dims(), 1);
  const std::vector<double> scores = as_doubles(probabilities);
  const std::vector<double> weights =
      context.has_input(2) ? as_doubles(context.inputs[2]) : std::vector<double>{};
  ASSIGN_OR_RETURN(Tensor losses, Tensor::create(ir::DataType::kFloat64, classes.dims()));
  const auto out = losses.mutable_data<double>();
  double sum = 0;
  double total_weight = 0;
  for (std::int64_t i = 0; i < classes.num_elements(); ++i) {
    const std::int64_t c = classes.get_int64(i);
    if (ignored != nullptr && c == *ignored) continue;
    if (c < 0 || c >= view.extent) {
      return invalid_data("sample {} is of class {}, expected 0 to {}", i, c, view.extent - 1);
    }
    const std::int64_t at = (i / view.inner * view.extent + c) * view.inner + i % view.inner;
    const double weight = weights.empty() ? 1 : weights[static_cast<std::size_t>(c)];
    const double loss = -scores[static_cast<std::size_t>(at)] * weight;
    out[static_cast<std::size_t>(i)] = loss;
    sum += loss;
    total_weight += weight;
  }
  if (reduction == LossReduction::kNone) return losses.cast(probabilities.data_type());
  return Tensor::scalar(reduction == LossReduction::kMean ? sum / total_weight : sum)
      .cast(probabilities.data_type());
}

Result<Values> evaluate_negative_log_likelihood_loss(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(Tensor loss, evaluate_class_loss(context, context.inputs[0]));
  return std::vector{std::move(loss)};
}

Result<Values> evaluate_softmax_cross_entropy_loss(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(Tensor log_prob, softmax_along(context.inputs[0], 1, true));
  ASSIGN_OR_RETURN(Tensor loss, evaluate_class_loss(context, log_prob));
  return std::vector{std::move(loss), std::move(log_prob)};
}

}  // namespace

OpDef define_NegativeLogLikelihoodLoss() {
  return {.name = "NegativeLogLikelihoodLoss",
          .infer = infer_negative_log_likelihood_loss,
          .evaluate = evaluate_negative_log_likelihood_loss,
          .operand_shapes = {{2, OperandShape::Rule::kVector}}};
}

OpDef define_SoftmaxCrossEntropyLoss() {
  return {.name = "SoftmaxCrossEntropyLoss",
          .infer = infer_softmax_cross_entropy_loss,
          .evaluate = evaluate_softmax_cross_entropy_loss,
          .operand_shapes = {{2, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
