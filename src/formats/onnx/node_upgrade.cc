#include "formats/onnx/node_upgrade.h"

#include <algorithm>
#include <cctype>

namespace lathe::formats {

UpgradeSession::UpgradeSession(const ir::Graph& graph, int file_opset)
    : opset(file_opset), read(graph.value_count(), false) {
  const auto mark = [&](ir::ValueId id) {
    if (id != ir::kNoValue) read[static_cast<std::size_t>(id)] = true;
  };
  for (const ir::NodeId id : graph.node_ids()) {
    std::for_each(graph.node(id).inputs.begin(), graph.node(id).inputs.end(), mark);
  }
  std::for_each(graph.outputs().begin(), graph.outputs().end(), mark);
}

std::string UpgradeSession::fresh_name(const ir::Graph& graph, std::string_view hint) {
  std::string name(hint);
  while (graph.find_value(name)) name = fmt::format("{}_{}", hint, next_++);
  return name;
}

bool NodeUpgrade::output_is_read(std::size_t i) const {
  const ir::ValueId id = node().output(i);
  return id != ir::kNoValue && session_.read[static_cast<std::size_t>(id)];
}

Status NodeUpgrade::check_inputs(std::size_t least, std::size_t most) const {
  const std::size_t count = node().inputs.size();
  if (count < least || count > most) {
    const std::string expected =
        least == most ? fmt::to_string(least) : fmt::format("{} to {}", least, most);
    return invalid_data("has {} inputs, expected {} at opset {}", count, expected, opset());
  }
  for (std::size_t i = 0; i < least; ++i) {
    if (node().input(i) == ir::kNoValue) return invalid_data("input {} is missing", i);
  }
  return {};
}

void NodeUpgrade::set_constant_input(std::size_t slot, std::string_view suffix, ir::Tensor tensor) {
  // A node of a file has an output, but the first may be one of those that are absent.
  const auto named = std::find_if(node().outputs.begin(), node().outputs.end(),
                                  [](ir::ValueId id) { return id != ir::kNoValue; });
  const std::string name =
      session_.fresh_name(graph_, fmt::format("{}_{}", graph_.value(*named).name, suffix));
  graph_.set_input(id_, slot, graph_.add_constant(name, std::move(tensor)));
}

void NodeUpgrade::truncate_outputs(std::size_t count) {
  if (node().outputs.size() <= count) return;
  ir::Node shortened = node();
  shortened.outputs.resize(count);
  graph_.remove_node(id_);
  id_ = graph_.add_node(std::move(shortened));
  result_ = {id_};
}

void NodeUpgrade::replace_by_chain(std::vector<Step> steps) {
  const ir::Node original = node();
  const std::string output_name = graph_.value(original.output()).name;
  graph_.remove_node(id_);
  result_.clear();
  ir::ValueId value = original.input(0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    std::string label = step.op_type;
    std::transform(label.begin(), label.end(), label.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string name =
        original.name.empty() ? "" : fmt::format("{}_{}", original.name, label);
    ir::Node added{step.op_type == original.op_type ? original.name : name,
                   original.domain,
                   step.op_type,
                   {value},
                   {},
                   std::move(step.attributes)};
    if (step.second_input) {
      const std::string hint = fmt::format("{}_{}_operand", output_name, label);
      added.inputs.push_back(
          graph_.add_constant(session_.fresh_name(graph_, hint), std::move(*step.second_input)));
    }
    const bool last = i + 1 == steps.size();
    value = last ? original.output()
                 : graph_.add_value(
                       session_.fresh_name(graph_, fmt::format("{}_{}", output_name, label)));
    added.outputs = {value};
    id_ = graph_.add_node(std::move(added));
    result_.push_back(id_);
  }
}

}  // namespace lathe::formats
