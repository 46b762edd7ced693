#include <algorithm>
#include <cmath>

#include "base/checked_math.h"
#include "ops/attribute_word.h"
#include "ops/named_extents.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace causal_conv {
namespace {

enum Input : std::size_t { kX, kWeight, kBias, kPastState };

enum class CausalActivation { kNone, kSilu };
constexpr AttributeWord<CausalActivation> kCausalActivations[] = {
    {"none", CausalActivation::kNone},
    {"silu", CausalActivation::kSilu},
    {"swish", CausalActivation::kSilu}};

Result<Types> infer_causal_conv_with_state(const InferContext& context) {
  RETURN_IF_ERROR(find_word(context.attributes(), "activation", kCausalActivations));
  NamedExtents extents(context);
  RETURN_IF_ERROR(extents.match(kX, {"batch_size", "channels", "length"}));
  RETURN_IF_ERROR(extents.match(kWeight, {"channels", "1", "k"}));
  RETURN_IF_ERROR(extents.match(kBias, {"channels"}));
  const ir::Dim kernel = extents["k"];
  if (kernel == ir::Dim(0))
    return invalid_data("{} has shape {}, expected a kernel of one element or more",
                        context.place(kWeight), ir::to_string(*context.input(kWeight).shape));
  extents.set("k - 1", ir::Dim(kernel.symbolic() - 1));
  RETURN_IF_ERROR(extents.match(kPastState, {"batch_size", "channels", "k - 1"}));
  const ir::DataType type = context.input(kX).data_type;
  return std::vector{ir::TensorType{type, ir::Shape{extents["batch_size"], extents["channels"],
                                                    extents["length"]}},
                     ir::TensorType{type, ir::Shape{extents["batch_size"], extents["channels"],
                                                    extents["k - 1"]}}};
}

// All types that the signature allows have been widened to float32.
Result<Values> evaluate_causal_conv_with_state(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const CausalActivation activation,
                   find_word(context.attributes(), "activation", kCausalActivations));
  const ir::Tensor& x = context.inputs[kX];
  const auto kernel = static_cast<std::size_t>(context.inputs[kWeight].dim(2));
  const auto length = static_cast<std::size_t>(x.dim(2));
  const std::size_t carried = kernel - 1;
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  ASSIGN_OR_RETURN(ir::Tensor state,
                   ir::Tensor::create(x.data_type(), Dims{x.dim(0), x.dim(1),
                                                          static_cast<std::int64_t>(carried)}));
  if (y.num_elements() == 0 && state.num_elements() == 0)
    return std::vector{std::move(y), std::move(state)};
  const auto channels = static_cast<std::size_t>(x.dim(1));
  const auto in = x.data<float>();
  const auto weights = context.inputs[kWeight].data<float>();
  const auto out = y.mutable_data<float>();
  const auto kept = state.mutable_data<float>();
  std::vector<float> line(carried + length);  // one channel, behind what was before it
  for (std::size_t row = 0; row < static_cast<std::size_t>(x.dim(0)) * channels; ++row) {
    const std::size_t channel = row % channels;
    std::fill(line.begin(), line.end(), 0.0F);
    if (context.has_input(kPastState)) {
      const auto past = context.inputs[kPastState].data<float>().subspan(row * carried, carried);
      std::copy(past.begin(), past.end(), line.begin());
    }
    const auto own = in.subspan(row * length, length);
    std::copy(own.begin(), own.end(), line.begin() + static_cast<std::ptrdiff_t>(carried));
    const double bias = context.has_input(kBias)
                            ? static_cast<double>(context.inputs[kBias].data<float>()[channel])
                            : 0;
    for (std::size_t i = 0; i < length; ++i) {
      double sum = bias;
      for (std::size_t k = 0; k < kernel; ++k) {
        sum +=
            static_cast<double>(line[i + k]) * static_cast<double>(weights[channel * kernel + k]);
      }
      if (activation == CausalActivation::kSilu) sum /= 1 + std::exp(-sum);
      out[row * length + i] = static_cast<float>(sum);
    }
    std::copy(line.end() - static_cast<std::ptrdiff_t>(carried), line.end(),
              kept.begin() + static_cast<std::ptrdiff_t>(row * carried));
  }
  return std::vector{std::move(y), std::move(state)};
}

std::optional<std::int64_t> macs_causal_conv_with_state(const ir::Node&,
                                                        std::span<const ir::TensorType> inputs,
                                                        std::span<const ir::TensorType> outputs) {
  Dims factors = require_dims(outputs[0]);
  factors.push_back(require_dims(inputs[kWeight]).back());
  return checked_product(factors);
}

}  // namespace
}  // namespace causal_conv

OpDef define_CausalConvWithState() {
  return {.name = "CausalConvWithState",
          .infer = causal_conv::infer_causal_conv_with_state,
          .evaluate = causal_conv::evaluate_causal_conv_with_state,
          .macs = causal_conv::macs_causal_conv_with_state};
}

}  // namespace lathe::ops
