#include "ops/carried_values.h"

#include <algorithm>

#include "ops/common_type.h"

namespace lathe::ops {
namespace {

using ir::Type;

constexpr int kMostNested = 5;

int loops_within(const ir::Graph& graph) {
  int deepest = 0;
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    const int own = node.is("Loop") || node.is("Scan") ? 1 : 0;
    for (const ir::Subgraph* subgraph : ir::subgraphs(node))
      deepest = std::max(deepest, loops_within(*subgraph->graph) + own);
  }
  return deepest;
}

}  // namespace

Status check_nesting(const ir::Graph& body) {
  if (loops_within(body) <= kMostNested) return {};
  return unsupported("more than {} loops inside each other", kMostNested + 1);
}

Result<BodyTypes> infer_body(const InferContext& context, std::string_view attribute,
                             const Types& before, std::vector<Type> initial, const Types& behind,
                             std::size_t first_output) {
  BodyTypes types;
  types.carried = std::move(initial);
  // In the end all shapes are left open, so that the types come to rest.
  constexpr int kPatience = 2;
  for (int round = 0;; ++round) {
    Types inputs = before;
    inputs.insert(inputs.end(), types.carried.begin(), types.carried.end());
    inputs.insert(inputs.end(), behind.begin(), behind.end());
    ASSIGN_OR_RETURN(types.outputs, context.infer_subgraph(attribute, inputs));
    bool rests = true;
    for (std::size_t i = 0; i < types.carried.size(); ++i) {
      const Type& made = types.outputs[first_output + i];
      const bool wraps = is_unwrapped(types.carried[i], made);
      const auto common = common_type(types.carried[i], wraps ? Type::optional(made) : made);
      if (!common) {
        return invalid_data("carried value {} is {} before the body, and {} behind it", i,
                            types.carried[i].to_string(), made.to_string());
      }
      rests = rests && *common == types.carried[i];
      types.carried[i] = *common;
    }
    if (rests || round > kPatience) return types;
    if (round == kPatience) {
      for (Type& type : types.carried) type = without_shapes(type);
    }
  }
}

bool is_unwrapped(const Type& carried, const Type& made) {
  return carried.kind() == Type::Kind::kOptional && made.known() &&
         made.kind() != Type::Kind::kOptional;
}

}  // namespace lathe::ops
