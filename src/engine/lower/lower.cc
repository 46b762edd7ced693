#include "engine/lower/lower.h"

namespace lathe::engine {

namespace {

struct Entry {
  std::string_view domain;
  std::string_view op;
  LowerFn function;
};
constexpr Entry kEntries[] = {
#define LATHE_LOWER(domain, op, function) {domain, #op, function},
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER
};

LowerFn find_lowering(const ir::Node& node) {
  for (const Entry& entry : kEntries)
    if (node.is(entry.op, entry.domain)) return entry.function;
  return nullptr;
}

bool has_kernels(ir::DataType type) {
  return type == ir::DataType::kFloat32 || type == ir::DataType::kInt8 ||
         type == ir::DataType::kUint8;
}

}  // namespace

Result<bool> lower_node(PlanBuilder& builder, ir::NodeId id) {
  const ir::Node& node = builder.graph().node(id);
  const LowerFn function = find_lowering(node);
  if (function == nullptr) return false;
  return function(builder, node);
}

std::string why_no_kernel(const ir::Graph& graph, const ir::Node& node) {
  if (find_lowering(node) == nullptr) return "no kernel for this operator";
  for (const ir::ValueId value : {node.input(0), node.output()}) {
    if (value == ir::kNoValue) continue;
    const ir::DataType type = graph.value(value).type.data_type;
    if (!has_kernels(type)) return fmt::format("no kernel for {}", ir::data_type_name(type));
  }
  return "no kernel for this form";
}

}  // namespace lathe::engine
