#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "ops/attributes.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QLinearConv", "QConv", "QLinearMatMul", "QMatMul",
                                           "QGemm"};

constexpr std::size_t kWeights = 3;
constexpr std::size_t kZeroPoint = 5;

bool is_convolution(const ir::Node& node) {
  return node.op_type == "QLinearConv" || node.op_type == "QConv";
}

// The axis of output channels, along which scales and zero points may differ.
std::size_t channel_axis(const ir::Node& node, const ir::Tensor& weights) {
  if (is_convolution(node)) return 0;
  const bool transposed = node.op_type == "QGemm" && ops::attributes(node).get_bool("transB");
  return transposed ? 0 : weights.rank() - 1;
}

// Weights as differences from their zero points.
struct Differences {
  std::vector<std::int32_t> values;
  std::size_t channels = 1;
  std::size_t inner = 1;  // elements of one channel that lie together

  [[nodiscard]] std::size_t channel_of(std::size_t i) const { return i / inner % channels; }
};

std::optional<Differences> differences(const ir::Node& node, const ir::Tensor& weights,
                                       const ir::Tensor& zero) {
  const std::size_t axis = channel_axis(node, weights);
  Differences result;
  result.channels = static_cast<std::size_t>(weights.dim(axis));
  for (std::size_t i = axis + 1; i < weights.rank(); ++i)
    result.inner *= static_cast<std::size_t>(weights.dim(i));
  const auto from = weights.data<std::int8_t>();
  const auto zeros = zero.data<std::int8_t>();
  if (zeros.size() != 1 && (zero.rank() != 1 || zeros.size() != result.channels))
    return std::nullopt;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int8_t z = zeros[zeros.size() == 1 ? 0 : result.channel_of(i)];
    result.values.push_back(from[i] - z);
  }
  return result;
}

using Limits = std::numeric_limits<std::int8_t>;

// How many 8-bit terms the largest difference is a sum of: 1 to 3.
std::int64_t terms_of(const Differences& differences) {
  std::int64_t terms = 1;
  for (const std::int32_t d : differences.values) {
    while (d > terms * Limits::max() || d < terms * Limits::min()) ++terms;
  }
  return terms;
}

// The axis of the weights along which sums run, but for kernel extents.
std::size_t sum_axis(const ir::Node& node, const ir::Tensor& weights) {
  return is_convolution(node) ? 1 : weights.rank() - 1 - channel_axis(node, weights);
}

// Weights of `terms` times the extent along the axis: the terms of each difference beside each
// other, or those of all of the axis one block behind the other.
ir::Tensor split(const Differences& differences, const ir::Tensor& weights, std::size_t axis,
                 std::int64_t terms, bool beside) {
  std::vector<std::int64_t> dims = weights.dims();
  dims[axis] *= terms;
  ir::Tensor result = ir::Tensor::zeros(ir::DataType::kInt8, dims);
  const auto to = result.mutable_data<std::int8_t>();
  std::size_t block = 1;  // elements that are next to those of the next term
  for (std::size_t i = beside ? axis + 1 : axis; i < weights.rank(); ++i)
    block *= static_cast<std::size_t>(weights.dim(i));
  for (std::size_t i = 0; i < differences.values.size(); ++i) {
    std::int32_t left = differences.values[i];
    for (std::size_t t = 0; t < static_cast<std::size_t>(terms); ++t) {
      const std::int32_t term = std::clamp<std::int32_t>(left, Limits::min(), Limits::max());
      to[(i / block * static_cast<std::size_t>(terms) + t) * block + i % block] =
          static_cast<std::int8_t>(term);
      left -= term;
    }
  }
  return result;
}

// What a layer that reads its input several times is made of.
struct Repeated {
  ir::Node input;                    // the input, each element as often as there are terms
  std::size_t axis;                  // of the weights, along which terms stand
  bool beside;                       // each other
  ir::AttributeMap attributes = {};  // that change
};

// All channels once more behind themselves.
Repeated repeat_all(const ir::Node& node, std::size_t axis, std::int64_t terms) {
  return {{.op_type = "Concat",
           .inputs = std::vector<ir::ValueId>(static_cast<std::size_t>(terms), node.input(0)),
           .attributes = {{"axis", is_convolution(node) ? std::int64_t{1} : std::int64_t{-1}}}},
          axis,
          false};
}

