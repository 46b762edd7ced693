#include <algorithm>

#include "base/checked_math.h"
#include "ops/attention_rows.h"

namespace lathe::ops {
namespace flex_attention {
namespace {

enum Input : std::size_t { kQ, kK, kV };

constexpr const char* kScoreMod = "score_mod";
constexpr const char* kProbMod = "prob_mod";

// What scores are computed in, and handed to the graphs.
Result<ir::DataType> scores_type(const Attributes& attributes, ir::DataType input) {
  ASSIGN_OR_RETURN(const auto given, softmax_precision(attributes));
  const bool wide = input == ir::DataType::kFloat64;
  return given.value_or(wide ? ir::DataType::kFloat64 : ir::DataType::kFloat32);
}

// Refuses a graph that does not make scores of scores.
Status check_modifier(const InferContext& context, const char* attribute,
                      const ir::TensorType& scores) {
  if (!context.node().has_attribute(attribute)) return {};
  const std::vector<ir::Type> inputs{ir::Type(scores)};
  ASSIGN_OR_RETURN(const Types made, context.infer_subgraph(attribute, inputs));
  if (made.size() != 1)
    return invalid_data("{}: its graph has {} outputs, expected 1", attribute, made.size());
  const ir::Type& type = made[0];
  if (!type.known()) return {};
  bool fits = type.is_tensor() && type.tensor().data_type == scores.data_type;
  if (fits && type.tensor().shape) {
    const ir::Shape& shape = *type.tensor().shape;
    fits = shape.size() == scores.shape->size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) {
      const ir::Dim& wanted = (*scores.shape)[i];
      fits = !shape[i].known() || !wanted.known() || shape[i] == wanted;
    }
  }
  if (fits) return {};
  return invalid_data("{}: its graph makes {} of {}, expected the same type", attribute,
                      type.to_string(), scores.to_string());
}

Result<Types> infer_flex_attention(const InferContext& context) {
  NamedExtents extents(context);
  RETURN_IF_ERROR(
      extents.match(kQ, {"batch_size", "q_num_heads", "q_sequence_length", "head_size"}));
  RETURN_IF_ERROR(
      extents.match(kK, {"batch_size", "kv_num_heads", "kv_sequence_length", "head_size"}));
  RETURN_IF_ERROR(
      extents.match(kV, {"batch_size", "kv_num_heads", "kv_sequence_length", "v_head_size"}));
  RETURN_IF_ERROR(check_shared_heads(extents["q_num_heads"], extents["kv_num_heads"]));
  const ir::DataType type = context.input(kQ).data_type;
  ir::TensorType scores;
  ASSIGN_OR_RETURN(scores.data_type, scores_type(context.attributes(), type));
  scores.shape = {extents["batch_size"], extents["q_num_heads"], extents["q_sequence_length"],
                  extents["kv_sequence_length"]};
  for (const char* attribute : {kScoreMod, kProbMod})
    RETURN_IF_ERROR(check_modifier(context, attribute, scores));
  return std::vector{
      ir::TensorType{type, ir::Shape{extents["batch_size"], extents["q_num_heads"],
                                     extents["q_sequence_length"], extents["v_head_size"]}}};
}

// What the graph of an attribute makes of scores; the scores themselves where there is none.
Result<ir::Tensor> modify_scores(const EvaluateContext& context, const char* attribute,
                                 ir::DataType type, const ir::Tensor& scores) {
  if (!context.node.has_attribute(attribute)) return scores;
  const std::vector<ir::Datum> inputs{scores.cast(type)};
  auto made = context.run_subgraph(attribute, inputs);
  if (!made.ok()) return made.error().with_context(attribute);
  const ir::Tensor* result = made->size() == 1 ? made->front().tensor() : nullptr;
  if (result == nullptr || result->type() != inputs[0].tensor()->type()) {
    return invalid_data("{}: its graph makes no {}", attribute, inputs[0].type().to_string());
  }
  return result->cast(ir::DataType::kFloat64);
}

Result<Values> evaluate_flex_attention(const EvaluateContext& context) {
  const Attributes attributes = context.attributes();
  const ir::Tensor& queries = context.inputs[kQ];
  const ir::Tensor& keys = context.inputs[kK];
  const Dims dims{queries.dim(0), queries.dim(1), queries.dim(2), keys.dim(2)};
  ASSIGN_OR_RETURN(const ir::DataType type, scores_type(attributes, queries.data_type()));
  ASSIGN_OR_RETURN(ir::Tensor scores, ir::Tensor::create(ir::DataType::kFloat64, dims));
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(ir::DataType::kFloat64,
                                      Dims{dims[0], dims[1], dims[2], context.inputs[kV].dim(3)}));
  const AttentionProducts products(queries, 0, keys, attention_scale(attributes, keys.dim(3)));
  const auto length = static_cast<std::size_t>(dims[3]);
  const auto rows = std::span(dims).first(3);
  const std::size_t count =
      scores.num_elements() > 0 ? static_cast<std::size_t>(scores.num_elements()) / length : 0;
  Dims index(3, 0);
  for (std::size_t i = 0; i < count; ++i, next_index(index, rows)) {
    products.row(index[0], index[1], index[2],
                 scores.mutable_data<double>().subspan(i * length, length));
  }
  ASSIGN_OR_RETURN(scores, modify_scores(context, kScoreMod, type, scores));
  for (std::size_t i = 0; i < count; ++i)
    softmax_in_place(scores.mutable_data<double>().subspan(i * length, length), type);
  ASSIGN_OR_RETURN(scores, modify_scores(context, kProbMod, type, scores));
  const ir::Tensor values = context.inputs[kV].cast(ir::DataType::kFloat64);
  const HeadLayout outputs(y.dims(), 0);
  index.assign(3, 0);
  for (std::size_t i = 0; i < count; ++i, next_index(index, rows)) {
    sum_values(scores.data<double>().subspan(i * length, length), values, index[0],
               products.key_head(index[1]),
               outputs.vector(y.mutable_data<double>(), index[0], index[1], index[2]));
  }
  return std::vector{y.cast(queries.data_type())};
}

std::optional<std::int64_t> macs_flex_attention(const ir::Node&,
                                                std::span<const ir::TensorType> inputs,
                                                std::span<const ir::TensorType> outputs) {
  const auto elements =
      checked_sum(product_of(require_dims(inputs[kQ])), product_of(require_dims(outputs[0])));
  return elements ? checked_product(Dims{*elements, require_dims(inputs[kK])[2]}) : std::nullopt;
}

}  // namespace
}  // namespace flex_attention

OpDef define_FlexAttention() {
  return {.name = "FlexAttention",
          .domain = "ai.onnx.preview",
          .infer = flex_attention::infer_flex_attention,
          .evaluate = flex_attention::evaluate_flex_attention,
          .macs = flex_attention::macs_flex_attention};
}

}  // namespace lathe::ops
