#include <algorithm>
#include <cmath>
#include <limits>

#include "base/checked_math.h"
#include "ops/attention_rows.h"
#include "ops/dispatch.h"

namespace lathe::ops {
namespace attention {
namespace {

enum Input : std::size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kValidKeys };
enum Output : std::size_t { kY, kPresentKey, kPresentValue, kScores };

// What the fourth output shows.
enum class ShownScores { kProducts, kCapped, kBiased, kProbabilities };

struct AttentionOptions {
  ShownScores shown;
  bool is_causal;
  std::int64_t left_window;   // -1 without bound
  std::int64_t right_window;  // likewise
  double softcap;             // 0 without
  std::optional<ir::DataType> precision;
};

constexpr double kHidden = -std::numeric_limits<double>::infinity();

Result<AttentionOptions> read_attention_options(const Attributes& attributes) {
  AttentionOptions options{};
  const std::int64_t shown = attributes.get_int("qk_matmul_output_mode");
  if (shown < 0 || shown > 3)
    return invalid_data("qk_matmul_output_mode is {}, expected 0 to 3", shown);
  options.shown = static_cast<ShownScores>(shown);
  options.is_causal = attributes.get_bool("is_causal");
  options.left_window = attributes.get_int("left_window_size");
  options.right_window = attributes.get_int("right_window_size");
  if (options.left_window < -1)
    return invalid_data("left_window_size is {}, expected -1 or more", options.left_window);
  if (options.right_window < -1)
    return invalid_data("right_window_size is {}, expected -1 or more", options.right_window);
  options.softcap = static_cast<double>(attributes.get_float("softcap"));
  if (!(options.softcap >= 0)) return invalid_data("softcap is {}", options.softcap);
  ASSIGN_OR_RETURN(options.precision, softmax_precision(attributes));
  return options;
}

// Binds the extents of Q, K and V of rank 3, which pack their heads.
Status match_packed(const Attributes& attributes, NamedExtents& extents) {
  ASSIGN_OR_RETURN(const std::int64_t query_heads, head_count(attributes, "q_num_heads"));
  ASSIGN_OR_RETURN(const std::int64_t key_heads, head_count(attributes, "kv_num_heads"));
  RETURN_IF_ERROR(extents.match(kQ, {"batch_size", "q_sequence_length", "q_hidden_size"}));
  RETURN_IF_ERROR(extents.match(kK, {"batch_size", "kv_sequence_length", "k_hidden_size"}));
  RETURN_IF_ERROR(extents.match(kV, {"batch_size", "kv_sequence_length", "v_hidden_size"}));
  RETURN_IF_ERROR(split_heads(extents, "q_hidden_size", query_heads, "head_size"));
  RETURN_IF_ERROR(split_heads(extents, "k_hidden_size", key_heads, "k_size"));
  RETURN_IF_ERROR(split_heads(extents, "v_hidden_size", key_heads, "v_head_size"));
  extents.set("q_num_heads", query_heads);
  extents.set("kv_num_heads", key_heads);
  const ir::Dim size = extents["head_size"];
  const ir::Dim key_size = extents["k_size"];
  if (size.known() && key_size.known() && size != key_size) {
    return invalid_data("heads of queries have {} elements, those of keys {}", size.value(),
                        key_size.value());
  }
  extents.set("head_size", key_size);
  return {};
}

Status match_apart(const Attributes& attributes, NamedExtents& extents) {
  for (const char* name : {"q_num_heads", "kv_num_heads"}) {
    if (attributes.find_int(name) == nullptr) continue;
    ASSIGN_OR_RETURN(const std::int64_t count, head_count(attributes, name));
    extents.set(name, count);
  }
  RETURN_IF_ERROR(
      extents.match(kQ, {"batch_size", "q_num_heads", "q_sequence_length", "head_size"}));
  RETURN_IF_ERROR(
      extents.match(kK, {"batch_size", "kv_num_heads", "kv_sequence_length", "head_size"}));
  return extents.match(kV, {"batch_size", "kv_num_heads", "kv_sequence_length", "v_head_size"});
}

// Refuses a mask that is not to be broadcast to these extents. Along the last one it may end early.
Status check_mask(const InferContext& context, const ir::Shape& scores) {
  if (!context.has_input(kMask) || !context.input(kMask).shape) return {};
  const ir::Shape& mask = *context.input(kMask).shape;
  bool fits = mask.size() <= scores.size();
  for (std::size_t i = 0; fits && i < mask.size(); ++i) {
    const ir::Dim& given = mask[mask.size() - 1 - i];
    const ir::Dim& wanted = scores[scores.size() - 1 - i];
    if (!given.known() || !wanted.known()) continue;
    fits = i == 0 ? given.value() <= wanted.value() : given == ir::Dim(1) || given == wanted;
  }
  if (fits) return {};
  return invalid_data("{} has shape {}, which cannot be broadcast to {}", context.place(kMask),
                      ir::to_string(mask), ir::to_string(scores));
}

Status check_caches(const InferContext& context) {
  if (context.has_input(kPastKey) != context.has_input(kPastValue))
    return invalid_data("past_key and past_value are not there together");
  if (context.has_input(kPastKey) && context.has_input(kValidKeys))
    return invalid_data("past_key and nonpad_kv_seqlen are there both");
  return {};
}

// The rank of the first of Q, K and V that has one; 0 where none has.
std::size_t attention_rank(const InferContext& context) {
  for (const std::size_t input : {kQ, kK, kV})
    if (context.input(input).shape) return context.input(input).shape->size();
  return 0;
}

Result<Types> infer_attention(const InferContext& context) {
  const Attributes attributes = context.attributes();
  RETURN_IF_ERROR(read_attention_options(attributes));
  RETURN_IF_ERROR(check_caches(context));
  NamedExtents extents(context);
  const std::size_t rank = attention_rank(context);
  if (rank == 3) {
    RETURN_IF_ERROR(match_packed(attributes, extents));
  } else {
    RETURN_IF_ERROR(match_apart(attributes, extents));
  }
  RETURN_IF_ERROR(check_shared_heads(extents["q_num_heads"], extents["kv_num_heads"]));
  RETURN_IF_ERROR(
      extents.match(kPastKey, {"batch_size", "kv_num_heads", "past_sequence_length", "head_size"}));
  RETURN_IF_ERROR(extents.match(
      kPastValue, {"batch_size", "kv_num_heads", "past_sequence_length", "v_head_size"}));
  RETURN_IF_ERROR(extents.match(kValidKeys, {"batch_size"}));
  const ir::Dim keys = extents["kv_sequence_length"];
  const ir::Dim total = context.has_input(kPastKey)
                            ? ir::Dim(extents["past_sequence_length"].symbolic() + keys.symbolic())
                            : keys;
  const ir::Shape scores{extents["batch_size"], extents["q_num_heads"],
                         extents["q_sequence_length"], total};
  RETURN_IF_ERROR(check_mask(context, scores));

  const ir::DataType type = context.input(kQ).data_type;
  ir::TensorType y{type, std::nullopt};
  if (rank == 3) {
    ASSIGN_OR_RETURN(const ir::Dim packed,
                     join_heads(extents["q_num_heads"], extents["v_head_size"]));
    y.shape = {extents["batch_size"], extents["q_sequence_length"], packed};
  } else if (rank == 4) {
    y.shape = {extents["batch_size"], extents["q_num_heads"], extents["q_sequence_length"],
               extents["v_head_size"]};
  }
  const auto cache = [&](const char* size) {
    return ir::Shape{extents["batch_size"], extents["kv_num_heads"], total, extents[size]};
  };
  return std::vector{y, ir::TensorType{type, cache("head_size")},
                     ir::TensorType{context.input(kV).data_type, cache("v_head_size")},
                     ir::TensorType{type, scores}};
}

// What was there before and what is new, one behind the other, with heads apart.
Result<ir::Tensor> append_to_cache(const EvaluateContext& context, Input past, Input input,
                                   std::int64_t heads) {
  const ir::Tensor& fresh = context.inputs[input];
  const HeadLayout added(fresh.dims(), heads);
  if (!context.has_input(past) && fresh.rank() == 4) return fresh;
  const std::int64_t before = context.has_input(past) ? context.inputs[past].dim(2) : 0;
  ASSIGN_OR_RETURN(ir::Tensor cache, ir::Tensor::create(fresh.data_type(),
                                                        Dims{added.batches, added.heads,
                                                             before + added.sequence, added.size}));
  if (cache.num_elements() == 0) return cache;
  const HeadLayout whole(cache.dims(), 0);
  dispatch_float(fresh.data_type(), [&]<typename T>() {
    const auto out = cache.mutable_data<T>();
    for (std::int64_t batch = 0; batch < whole.batches; ++batch) {
      for (std::int64_t head = 0; head < whole.heads; ++head) {
        for (std::int64_t step = 0; step < whole.sequence; ++step) {
          const auto from = step < before
                                ? HeadLayout(context.inputs[past].dims(), 0)
                                      .vector(context.inputs[past].data<T>(), batch, head, step)
                                : added.vector(fresh.data<T>(), batch, head, step - before);
          std::copy(from.begin(), from.end(), whole.vector(out, batch, head, step).begin());
        }
      }
    }
  });
  return cache;
}

// What is added to a score.
class AttentionBias {
 public:
  AttentionBias(const EvaluateContext& context, const AttentionOptions& options, Dims scores)
      : options_(options), scores_(std::move(scores)) {
    if (context.has_input(kMask)) {
      mask_ = context.inputs[kMask];
      Dims broadcast = scores_;
      if (mask_.rank() > 0) broadcast.back() = mask_.dims().back();
      visible_ = broadcast.back();
      if (mask_.data_type() != ir::DataType::kBool) mask_ = mask_.cast(ir::DataType::kFloat64);
      strides_ = broadcast_strides(mask_.dims(), broadcast);
    }
    if (context.has_input(kPastKey)) offset_ = context.inputs[kPastKey].dim(2);
    if (context.has_input(kValidKeys)) valid_ = context.inputs[kValidKeys].to_int64s();
  }

