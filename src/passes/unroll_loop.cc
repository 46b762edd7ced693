// A Loop that surely runs a few times becomes as many copies of its body.
#include "ops/known_values.h"
#include "passes/inline_graph.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Loop"};
constexpr std::int64_t kMostTrips = 16;
// Nodes that take the place of one.
constexpr std::size_t kMostNodes = 256;
constexpr std::size_t kFirstCarried = 2;  // of the inputs, behind M and cond; so it is in the body

// Whether the body says that the loop goes on, whatever happened.
bool always_goes_on(const ir::Graph& body) {
  ir::ValueId condition = body.outputs()[0];
  for (const ir::Node* node = body.producer(condition); node != nullptr;
       node = body.producer(condition)) {
    if (!node->is("Identity")) return false;
    condition = node->input(0);
  }
  const ir::Tensor* constant = body.constant(condition);
  return condition == body.inputs()[1] ||
         (constant != nullptr && constant->num_elements() == 1 && constant->get_int64(0) != 0);
}

bool is_scalar(const ir::Graph& body, std::size_t input) {
  const auto& shape = body.tensor_type(body.inputs()[input]).shape;
  return !shape || shape->empty();
}

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  ops::KnownValues values(graph);
  const ir::Tensor* most = values.constant(node.input(0));
  const ir::Tensor* condition = values.constant(node.input(1));
  const auto& body = std::get<ir::Subgraph>(node.attributes.find("body")->second);
  const bool begins =
      node.input(1) == ir::kNoValue ||
      (condition != nullptr && condition->num_elements() == 1 && condition->get_int64(0) != 0);
  if (most == nullptr || most->num_elements() != 1 || !begins || !always_goes_on(*body.graph))
    return std::nullopt;
  const std::int64_t trips = most->get_int64(0);
  // What comes out of no run at all has types that only the loop tells.
  if (trips < 1 || trips > kMostTrips ||
      static_cast<std::size_t>(trips) * body.graph->node_count() > kMostNodes ||
      !is_scalar(*body.graph, 0) || !is_scalar(*body.graph, 1)) {
    return std::nullopt;
  }
  const std::size_t carried = body.graph->inputs().size() - kFirstCarried;
  const std::size_t scans = body.graph->outputs().size() - 1 - carried;
  Patch patch;
  std::vector<ir::ValueId> state(node.inputs.begin() + kFirstCarried, node.inputs.end());
  std::vector<std::vector<ir::ValueId>> slices(scans);
  const ir::ValueId goes_on = patch.add_constant("condition", ir::Tensor::scalar(true));
  const ir::ValueId front =
      patch.add_constant("axes", ir::Tensor::from_values<std::int64_t>({1}, {0}));
  for (std::int64_t trip = 0; trip < trips; ++trip) {
    std::vector<ir::ValueId> inputs{patch.add_constant("iteration", ir::Tensor::scalar(trip)),
                                    goes_on};
    inputs.insert(inputs.end(), state.begin(), state.end());
    ASSIGN_OR_RETURN(const std::vector<ir::ValueId> outputs,
                     inline_graph(patch, *body.graph, inputs, body.captures));
    state.assign(outputs.begin() + 1, outputs.begin() + 1 + static_cast<std::ptrdiff_t>(carried));
    for (std::size_t i = 0; i < scans; ++i) {
      slices[i].push_back(patch.add_node({.name = "Unsqueeze",
                                          .op_type = "Unsqueeze",
                                          .inputs = {outputs[1 + carried + i], front}}));
    }
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == ir::kNoValue) continue;
    const ir::ValueId result = i < carried
                                   ? state[i]
                                   : patch.add_node({.name = "Concat",
                                                     .op_type = "Concat",
                                                     .inputs = slices[i - carried],
                                                     .attributes = {{"axis", std::int64_t{0}}}});
    replace_output(patch, graph, node.outputs[i], result);
  }
  return patch;
}

}  // namespace

const Rule kUnrollLoop{"unroll_loop", kOperators, apply};

}  // namespace lathe::passes
