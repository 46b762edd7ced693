#include "engine/lower/lower.h"

namespace lathe::engine {

Result<bool> lower_node(PlanBuilder& builder, ir::NodeId id) {
  struct Entry {
    std::string_view domain;
    std::string_view op;
    LowerFn function;
  };
  static constexpr Entry kEntries[] = {
#define LATHE_LOWER(domain, op, function) {domain, #op, function},
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER
  };
  const ir::Node& node = builder.graph().node(id);
  for (const Entry& entry : kEntries) {
    if (node.is(entry.op, entry.domain)) return entry.function(builder, node);
  }
  return false;
}

}  // namespace lathe::engine