  // kHidden where the key is not to be seen.
  [[nodiscard]] double at(std::int64_t batch, std::int64_t head, std::int64_t query,
                          std::int64_t key) const {
    std::int64_t place = offset_ + query;
    if (!valid_.empty()) {
      const std::int64_t valid = valid_[static_cast<std::size_t>(batch)];
      if (key >= valid) return kHidden;
      place = valid - scores_[2] + query;
    }
    if (options_.is_causal && key > place) return kHidden;
    if (options_.left_window >= 0 && place - key > options_.left_window) return kHidden;
    if (options_.right_window >= 0 && key - place > options_.right_window) return kHidden;
    if (!mask_.defined()) return 0;
    if (key >= visible_) return kHidden;
    const auto i = static_cast<std::size_t>(batch * strides_[0] + head * strides_[1] +
                                            query * strides_[2] + key * strides_[3]);
    if (mask_.data_type() == ir::DataType::kBool) return mask_.data<bool>()[i] ? 0 : kHidden;
    return mask_.data<double>()[i];
  }

 private:
  const AttentionOptions& options_;
  Dims scores_;  // [batch, heads, queries, keys]
  ir::Tensor mask_;
  Dims strides_;
  std::int64_t visible_ = 0;  // keys that the mask speaks of
  std::int64_t offset_ = 0;   // keys before the first query's own
  std::vector<std::int64_t> valid_;
};

Status check_valid_keys(const ir::Tensor& valid, std::int64_t keys) {
  for (const std::int64_t count : valid.to_int64s()) {
    if (count < 0 || count > keys)
      return invalid_data("nonpad_kv_seqlen has the value {}, expected 0 to {}", count, keys);
  }
  return {};
}

// The heads that inputs of rank 3 pack; of no meaning otherwise.
std::int64_t packed_heads(const EvaluateContext& context, std::string_view name) {
  const std::int64_t* count = context.attributes().find_int(name);
  return count == nullptr ? 1 : *count;
}

// From the scores of one query to its probabilities; show(stage) is called on the way.
template <typename Show>
void attend(std::span<double> row, const AttentionOptions& options, std::span<const double> biases,
            Show show) {
  show(ShownScores::kProducts);
  if (options.softcap != 0)
    for (double& score : row) score = options.softcap * std::tanh(score / options.softcap);
  show(ShownScores::kCapped);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += biases[i];
  show(ShownScores::kBiased);
  if (std::all_of(biases.begin(), biases.end(), [](double bias) { return bias == kHidden; })) {
    std::fill(row.begin(), row.end(), 0.0);
  } else {
    softmax_in_place(row, options.precision);
  }
  show(ShownScores::kProbabilities);
}

Result<Values> evaluate_attention(const EvaluateContext& context) {
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(const AttentionOptions options, read_attention_options(attributes));
  const ir::Tensor& queries = context.inputs[kQ];
  const std::int64_t query_heads = packed_heads(context, "q_num_heads");
  const std::int64_t key_heads = packed_heads(context, "kv_num_heads");
  ASSIGN_OR_RETURN(const ir::Tensor keys, append_to_cache(context, kPastKey, kK, key_heads));
  ASSIGN_OR_RETURN(const ir::Tensor values, append_to_cache(context, kPastValue, kV, key_heads));
  if (context.has_input(kValidKeys))
    RETURN_IF_ERROR(check_valid_keys(context.inputs[kValidKeys], keys.dim(2)));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat64,
                                                    require_dims(context.output_types[kY])));
  const Dims dims = require_dims(context.output_types[kScores]);
  const bool shows = context.node.output(kScores) != ir::kNoValue;
  ir::Tensor scores;
  if (shows) {
    ASSIGN_OR_RETURN(scores, ir::Tensor::create(ir::DataType::kFloat64, dims));
  }
  const AttentionProducts products(queries, query_heads, keys,
                                   attention_scale(attributes, keys.dim(3)));
  const AttentionBias bias(context, options, dims);
  const ir::Tensor wide_values = values.cast(ir::DataType::kFloat64);
  const HeadLayout outputs(y.dims(), query_heads);
  // Of heads without elements there may be any number: nothing is computed of them.
  const bool needed = y.num_elements() > 0 || scores.num_elements() > 0;
  const std::int64_t rows = needed ? dims[0] * dims[1] * dims[2] : 0;
  std::vector<double> row(needed ? static_cast<std::size_t>(dims[3]) : 0);
  std::vector<double> biases(row.size());
  Dims index(3, 0);  // of batch, head and query
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t batch = index[0];
    const std::int64_t head = index[1];
    products.row(batch, head, index[2], row);
    for (std::size_t k = 0; k < row.size(); ++k)
      biases[k] = bias.at(batch, head, index[2], static_cast<std::int64_t>(k));
    attend(row, options, biases, [&](ShownScores stage) {
      if (!shows || options.shown != stage) return;
      const auto out =
          scores.mutable_data<double>().subspan(static_cast<std::size_t>(i) * row.size());
      std::copy(row.begin(), row.end(), out.begin());
    });
    sum_values(row, wide_values, batch, products.key_head(head),
               outputs.vector(y.mutable_data<double>(), batch, head, index[2]));
    next_index(index, std::span(dims).first(3));
  }
  std::vector<ir::Tensor> made{y.cast(queries.data_type()), keys, values};
  if (shows) made.push_back(scores.cast(queries.data_type()));
  return made;
}

std::optional<std::int64_t> macs_attention(const ir::Node& node,
                                           std::span<const ir::TensorType> inputs,
                                           std::span<const ir::TensorType> outputs) {
  const auto keys_of = [](const ir::TensorType& type) {
    const Dims dims = require_dims(type);
    return dims[dims.size() - 2];
  };
  std::int64_t keys = keys_of(inputs[kK]);
  if (node.input(kPastKey) != ir::kNoValue) keys += keys_of(inputs[kPastKey]);
  const auto elements =
      checked_sum(product_of(require_dims(inputs[kQ])), product_of(require_dims(outputs[kY])));
  return elements ? checked_product(Dims{*elements, keys}) : std::nullopt;
}

}  // namespace
}  // namespace attention

OpDef define_Attention() {
  return {.name = "Attention",
          .infer = attention::infer_attention,
          .evaluate = attention::evaluate_attention,
          .macs = attention::macs_attention,
          .operand_shapes = {{attention::kValidKeys, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
