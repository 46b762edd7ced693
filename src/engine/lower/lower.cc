#include "engine/lower/lower.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "kernels/storage.h"

namespace lathe::engine {
namespace {

constexpr Lowering kLowerings[] = {
#define LATHE_LOWER(domain, op, name, layout, epilogue, narrow) \
  {domain, #op, fits_##name, layout, lower_##name, TakesEpilogue::epilogue, Narrow::narrow},
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER
};

// Its rows, which stand together in lowerings.inc.
std::span<const Lowering> lowerings_of(const ir::Node& node) {
  static const std::map<std::pair<std::string_view, std::string_view>, std::span<const Lowering>>
      table = [] {
        std::map<std::pair<std::string_view, std::string_view>, std::span<const Lowering>> made;
        for (const Lowering& lowering : kLowerings) {
          auto& rows = made[{lowering.domain, lowering.op}];
          rows = rows.empty() ? std::span(&lowering, 1) : std::span(rows.data(), rows.size() + 1);
        }
        return made;
      }();
  const auto found = table.find({node.domain, node.op_type});
  return found == table.end() ? std::span<const Lowering>() : found->second;
}

bool takes_epilogue(const Lowering& lowering, const ir::Graph& graph,
                    const ops::FusedOperator& op) {
  const bool is_float = graph.tensor_type(op.main.output()).data_type == ir::DataType::kFloat32;
  if (op.epilogue.clamps && (lowering.epilogue == TakesEpilogue::kNone ||
                             (lowering.epilogue == TakesEpilogue::kClampOfIntegers && is_float))) {
    return false;
  }
  return op.epilogue.residual == ir::kNoValue ||
         (lowering.epilogue == TakesEpilogue::kResidualAndClamp &&
          dims_of(graph, op.epilogue.residual) == dims_of(graph, op.main.output()));
}

// The first lowering whose kernels compute all of it, or null.
const Lowering* fitting_lowering(const ir::Graph& graph, const ops::FusedOperator& op) {
  for (const Lowering& lowering : lowerings_of(op.main))
    if (takes_epilogue(lowering, graph, op) && lowering.fits(graph, op.main)) return &lowering;
  return nullptr;
}

bool has_kernels(ir::DataType type) {
  return type == ir::DataType::kFloat32 || type == ir::DataType::kInt8 ||
         type == ir::DataType::kUint8;
}

}  // namespace

bool lower_node(PlanBuilder& builder, ir::NodeId id) {
  const auto op = ops::unfuse(builder.graph().node(id));
  const Lowering* lowering = op ? fitting_lowering(builder.graph(), *op) : nullptr;
  if (lowering != nullptr) lowering->lower(builder, *op);
  return lowering != nullptr;
}

passes::NodeLayouts choose_layouts(const ir::Graph& graph, ir::NodeId id,
                                   std::span<const Layout> layouts) {
  const auto op = ops::unfuse(graph.node(id));
  const Lowering* lowering = op ? fitting_lowering(graph, *op) : nullptr;
  return lowering == nullptr ? passes::NodeLayouts{} : lowering->layouts(graph, *op, layouts);
}

NarrowOperands narrow_operands(const ir::Graph& graph, ir::NodeId id,
                               std::span<const Layout> layouts) {
  const auto op = ops::unfuse(graph.node(id));
  const Lowering* lowering = op ? fitting_lowering(graph, *op) : nullptr;
  if (lowering == nullptr || lowering->narrow == Narrow::kNone) return {};
  if (lowering->layouts == mean_layouts &&
      layouts[static_cast<std::size_t>(op->main.input(0))] == Layout::kRowMajor)
    return {};
  const auto is_float = [&](std::size_t slot) {
    return float_storage(graph, graph.node(id).inputs[slot]).has_value();
  };
  NarrowOperands narrow;
  for (std::size_t i = 0; i < op->main.inputs.size(); ++i) {
    if (i > 0 && lowering->narrow != Narrow::kAll) break;
    if (op->main.inputs[i] == ir::kNoValue || !is_float(op->slots[i])) return {};
    narrow.slots.push_back(op->slots[i]);
  }
  if (op->epilogue.residual != ir::kNoValue) narrow.slots.push_back(op->epilogue.residual_slot);
  if (lowering->lower == lower_binary &&
      !repeats_along(graph, op->main, layouts[static_cast<std::size_t>(op->main.output())]))
    return {};
  if (lowering->narrow == Narrow::kComputes) {
    // Of two computed matrices kernels take float32 alone.
    const ir::Tensor* weights = graph.constant(op->main.input(1));
    if (weights == nullptr || weights->data_type() != ir::DataType::kFloat32 ||
        (lowering->lower == lower_mat_mul && weights->rank() != 2))
      return {};
    narrow.computes = true;
    const bool depthwise =
        lowering->lower == lower_conv &&
        convolution_shape(graph, op->main, op->main.input(0), op->main.input(1))->is_depthwise();
    narrow.float_output = op->epilogue.residual == ir::kNoValue && !depthwise;
  }
  return narrow;
}

std::string why_no_kernel(const ir::Graph& graph, const ir::Node& node) {
  const auto op = ops::unfuse(node);
  if (!op || lowerings_of(op->main).empty()) return "no kernel for this operator";
  for (const ir::ValueId value : {node.input(0), node.output()}) {
    if (value == ir::kNoValue) continue;
    const ir::DataType type = graph.tensor_type(value).data_type;
    if (!has_kernels(type)) return fmt::format("no kernel for {}", ir::data_type_name(type));
  }
  return "no kernel for this form";
}

passes::NodeLayouts row_major(const ir::Graph&, const ops::FusedOperator&,
                              std::span<const Layout>) {
  return {};
}

passes::NodeLayouts channels_last(const ir::Graph&, const ops::FusedOperator& op,
                                  std::span<const Layout>) {
  passes::NodeLayouts chosen{Layout::kChannelsLast, {op.slots[0]}, Layout::kChannelsLast};
  if (op.epilogue.residual != ir::kNoValue) chosen.slots.push_back(op.epilogue.residual_slot);
  return chosen;
}

passes::NodeLayouts as_made(const ir::Graph&, const ops::FusedOperator& op,
                            std::span<const Layout> layouts) {
  const Layout layout = layouts[static_cast<std::size_t>(op.main.input(0))];
  return {layout, {op.slots[0]}, layout};
}

std::vector<std::size_t> memory_order(Layout layout, std::size_t rank) {
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (layout == Layout::kChannelsLast)
    std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

std::vector<std::int64_t> dims_of(const ir::Graph& graph, ir::ValueId value) {
  const auto& shape = graph.tensor_type(value).shape;
  return shape ? ir::known_dims(*shape).value_or(std::vector<std::int64_t>{})
               : std::vector<std::int64_t>{};
}

std::optional<kernels::ElementType> element_type(ir::DataType type) {
  using ir::DataType;
  using kernels::ElementType;
  switch (type) {
    case DataType::kFloat32:
      return ElementType::kFloat32;
    case DataType::kFloat64:
      return ElementType::kFloat64;
    case DataType::kFloat16:
      return ElementType::kFloat16;
    case DataType::kBFloat16:
      return ElementType::kBFloat16;
    case DataType::kInt8:
      return ElementType::kInt8;
    case DataType::kUint8:
      return ElementType::kUint8;
    case DataType::kInt16:
      return ElementType::kInt16;
    case DataType::kUint16:
      return ElementType::kUint16;
    case DataType::kInt32:
      return ElementType::kInt32;
    case DataType::kUint32:
      return ElementType::kUint32;
    case DataType::kInt64:
      return ElementType::kInt64;
    case DataType::kUint64:
      return ElementType::kUint64;
    case DataType::kBool:
      return ElementType::kBool;
    default:
      return std::nullopt;
  }
}

std::optional<kernels::ElementType> element_type(const ir::Graph& graph, ir::ValueId value) {
  return element_type(graph.tensor_type(value).data_type);
}

std::optional<kernels::ElementType> float_storage(const ir::Graph& graph, ir::ValueId value) {
  const auto type = element_type(graph, value);
  return type && kernels::is_storage(*type) ? type : std::nullopt;
}

std::int64_t product(std::span<const std::int64_t> extents) {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) count *= extent;
  return count;
}

}  // namespace lathe::engine
