// LayerNormalization and RMSNormalization: over all axes from one on.
#include "ops/dispatch.h"
#include "ops/normalization.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Checks axis and operands; the first axis that is normalised over.
Result<std::size_t> first_axis(const InferContext& context, const ir::Shape& x) {
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.size()));
  for (std::size_t input = 1; input < context.input_count(); ++input)
    RETURN_IF_ERROR(require_broadcast_to(context, input, x));
  return axis;
}

Result<Types> infer_layer_normalization(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ASSIGN_OR_RETURN(const ir::DataType stash, stash_type(context));
  const bool has_statistics = context.node().outputs.size() > 1;
  if (has_statistics && stash != ir::DataType::kFloat32 && stash != ir::DataType::kBFloat16) {
    return invalid_data("stash_type is {}, but Mean and InvStdDev are float32 or bfloat16",
                        ir::data_type_name(stash));
  }
  const ir::TensorType& x = context.input(0);
  ir::TensorType statistics{stash, x.shape};
  if (x.shape) {
    ASSIGN_OR_RETURN(const std::size_t axis, first_axis(context, *x.shape));
    for (std::size_t i = axis; i < x.shape->size(); ++i) (*statistics.shape)[i] = 1;
  }
  if (!has_statistics) return std::vector{x};
  return std::vector{x, statistics, statistics};
}

Result<Types> infer_rms_normalization(const InferContext& context) {
  for (const std::size_t input : {0, 1}) RETURN_IF_ERROR(require_floating_point(context, input));
  RETURN_IF_ERROR(stash_type(context));
  const ir::TensorType& x = context.input(0);
  if (x.shape) {
    RETURN_IF_ERROR(first_axis(context, *x.shape));
  }
  return std::vector{ir::TensorType{context.input(1).data_type, x.shape}};
}

// Element i of the result where an operand of a few axes is broadcast to it.
class Broadcast {
 public:
  Broadcast(const ir::Tensor& operand, std::span<const std::int64_t> dims)
      : values_(as_doubles(operand)), strides_(broadcast_strides(operand.dims(), dims)) {}

  [[nodiscard]] double at(const Dims& index) const {
    std::int64_t i = 0;
    for (std::size_t d = 0; d < index.size(); ++d) i += index[d] * strides_[d];
    return values_[static_cast<std::size_t>(i)];
  }

 private:
  std::vector<double> values_;
  Dims strides_;
};

struct Normalized {
  ir::Tensor y;
  std::vector<Statistics> rows;
};

Result<Normalized> normalize_rows(const EvaluateContext& context, bool centered) {
  const ir::Tensor& x = context.inputs[0];
  const double epsilon = static_cast<double>(context.attributes().get_float("epsilon"));
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), x.rank()));
  const Broadcast scale(context.inputs[1], x.dims());
  std::optional<Broadcast> bias;
  if (context.has_input(2)) bias.emplace(context.inputs[2], x.dims());
  Normalized result;
  ASSIGN_OR_RETURN(result.y, ir::Tensor::create(context.output_types[0].data_type, x.dims()));
  if (x.num_elements() == 0) return result;
  const auto row_size = static_cast<std::size_t>(product_of(std::span(x.dims()).subspan(axis)));
  dispatch_float(x.data_type(), [&]<typename In>() {
    dispatch_float(result.y.data_type(), [&]<typename Out>() {
      const auto in = x.data<In>();
      auto out = result.y.mutable_data<Out>();
      Dims index(x.rank(), 0);
      for (std::size_t i = 0; i < in.size(); ++i) {
        if (i % row_size == 0)
          result.rows.push_back(row_statistics(in.subspan(i, row_size), epsilon, centered));
        const Statistics& row = result.rows.back();
        const double normal = (static_cast<double>(in[i]) - row.mean) * row.inverse_deviation;
        out[i] = static_cast<Out>(normal * scale.at(index) + (bias ? bias->at(index) : 0));
        next_index(index, x.dims());
      }
    });
  });
  return result;
}

Result<Values> evaluate_layer_normalization(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(Normalized normalized, normalize_rows(context, true));
  std::vector outputs{std::move(normalized.y)};
  for (std::size_t output = 1; output < context.output_types.size(); ++output) {
    ASSIGN_OR_RETURN(
        ir::Tensor statistics,
        ir::Tensor::create(ir::DataType::kFloat32, require_dims(context.output_types[output])));
    const auto out = statistics.mutable_data<float>();
    for (std::size_t i = 0; i < normalized.rows.size(); ++i) {
      const Statistics& row = normalized.rows[i];
      out[i] = static_cast<float>(output == 1 ? row.mean : row.inverse_deviation);
    }
    outputs.push_back(std::move(statistics));
  }
  return outputs;
}

Result<Values> evaluate_rms_normalization(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(Normalized normalized, normalize_rows(context, false));
  return std::vector{std::move(normalized.y)};
}

}  // namespace

OpDef define_LayerNormalization() {
  return {.name = "LayerNormalization",
          .infer = infer_layer_normalization,
          .evaluate = evaluate_layer_normalization};
}

OpDef define_RMSNormalization() {
  return {.name = "RMSNormalization",
          .infer = infer_rms_normalization,
          .evaluate = evaluate_rms_normalization};
}

}  // namespace lathe::ops