// Each pixel beside itself along an axis whose taps are neighbours: the window grows with the
// image, and channels stay. Empty where there is no such axis.
std::optional<Repeated> repeat_pixels(const ir::Node& node, const ir::Tensor& weights,
                                      std::int64_t terms, Patch& patch) {
  const std::size_t spatial = weights.rank() - 2;
  const ops::Attributes attributes = ops::attributes(node);
  const std::string& auto_pad = attributes.get_string("auto_pad");
  if (auto_pad != "NOTSET" && auto_pad != "VALID") return std::nullopt;
  const auto values = [&](std::string_view name, std::size_t count, std::int64_t otherwise) {
    const auto* given = attributes.find_ints(name);
    return given != nullptr ? *given : std::vector<std::int64_t>(count, otherwise);
  };
  const std::vector<std::int64_t> dilations = values("dilations", spatial, 1);
  std::vector<std::int64_t> strides = values("strides", spatial, 1);
  std::vector<std::int64_t> pads = values("pads", 2 * spatial, 0);
  std::vector<std::int64_t> kernel(weights.dims().begin() + 2, weights.dims().end());
  for (std::size_t axis = spatial; axis-- > 0;) {
    if (dilations[axis] != 1 && kernel[axis] != 1) continue;
    for (std::int64_t* extent : {&strides[axis], &pads[axis], &pads[axis + spatial], &kernel[axis]})
      *extent *= terms;
    std::vector<std::int64_t> neighbours = dilations;
    neighbours[axis] = 1;
    std::vector<float> scales(weights.rank(), 1);
    scales[axis + 2] = static_cast<float>(terms);
    const auto rank = static_cast<std::int64_t>(weights.rank());
    const ir::ValueId factors = patch.add_constant(
        node.name + ".repeats", ir::Tensor::from_values<float>(std::array{rank}, scales));
    return Repeated{{.op_type = "Resize",
                     .inputs = {node.input(0), ir::kNoValue, factors},
                     .attributes = {{"mode", std::string("nearest")},
                                    {"coordinate_transformation_mode", std::string("asymmetric")},
                                    {"nearest_mode", std::string("floor")}}},
                    axis + 2,
                    true,
                    {{"strides", strides},
                     {"pads", pads},
                     {"kernel_shape", kernel},
                     {"dilations", neighbours}}};
  }
  return std::nullopt;
}

// Each group's channels once more behind themselves.
Repeated repeat_groups(const ir::Node& node, const ir::Tensor& weights, std::int64_t group,
                       std::int64_t terms, Patch& patch) {
  std::vector<std::int64_t> channels;
  for (std::int64_t g = 0; g < group; ++g) {
    for (std::int64_t t = 0; t < terms; ++t)
      for (std::int64_t c = 0; c < weights.dim(1); ++c) channels.push_back(g * weights.dim(1) + c);
  }
  const ir::ValueId indices =
      patch.add_constant(node.name + ".repeats", ir::Tensor::vector_int64(channels));
  return {{.op_type = "Gather",
           .inputs = {node.input(0), indices},
           .attributes = {{"axis", std::int64_t{1}}}},
          1,
          false};
}

// Weights with zero points become weights without: their differences from these, where they are of
// 8 bits, as symmetric quantization in uint8 has them. Others are sums of two such (in the extreme,
// three): the layer then reads its input as often. Either way the sums that come out are the same.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const ir::Tensor* weights = graph.constant(node.input(kWeights));
  const ir::Tensor* zero = graph.constant(node.input(kZeroPoint));
  if (weights == nullptr || zero == nullptr || weights->rank() < 2 ||
      weights->data_type() != ir::DataType::kInt8 || zero->data_type() != ir::DataType::kInt8) {
    return std::nullopt;
  }
  const auto zeros = zero->data<std::int8_t>();
  if (std::all_of(zeros.begin(), zeros.end(), [](std::int8_t z) { return z == 0; }))
    return std::nullopt;
  const auto moved = differences(node, *weights, *zero);
  if (!moved) return std::nullopt;
  const std::int64_t terms = terms_of(*moved);
  if (terms > 1 && !is_convolution(node) && weights->rank() != 2) return std::nullopt;
  const std::int64_t group = is_convolution(node) ? ops::attributes(node).get_int("group") : 1;
  Patch patch;
  std::optional<Repeated> repeated;
  if (terms > 1 && group > 1) {
    repeated = repeat_pixels(node, *weights, terms, patch);
    if (!repeated) repeated = repeat_groups(node, *weights, group, terms, patch);
  } else {
    repeated = repeat_all(node, sum_axis(node, *weights), terms);
  }
  const auto named = [&](std::size_t slot) { return graph.value(node.input(slot)).name + ".zero"; };
  ir::Node layer{.name = node.name,
                 .domain = node.domain,
                 .op_type = node.op_type,
                 .inputs = node.inputs,
                 .attributes = node.attributes};
  layer.inputs[kWeights] = patch.add_constant(
      named(kWeights), split(*moved, *weights, repeated->axis, terms, repeated->beside));
  layer.inputs[kZeroPoint] =
      patch.add_constant(named(kZeroPoint), ir::Tensor::zeros(ir::DataType::kInt8, zero->dims()));
  if (terms > 1) {
    repeated->input.name = node.name + ".repeated";
    layer.inputs[0] = patch.add_node(std::move(repeated->input));
    for (auto& [name, attribute] : repeated->attributes)
      layer.attributes.insert_or_assign(name, std::move(attribute));
  }
  patch.replace_uses(node.output(), patch.add_node(std::move(layer)));
  return patch;
}

}  // namespace

const Rule kFoldWeightZeroPoints{"fold_weight_zero_points", kOperators, apply};

}  // namespace lathe::passes
