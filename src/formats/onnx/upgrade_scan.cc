#include <algorithm>

#include "formats/onnx/upgrades.h"
#include "ops/attributes.h"

namespace lathe::formats {
namespace {

using Ints = std::vector<std::int64_t>;

// A graph that runs the node's own on one member of a batch.
ir::Subgraph over_batch(const ir::Node& node, const Ints& directions) {
  const auto& body = std::get<ir::Subgraph>(node.attributes.find("body")->second);
  ir::Graph member;
  ir::Node scan{.op_type = "Scan"};
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    scan.inputs.push_back(member.add_input("member", {}));
  ir::Subgraph inner{body.graph, {}};
  for (const ir::ValueId capture : body.graph->captures())
    inner.captures.push_back(member.add_capture(body.graph->value(capture).name));
  for (std::size_t i = 0; i < body.graph->outputs().size(); ++i)
    scan.outputs.push_back(member.add_value("made"));
  scan.attributes = {{"body", std::move(inner)},
                     {"num_scan_inputs", node.attributes.find("num_scan_inputs")->second}};
  if (!directions.empty()) scan.attributes.emplace("scan_input_directions", directions);
  std::vector<ir::ValueId> outputs = scan.outputs;
  member.add_node(std::move(scan));
  member.set_outputs(std::move(outputs));
  return {std::make_shared<const ir::Graph>(std::move(member)), body.captures};
}

}  // namespace

Status upgrade_scan(NodeUpgrade& upgrade) {
  const ir::Node& node = upgrade.node();
  if (node.input(0) != ir::kNoValue) {
    return unsupported("sequences of unlike lengths (input sequence_lens) at opset {}",
                       upgrade.opset());
  }
  if (node.inputs.size() < 2) return invalid_data("has no scan inputs");
  Ints directions;
  if (const auto it = node.attributes.find("directions"); it != node.attributes.end())
    directions = std::get<Ints>(it->second);
  // Every input had a batch axis in front, and every output has: each is cut and stacked along it.
  ir::Node batched{.name = node.name,
                   .op_type = "Scan",
                   .inputs = {node.inputs.begin() + 1, node.inputs.end()},
                   .outputs = node.outputs};
  batched.attributes = {{"body", over_batch(node, directions)},
                        {"num_scan_inputs", static_cast<std::int64_t>(batched.inputs.size())}};
  upgrade.replace(std::move(batched));
  return {};
}

}  // namespace lathe::formats
