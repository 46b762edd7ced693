#include "ir/graph_builder.h"

#include <array>
#include <cmath>

namespace lathe::ir {

using Ints = std::vector<std::int64_t>;

GraphBuilder::GraphBuilder(std::string_view name, std::uint64_t seed) : random_(seed) {
  graph_.name = name;
}

std::string GraphBuilder::next_name(std::string_view kind) {
  return fmt::format("{}{}", kind, ++counters_[std::string(kind)]);
}

ValueId GraphBuilder::input(std::string_view name, Shape shape) {
  LATHE_CHECK(shape.size() >= 2);
  const std::int64_t channels = shape[1].value();
  std::int64_t features = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) features *= shape[i].value();
  const ValueId id = graph_.add_input(name, {DataType::kFloat32, std::move(shape)});
  channels_[id] = channels;
  features_[id] = features;
  return id;
}

ValueId GraphBuilder::conv(ValueId x, std::int64_t out_channels, const ConvOptions& options) {
  const std::string name = next_name("conv");
  const std::int64_t in_channels = channels(x) / options.groups;
  LATHE_CHECK(channels(x) % options.groups == 0 && out_channels % options.groups == 0);
  Tensor weight = Tensor::zeros(DataType::kFloat32,
                                {out_channels, in_channels, options.kernel, options.kernel});
  const auto fan_out =
      static_cast<float>(out_channels / options.groups * options.kernel * options.kernel);
  const float deviation = std::sqrt(2.0F / fan_out);
  for (float& w : weight.mutable_data<float>()) w = deviation * random_.normal();

  std::vector<ValueId> inputs = {x, graph_.add_constant(name + ".weight", std::move(weight))};
  if (options.bias) {
    inputs.push_back(
        graph_.add_constant(name + ".bias", Tensor::zeros(DataType::kFloat32, {out_channels})));
  }
  AttributeMap attributes{{"kernel_shape", Ints{options.kernel, options.kernel}}};
  if (options.padding != 0) attributes["pads"] = Ints(4, options.padding);
  if (options.stride != 1) attributes["strides"] = Ints(2, options.stride);
  if (options.groups != 1) attributes["group"] = options.groups;
  const ValueId y = graph_.add("Conv", inputs, std::move(attributes), name);
  channels_[y] = out_channels;
  return y;
}

ValueId GraphBuilder::batch_norm(ValueId x, float momentum) {
  const std::string name = next_name("bn");
  const std::int64_t count = channels(x);
  const auto vector = [&](std::string_view role, float fill) {
    Tensor tensor = Tensor::zeros(DataType::kFloat32, {count});
    for (float& v : tensor.mutable_data<float>()) v = fill;
    return graph_.add_constant(fmt::format("{}.{}", name, role), std::move(tensor));
  };
  const std::array inputs = {x, vector("scale", 1), vector("bias", 0), vector("mean", 0),
                             vector("var", 1)};
  const ValueId y = graph_.add("BatchNormalization", inputs, {{"momentum", momentum}}, name);
  channels_[y] = count;
  return y;
}

ValueId GraphBuilder::linear(ValueId x, std::int64_t out_features) {
  const std::string name = next_name("linear");
  const std::int64_t in_features = features_.at(x);
  const float bound = 1.0F / std::sqrt(static_cast<float>(in_features));
  Tensor weight = Tensor::zeros(DataType::kFloat32, {out_features, in_features});
  Tensor bias = Tensor::zeros(DataType::kFloat32, {out_features});
  for (float& w : weight.mutable_data<float>()) w = random_.uniform(-bound, bound);
  for (float& b : bias.mutable_data<float>()) b = random_.uniform(-bound, bound);
  const std::array inputs = {x, graph_.add_constant(name + ".weight", std::move(weight)),
                             graph_.add_constant(name + ".bias", std::move(bias))};
  const ValueId y = graph_.add("Gemm", inputs, {{"transB", std::int64_t{1}}}, name);
  channels_[y] = out_features;
  features_[y] = out_features;
  return y;
}

ValueId GraphBuilder::unary(std::string_view op_type, std::string_view kind, ValueId x,
                            AttributeMap attributes) {
  const ValueId y = graph_.add(op_type, std::array{x}, std::move(attributes), next_name(kind));
  channels_[y] = channels(x);
  if (const auto it = features_.find(x); it != features_.end()) features_[y] = it->second;
  return y;
}

ValueId GraphBuilder::relu6(ValueId x) {
  const std::string name = next_name("relu");
  const std::array inputs = {x, graph_.add_constant(name + ".min", Tensor::scalar(0.0F)),
                             graph_.add_constant(name + ".max", Tensor::scalar(6.0F))};
  const ValueId y = graph_.add("Clip", inputs, {}, name);
  channels_[y] = channels(x);
  return y;
}

ValueId GraphBuilder::softmax(ValueId x) {
  return unary("Softmax", "softmax", x, {{"axis", std::int64_t{-1}}});
}

ValueId GraphBuilder::pool(std::string_view op_type, ValueId x, std::int64_t kernel,
                           std::int64_t stride, std::int64_t padding) {
  AttributeMap attributes{{"kernel_shape", Ints{kernel, kernel}},
                          {"strides", Ints{stride, stride}}};
  if (padding != 0) attributes["pads"] = Ints(4, padding);
  const ValueId y = unary(op_type, "pool", x, std::move(attributes));
  features_.erase(y);
  return y;
}

ValueId GraphBuilder::global_average_pool(ValueId x) {
  const ValueId y = unary("GlobalAveragePool", "pool", x);
  features_[y] = channels(x);
  return y;
}

ValueId GraphBuilder::max_pool(ValueId x, std::int64_t kernel, std::int64_t stride,
                               std::int64_t padding) {
  return pool("MaxPool", x, kernel, stride, padding);
}

ValueId GraphBuilder::average_pool(ValueId x, std::int64_t kernel, std::int64_t stride,
                                   std::int64_t padding) {
  return pool("AveragePool", x, kernel, stride, padding);
}

ValueId GraphBuilder::flatten(ValueId x) {
  const ValueId y = graph_.add("Flatten", std::array{x}, {}, next_name("flatten"));
  channels_[y] = features_[y] = features_.at(x);
  return y;
}

ValueId GraphBuilder::dropout(ValueId x, float ratio) {
  const std::string name = next_name("dropout");
  const std::array inputs = {x, graph_.add_constant(name + ".ratio", Tensor::scalar(ratio))};
  const ValueId y = graph_.add("Dropout", inputs, {}, name);
  channels_[y] = channels(x);
  if (const auto it = features_.find(x); it != features_.end()) features_[y] = it->second;
  return y;
}

ValueId GraphBuilder::add(ValueId a, ValueId b) {
  const ValueId y = graph_.add("Add", std::array{a, b}, {}, next_name("add"));
  channels_[y] = channels(a);
  return y;
}

Graph GraphBuilder::finish(ValueId output, std::string_view output_name) {
  graph_.rename_value(output, output_name);
  graph_.set_outputs({output});
  return std::move(graph_);
}

}  // namespace lathe::ir
