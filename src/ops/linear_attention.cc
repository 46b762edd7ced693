#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/checked_math.h"
#include "ops/attention_heads.h"
#include "ops/attribute_word.h"

namespace lathe::ops {
namespace linear_attention {
namespace {

enum Input : std::size_t { kQuery, kKey, kValue, kPastState, kDecay, kBeta };

// How the state follows from the one before.
struct UpdateRule {
  bool decays;    // it is multiplied by exp(decay) first
  bool corrects;  // what it holds of the key already is taken off the value, and beta weighs that
};
constexpr AttributeWord<UpdateRule> kUpdateRules[] = {{"linear", {false, false}},
                                                      {"gated", {true, false}},
                                                      {"delta", {false, true}},
                                                      {"gated_delta", {true, true}}};

struct LinearAttentionOptions {
  UpdateRule rule;
  std::int64_t query_heads;
  std::int64_t key_heads;
};

Result<LinearAttentionOptions> read_linear_attention_options(const Attributes& attributes) {
  LinearAttentionOptions options{};
  ASSIGN_OR_RETURN(options.rule, find_word(attributes, "update_rule", kUpdateRules));
  ASSIGN_OR_RETURN(options.query_heads, head_count(attributes, "q_num_heads"));
  ASSIGN_OR_RETURN(options.key_heads, head_count(attributes, "kv_num_heads"));
  RETURN_IF_ERROR(check_shared_heads(options.query_heads, options.key_heads));
  return options;
}

// Refuses an input [batch_size, sequence_length, x] where x is neither extent.
Status check_gate(const InferContext& context, NamedExtents& extents, Input input,
                  const ir::Dim& one, const ir::Dim& other) {
  if (!context.has_input(input)) {
    return invalid_data("{} is missing, which update_rule '{}' needs", context.place(input),
                        context.attributes().get_string("update_rule"));
  }
  const auto& shape = context.input(input).shape;
  if (!shape || shape->size() != 3) {
    return extents.match(input, {"batch_size", "sequence_length", fmt::format("gate{}", input)});
  }
  RETURN_IF_ERROR(
      extents.match(input, {"batch_size", "sequence_length", fmt::format("gate{}", input)}));
  const ir::Dim& last = shape->back();
  if (!last.known() || !one.known() || !other.known() || last == one || last == other) return {};
  return invalid_data("{} has shape {}, expected {} or {} in the end", context.place(input),
                      ir::to_string(*shape), one.to_string(), other.to_string());
}

Result<Types> infer_linear_attention(const InferContext& context) {
  ASSIGN_OR_RETURN(const LinearAttentionOptions options,
                   read_linear_attention_options(context.attributes()));
  const std::int64_t heads = options.key_heads;
  NamedExtents extents(context);
  RETURN_IF_ERROR(extents.match(kQuery, {"batch_size", "sequence_length", "q_hidden_size"}));
  RETURN_IF_ERROR(extents.match(kKey, {"batch_size", "sequence_length", "k_hidden_size"}));
  RETURN_IF_ERROR(extents.match(kValue, {"batch_size", "sequence_length", "v_hidden_size"}));
  RETURN_IF_ERROR(split_heads(extents, "q_hidden_size", options.query_heads, "q_size"));
  RETURN_IF_ERROR(split_heads(extents, "k_hidden_size", heads, "d_k"));
  RETURN_IF_ERROR(split_heads(extents, "v_hidden_size", heads, "d_v"));
  if (extents["q_size"].known() && extents["d_k"].known() && extents["q_size"] != extents["d_k"]) {
    return invalid_data("heads of queries have {} elements, those of keys {}",
                        extents["q_size"].value(), extents["d_k"].value());
  }
  extents.set("d_k", extents["q_size"]);
  extents.set("kv_num_heads", heads);
  RETURN_IF_ERROR(extents.match(kPastState, {"batch_size", "kv_num_heads", "d_k", "d_v"}));
  if (options.rule.decays) {
    const ir::Dim all(extents["d_k"].symbolic() * heads);
    RETURN_IF_ERROR(check_gate(context, extents, kDecay, heads, all));
  }
  if (options.rule.corrects) RETURN_IF_ERROR(check_gate(context, extents, kBeta, heads, 1));
  ASSIGN_OR_RETURN(const ir::Dim output, join_heads(options.query_heads, extents["d_v"]));
  const ir::DataType type = context.input(kQuery).data_type;
  return std::vector{
      ir::TensorType{type, ir::Shape{extents["batch_size"], extents["sequence_length"], output}},
      ir::TensorType{context.has_input(kPastState) ? context.input(kPastState).data_type : type,
                     ir::Shape{extents["batch_size"], heads, extents["d_k"], extents["d_v"]}}};
}

// What one head remembers: a matrix [d_k, d_v].
class LinearState {
 public:
  explicit LinearState(std::span<double> elements, std::size_t keys)
      : elements_(elements), keys_(keys), values_(elements.size() / keys) {}

  // By one factor for each key dimension, or one for all.
  void decay(std::span<const float> logarithms) {
    for (std::size_t i = 0; i < keys_; ++i) {
      const float logarithm = logarithms[logarithms.size() == 1 ? 0 : i];
      const double factor = std::exp(static_cast<double>(logarithm));
      for (double& element : row(i)) element *= factor;
    }
  }

