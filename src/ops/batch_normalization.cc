#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_batch_normalization(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  const bool training = context.attributes().get_bool("training_mode");
  if (!training && context.node().outputs.size() > 1) {
    return invalid_data("running statistics are outputs in training alone");
  }
  const auto& x = context.input(0).shape;
  for (std::size_t i = 1; i < 5 && x; ++i) {
    if (x->size() < 2)
      return invalid_data("input has shape {}, expected [N,C,...]", ir::to_string(*x));
    const auto& shape = context.input(i).shape;
    if (shape && (*x)[1].known() && (*shape)[0].known() && (*shape)[0] != (*x)[1]) {
      return invalid_data("{} has shape {}, expected [{}]", context.place(i), ir::to_string(*shape),
                          (*x)[1].to_string());
    }
  }
  std::vector<ir::TensorType> types{context.input(0)};
  if (training) {
    ir::TensorType running = context.input(3);
    if (x && !(*x)[1].symbolic().is_unknown()) running.shape = ir::Shape{(*x)[1]};
    if (!running.shape) running.shape = ir::Shape(1);
    types.insert(types.end(), 2, running);
  }
  return types;
}

// One number per channel.
struct ChannelStatistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

ChannelStatistics given_statistics(const EvaluateContext& context, std::int64_t channels) {
  ChannelStatistics given;
  for (std::int64_t c = 0; c < channels; ++c) {
    given.mean.push_back(context.inputs[3].get_double(c));
    given.variance.push_back(context.inputs[4].get_double(c));
  }
  return given;
}

// Of the elements of each channel; the variance is that of the population.
ChannelStatistics batch_statistics(const ir::Tensor& x, std::size_t channels, std::size_t inner) {
  ChannelStatistics batch{std::vector<double>(channels, 0), std::vector<double>(channels, 0)};
  const double count = static_cast<double>(x.num_elements()) / static_cast<double>(channels);
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    const auto channel = [&](std::size_t i) { return i / inner % channels; };
    for (std::size_t i = 0; i < in.size(); ++i)
      batch.mean[channel(i)] += static_cast<double>(in[i]);
    for (double& mean : batch.mean) mean /= count;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double distance = static_cast<double>(in[i]) - batch.mean[channel(i)];
      batch.variance[channel(i)] += distance * distance;
    }
    for (double& variance : batch.variance) variance /= count;
  });
  return batch;
}

// before * momentum + now * (1 - momentum).
Result<ir::Tensor> running_statistic(const EvaluateContext& context, std::size_t output,
                                     std::span<const double> before, std::span<const double> now) {
  const double momentum = static_cast<double>(context.attributes().get_float("momentum"));
  ASSIGN_OR_RETURN(ir::Tensor running,
                   ir::Tensor::create(context.output_types[output].data_type,
                                      require_dims(context.output_types[output])));
  for (std::size_t c = 0; c < now.size(); ++c) {
    running.set_double(static_cast<std::int64_t>(c),
                       before[c] * momentum + now[c] * (1 - momentum));
  }
  return running;
}

ir::Tensor normalize_channels(const EvaluateContext& context, const ChannelStatistics& statistics,
                              std::size_t inner) {
  const ir::Tensor& x = context.inputs[0];
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  const double epsilon = static_cast<double>(context.attributes().get_float("epsilon"));
  const std::size_t channels = statistics.mean.size();
  std::vector<double> factor;
  std::vector<double> offset;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto channel = static_cast<std::int64_t>(c);
    factor.push_back(context.inputs[1].get_double(channel) /
                     std::sqrt(statistics.variance[c] + epsilon));
    offset.push_back(context.inputs[2].get_double(channel) - statistics.mean[c] * factor.back());
  }
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::size_t c = i / inner % channels;
      out[i] = static_cast<T>(static_cast<double>(in[i]) * factor[c] + offset[c]);
    }
  });
  return y;
}

Result<Values> evaluate_batch_normalization(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const std::int64_t channels = x.dim(1);
  const auto inner = static_cast<std::size_t>(product_of(std::span(x.dims()).subspan(2)));
  const ChannelStatistics given = given_statistics(context, channels);
  if (!context.attributes().get_bool("training_mode"))
    return std::vector{normalize_channels(context, given, inner)};
  const ChannelStatistics batch = batch_statistics(x, static_cast<std::size_t>(channels), inner);
  ASSIGN_OR_RETURN(ir::Tensor mean, running_statistic(context, 1, given.mean, batch.mean));
  ASSIGN_OR_RETURN(ir::Tensor variance,
                   running_statistic(context, 2, given.variance, batch.variance));
  return std::vector{normalize_channels(context, batch, inner), std::move(mean),
                     std::move(variance)};
}

}  // namespace

OpDef define_BatchNormalization() {
  return {.name = "BatchNormalization",
          .infer = infer_batch_normalization,
          .evaluate = evaluate_batch_normalization,
          .operand_shapes = {{1, OperandShape::Rule::kVector},
                             {2, OperandShape::Rule::kVector},
                             {3, OperandShape::Rule::kVector},
                             {4, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
