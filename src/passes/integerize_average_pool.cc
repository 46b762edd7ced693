#include <algorithm>

#include "ir/domains.h"
#include "ops/attributes.h"
#include "ops/shape_math.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"AveragePool", "GlobalAveragePool", "ReduceMean"};

// The axes of a ReduceMean over all pixels of an image and nothing else; null for others.
const ir::Tensor* spatial_axes(const ir::Graph& graph, const ir::Node& node) {
  const ir::Tensor* axes = graph.constant(node.input(1));
  const auto& shape = graph.tensor_type(node.input(0)).shape;
  if (axes == nullptr || !shape || shape->size() < 4) return nullptr;
  auto reduced = ops::normalize_axes(axes->to_int64s(), shape->size());
  if (!reduced.ok() || reduced->size() != shape->size() - 2) return nullptr;
  if (std::any_of(shape->begin() + 2, shape->end(),
                  [](const ir::Dim& extent) { return extent == ir::Dim(0); }))
    return nullptr;
  std::sort(reduced->begin(), reduced->end());
  return reduced->front() == 2 ? axes : nullptr;
}

// The contributed operator has no dilations.
bool is_dilated(const ir::Node& node) {
  const auto* dilations = ops::attributes(node).find_ints("dilations");
  return dilations != nullptr && std::any_of(dilations->begin(), dilations->end(),
                                             [](std::int64_t dilation) { return dilation != 1; });
}

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto x = dequantized_from(graph, node.input(0));
  const auto y = quantized_to(graph, node.output());
  if (!x || !y) return std::nullopt;
  const bool reduces = node.is("ReduceMean");
  const bool windows = node.is("AveragePool");
  const ir::Tensor* axes = reduces ? spatial_axes(graph, node) : nullptr;
  if ((reduces && axes == nullptr) || (windows && is_dilated(node))) return std::nullopt;
  Patch patch;
  ir::Node pool{
      .name = node.name,
      .domain = std::string(ir::kMicrosoftDomain),
      .op_type = windows ? "QLinearAveragePool" : "QLinearGlobalAveragePool",
      .inputs = {x->value, x->scale, zero_point_of(*x, patch), y->scale, zero_point_of(*y, patch)}};
  if (windows) {
    pool.attributes = node.attributes;
    pool.attributes.erase("dilations");
  }
  ir::ValueId made = clipped(*y, patch.add_node(std::move(pool)), patch);
  if (reduces && !ops::attributes(node).get_bool("keepdims")) {
    made = patch.add_node(
        {.op_type = "Squeeze", .inputs = {made, patch.add_constant(node.name + ".axes", *axes)}});
  }
  patch.replace_uses(y->value, made);
  return patch;
}

}  // namespace

const Rule kIntegerizeAveragePool{"integerize_average_pool", kOperators, apply};

}  // namespace lathe::passes