  // sum[j] = sum over i of vector[i] * state[i, j]
  void read(std::span<const float> vector, std::span<double> sum) const {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::size_t i = 0; i < keys_; ++i) {
      const auto factor = static_cast<double>(vector[i]);
      const auto own = row(i);
      for (std::size_t j = 0; j < values_; ++j) sum[j] += factor * own[j];
    }
  }

  // state[i, j] += key[i] * value[j]
  void write(std::span<const float> key, std::span<const double> value) {
    for (std::size_t i = 0; i < keys_; ++i) {
      const auto factor = static_cast<double>(key[i]);
      const auto own = row(i);
      for (std::size_t j = 0; j < values_; ++j) own[j] += factor * value[j];
    }
  }

 private:
  [[nodiscard]] std::span<double> row(std::size_t i) const {
    return elements_.subspan(i * values_, values_);
  }

  std::span<double> elements_;
  std::size_t keys_;
  std::size_t values_;
};

// All but the state has been widened to float32.
Result<Values> evaluate_linear_attention(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const LinearAttentionOptions options,
                   read_linear_attention_options(context.attributes()));
  const auto elements = [&](Input input) { return context.inputs[input].data<float>(); };
  const HeadLayout queries(context.inputs[kQuery].dims(), options.query_heads);
  const HeadLayout keys(context.inputs[kKey].dims(), options.key_heads);
  const HeadLayout values(context.inputs[kValue].dims(), options.key_heads);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  ASSIGN_OR_RETURN(ir::Tensor state, ir::Tensor::create(ir::DataType::kFloat64,
                                                        require_dims(context.output_types[1])));
  if (context.has_input(kPastState))
    state = context.inputs[kPastState].cast(ir::DataType::kFloat64);
  const ir::DataType state_type = context.output_types[1].data_type;
  // Without keys there is nothing to remember, and what is read of it is 0.
  if (state.num_elements() == 0) return std::vector{std::move(y), state.cast(state_type)};

  const HeadLayout outputs(y.dims(), options.query_heads);
  const auto out = y.mutable_data<float>();
  const auto all = state.mutable_data<double>();
  const auto matrix = static_cast<std::size_t>(keys.size * values.size);
  const std::int64_t group = options.query_heads / options.key_heads;
  const double given = static_cast<double>(context.attributes().get_float("scale"));
  const double scale = given == 0 ? 1 / std::sqrt(static_cast<double>(keys.size)) : given;
  std::vector<double> sum(static_cast<std::size_t>(values.size));
  for (std::int64_t batch = 0; batch < keys.batches; ++batch) {
    for (std::int64_t head = 0; head < keys.heads; ++head) {
      const auto place = static_cast<std::size_t>(batch * keys.heads + head);
      LinearState own(all.subspan(place * matrix, matrix), static_cast<std::size_t>(keys.size));
      for (std::int64_t step = 0; step < keys.sequence; ++step) {
        const auto key = keys.vector(elements(kKey), batch, head, step);
        const auto value = values.vector(elements(kValue), batch, head, step);
        if (options.rule.decays) {
          const HeadLayout decays(context.inputs[kDecay].dims(), keys.heads);
          own.decay(decays.vector(elements(kDecay), batch, head, step));
        }
        if (options.rule.corrects) {
          const ir::Tensor& beta = context.inputs[kBeta];
          const HeadLayout rates(beta.dims(), beta.dims().back());
          const std::int64_t rated = rates.heads == 1 ? 0 : head;
          const float rate = rates.vector(elements(kBeta), batch, rated, step)[0];
          own.read(key, sum);
          for (std::size_t j = 0; j < sum.size(); ++j)
            sum[j] = static_cast<double>(rate) * (static_cast<double>(value[j]) - sum[j]);
        } else {
          std::copy(value.begin(), value.end(), sum.begin());
        }
        own.write(key, sum);
        for (std::int64_t reader = head * group; reader < (head + 1) * group; ++reader) {
          own.read(queries.vector(elements(kQuery), batch, reader, step), sum);
          const auto to = outputs.vector(out, batch, reader, step);
          for (std::size_t j = 0; j < sum.size(); ++j) to[j] = static_cast<float>(scale * sum[j]);
        }
      }
    }
  }
  return std::vector{std::move(y), state.cast(state_type)};
}

std::optional<std::int64_t> macs_linear_attention(const ir::Node& node,
                                                  std::span<const ir::TensorType> inputs,
                                                  std::span<const ir::TensorType> outputs) {
  const auto options = read_linear_attention_options(attributes(node));
  if (!options.ok()) return std::nullopt;
  // Each head writes a matrix of its state, and each query reads one; correction reads one more.
  const Dims state = require_dims(outputs[1]);
  const std::int64_t passes = options->query_heads + (options->rule.corrects ? 2 : 1) * state[1];
  return checked_product(
      Dims{state[0], require_dims(inputs[kQuery])[1], passes, state[2], state[3]});
}

}  // namespace
}  // namespace linear_attention

OpDef define_LinearAttention() {
  return {.name = "LinearAttention",
          .infer = linear_attention::infer_linear_attention,
          .evaluate = linear_attention::evaluate_linear_attention,
          .macs = linear_attention::macs_linear_attention};
}

}  // namespace lathe::ops
