// Operators that move elements without computing.
#include <algorithm>

#include "engine/lower/lower.h"
#include "ops/attributes.h"

namespace lathe::engine {
namespace {

int element_bits(const ir::Graph& graph, const ir::Node& node) {
  return ir::bits_per_element(graph.tensor_type(node.output()).data_type);
}

// Elements that the kernels move.
bool is_whole_bytes(int bits) { return bits == 8 || bits == 16 || bits == 32 || bits == 64; }

std::vector<std::int64_t> permutation_of(const ir::Graph& graph, const ir::Node& node) {
  const auto rank = static_cast<std::int64_t>(dims_of(graph, node.input(0)).size());
  std::vector<std::int64_t> permutation;
  for (std::int64_t i = rank; i-- > 0;) permutation.push_back(i);
  if (const auto* given = ops::attributes(node).find_ints("perm")) permutation = *given;
  for (std::int64_t& axis : permutation) axis += axis < 0 ? rank : 0;
  return permutation;
}

// Axis 1 goes behind all others, or comes back from there.
bool puts_channels_last(const std::vector<std::int64_t>& permutation) {
  std::vector<std::int64_t> wanted{0};
  for (std::size_t i = 2; i < permutation.size(); ++i)
    wanted.push_back(static_cast<std::int64_t>(i));
  wanted.push_back(1);
  return permutation.size() > 2 && permutation == wanted;
}
bool puts_channels_second(const std::vector<std::int64_t>& permutation) {
  std::vector<std::int64_t> wanted{0, static_cast<std::int64_t>(permutation.size()) - 1};
  for (std::size_t i = 1; i + 1 < permutation.size(); ++i)
    wanted.push_back(static_cast<std::int64_t>(i));
  return permutation.size() > 2 && permutation == wanted;
}

}  // namespace

// Dropout that may be random is none.
bool fits_same_bytes(const ir::Graph& graph, const ir::Node& node) {
  if (node.outputs.size() != 1) return false;
  if (!node.is("Dropout") || node.input(2) == ir::kNoValue) return true;
  const ir::Tensor* training = graph.constant(node.input(2));
  return training != nullptr && training->get_int64(0) == 0;
}

void lower_same_bytes(PlanBuilder& builder, const ops::FusedOperator& op) {
  builder.alias(op.main.output(), builder.slot(op.main.input(0)));
}

bool fits_reorder(const ir::Graph& graph, const ir::Node& node) {
  const int bits = element_bits(graph, node);
  return is_whole_bytes(bits) && dims_of(graph, node.input(0)).size() > 2;
}

passes::NodeLayouts reorder_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                    std::span<const Layout> layouts) {
  passes::NodeLayouts chosen = as_made(graph, op, layouts);
  chosen.output = ir::parse_layout(ops::attributes(op.main).get_string("layout")).value();
  return chosen;
}

void lower_reorder(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::ValueId from = op.main.input(0);
  const ir::ValueId to = op.main.output();
  if (builder.layout(from) == builder.layout(to)) {
    builder.alias(to, builder.slot(from));
    return;
  }
  const std::vector<std::int64_t>& dims = builder.dims(from);
  const std::int64_t pixels = product(std::span(dims).subspan(2));
  kernels::PermuteProblem problem{{dims[0], dims[1], pixels}, {0, 2, 1}, 0};
  if (builder.layout(to) == Layout::kRowMajor) problem.dims = {dims[0], pixels, dims[1]};
  problem.element_bytes = element_bits(builder.graph(), op.main) / 8;
  const SlotId input = builder.slot(from);
  builder.add_step(op, std::move(problem), {input}, builder.define(to));
}

bool fits_transpose(const ir::Graph& graph, const ir::Node& node) {
  return is_whole_bytes(element_bits(graph, node));
}

// Between the two orders of axes that layouts are about, transposing is no work: the same bytes are
// named otherwise.
passes::NodeLayouts transpose_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                      std::span<const Layout> layouts) {
  const ir::ValueId x = op.main.input(0);
  const std::vector<std::int64_t> permutation = permutation_of(graph, op.main);
  const bool is_channels_last = layouts[static_cast<std::size_t>(x)] == Layout::kChannelsLast;
  if (is_channels_last && puts_channels_last(permutation))
    return {Layout::kChannelsLast, {0}, Layout::kRowMajor};
  if (!is_channels_last && puts_channels_second(permutation))
    return {Layout::kRowMajor, {0}, Layout::kChannelsLast};
  return {};
}

void lower_transpose(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::ValueId from = op.main.input(0);
  const ir::ValueId to = op.main.output();
  if (builder.layout(from) != builder.layout(to)) {
    builder.alias(to, builder.slot(from));
    return;
  }
  kernels::PermuteProblem problem{builder.dims(from), permutation_of(builder.graph(), op.main),
                                  element_bits(builder.graph(), op.main) / 8};
  const SlotId input = builder.slot(from);
  builder.add_step(op, std::move(problem), {input}, builder.define(to));
}

bool fits_concat(const ir::Graph& graph, const ir::Node& node) {
  return element_bits(graph, node) >= 8 && !dims_of(graph, node.output()).empty();
}

// Channels-last if any part is, for ranks that have that layout.
passes::NodeLayouts concat_layouts(const ir::Graph& graph, const ops::FusedOperator& op,
                                   std::span<const Layout> layouts) {
  const bool any = std::any_of(op.main.inputs.begin(), op.main.inputs.end(), [&](ir::ValueId v) {
    return layouts[static_cast<std::size_t>(v)] == Layout::kChannelsLast;
  });
  const bool last = any && dims_of(graph, op.main.output()).size() > 2;
  const Layout layout = last ? Layout::kChannelsLast : Layout::kRowMajor;
  return {layout, op.slots, layout};
}

void lower_concat(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto out = builder.dims(node.output());
  std::int64_t axis = ops::attributes(node).get_int("axis");
  if (axis < 0) axis += static_cast<std::int64_t>(out.size());
  kernels::ConcatProblem problem;
  problem.outer = 1;
  std::int64_t inner = element_bits(builder.graph(), node) / 8;
  bool behind = false;
  for (const std::size_t i : memory_order(builder.layout(node.output()), out.size())) {
    if (static_cast<std::int64_t>(i) == axis) {
      behind = true;
    } else {
      (behind ? inner : problem.outer) *= out[i];
    }
  }
  std::vector<SlotId> inputs;
  for (const ir::ValueId input : node.inputs) {
    problem.blocks.push_back(builder.dims(input)[static_cast<std::size_t>(axis)] * inner);
    inputs.push_back(builder.slot(input));
  }
  builder.add_step(op, std::move(problem), std::move(inputs), builder.define(node.output()));
}

}  // namespace lathe::engine
