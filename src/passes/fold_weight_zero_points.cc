#include <algorithm>
#include <limits>

#include "ops/attributes.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QLinearConv", "QLinearMatMul", "QGemm"};

constexpr std::size_t kWeights = 3;
constexpr std::size_t kZeroPoint = 5;

// The axis of output channels, along which scales and zero points may differ.
std::size_t channel_axis(const ir::Node& node, const ir::Tensor& weights) {
  if (node.is("QLinearConv")) return 0;
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
  return node.is("QLinearConv") ? 1 : weights.rank() - 1 - channel_axis(node, weights);
}

// Weights of `terms` times the extent along the axis: the terms of each difference one block behind
// the other.
ir::Tensor split(const Differences& differences, const ir::Tensor& weights, std::size_t axis,
                 std::int64_t terms) {
  std::vector<std::int64_t> dims = weights.dims();
  dims[axis] *= terms;
  ir::Tensor result = ir::Tensor::zeros(ir::DataType::kInt8, dims);
  const auto to = result.mutable_data<std::int8_t>();
  std::size_t block = 1;  // elements that one extent of the axis spans, times that extent
  for (std::size_t i = axis; i < weights.rank(); ++i)
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

// Weights with zero points become weights without: their differences from these, where they are of
// 8 bits, as symmetric quantization in uint8 has them. Others are sums of two such (in the extreme,
// three): the layer then reads its input as often, one beside the other. Either way the sums that
// come out are the same.
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
  const bool is_conv = node.is("QLinearConv");
  if (terms > 1 && ((is_conv && ops::attributes(node).get_int("group") != 1) ||
                    (!is_conv && weights->rank() != 2))) {
    return std::nullopt;  // groups would have to read their channels alone
  }
  Patch patch;
  const auto named = [&](std::size_t slot) { return graph.value(node.input(slot)).name + ".zero"; };
  patch.set_input(id, kWeights,
                  patch.add_constant(named(kWeights),
                                     split(*moved, *weights, sum_axis(node, *weights), terms)));
  patch.set_input(
      id, kZeroPoint,
      patch.add_constant(named(kZeroPoint), ir::Tensor::zeros(ir::DataType::kInt8, zero->dims())));
  if (terms > 1) {
    const std::int64_t axis = is_conv ? 1 : -1;
    patch.set_input(id, 0,
                    patch.add_node({.name = node.name + ".repeated",
                                    .op_type = "Concat",
                                    .inputs = std::vector<ir::ValueId>(
                                        static_cast<std::size_t>(terms), node.input(0)),
                                    .attributes = {{"axis", axis}}}));
  }
  return patch;
}

}  // namespace

const Rule kFoldWeightZeroPoints{"fold_weight_zero_points", kOperators, apply};

}  // namespace lathe::passes
