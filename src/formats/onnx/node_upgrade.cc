#include "formats/onnx/node_upgrade.h"

#include <algorithm>
#include <cctype>

namespace lathe::formats {

bool NodeUpgrade::output_is_read(std::size_t i) const {
  const ir::ValueId id = node().output(i);
  return id != ir::kNoValue && (graph_.is_output(id) || !graph_.readers(id).empty());
}

void NodeUpgrade::rename(std::string_view op_type) {
  ir::Node renamed = node();
  if (renamed.op_type == op_type) return;
  renamed.op_type = op_type;
  replace(std::move(renamed));
}

void NodeUpgrade::replace(ir::Node node) {
  graph_.remove_node(id_);
  id_ = graph_.add_node(std::move(node), id_);
  result_ = {id_};
}

void NodeUpgrade::move_input(std::size_t from, std::size_t to) {
  const ir::ValueId value = node().input(from);
  graph_.set_input(id_, from, ir::kNoValue);
  graph_.set_input(id_, to, value);
}

void NodeUpgrade::set_constant_input(std::size_t slot, std::string_view suffix, ir::Tensor tensor) {
  // A node of a file has an output, but the first may be one of those that are absent.
  const auto named = std::find_if(node().outputs.begin(), node().outputs.end(),
                                  [](ir::ValueId id) { return id != ir::kNoValue; });
  const std::string name = fmt::format("{}_{}", graph_.value(*named).name, suffix);
  graph_.set_input(id_, slot, graph_.add_constant(name, std::move(tensor)));
}

void NodeUpgrade::gather_input(std::size_t slot, std::span<const std::int64_t> indices) {
  const std::string name = fmt::format("{}_gathered", graph_.value(node().input(slot)).name);
  const ir::ValueId picked =
      graph_.add_constant(name + "_indices", ir::Tensor::vector_int64(indices));
  const ir::ValueId gathered = graph_.add_value(name);
  result_.insert(result_.begin(), graph_.add_node({.name = {},
                                                   .domain = {},
                                                   .op_type = "Gather",
                                                   .inputs = {node().input(slot), picked},
                                                   .outputs = {gathered},
                                                   .attributes = {}}));
  graph_.set_input(id_, slot, gathered);
}

void NodeUpgrade::append_axes(std::size_t slot, std::int64_t rank, std::int64_t count) {
  if (count == 0) return;
  if (const ir::Tensor* tensor = constant(slot)) {
    std::vector<std::int64_t> dims = tensor->dims();
    dims.insert(dims.end(), static_cast<std::size_t>(count), 1);
    const ir::Tensor shaped = tensor->reshaped(std::span<const std::int64_t>(dims));
    set_constant_input(slot, "operand", shaped);
    return;
  }
  std::vector<std::int64_t> axes;
  for (std::int64_t i = 0; i < count; ++i) axes.push_back(rank + i);
  const ir::ValueId input = node().input(slot);
  ir::Node unsqueeze{.op_type = "Unsqueeze"};
  unsqueeze.inputs = {input, graph_.add_constant(graph_.value(input).name + "_axes",
                                                 ir::Tensor::vector_int64(axes))};
  const ir::ValueId shaped = graph_.add_value(graph_.value(input).name + "_unsqueezed");
  unsqueeze.outputs = {shaped};
  result_.insert(result_.begin(), graph_.add_node(std::move(unsqueeze), id_));
  graph_.set_input(id_, slot, shaped);
}

void NodeUpgrade::truncate_inputs(std::size_t count) {
  for (std::size_t i = node().inputs.size(); i > count; --i)
    graph_.set_input(id_, i - 1, ir::kNoValue);
}

void NodeUpgrade::truncate_outputs(std::size_t count) { graph_.truncate_outputs(id_, count); }

void NodeUpgrade::replace_by_chain(std::vector<Step> steps) {
  const ir::Node original = node();
  const std::string output_name = graph_.value(original.output()).name;
  graph_.remove_node(id_);
  result_.clear();
  replaced_ = true;
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
      added.inputs.push_back(graph_.add_constant(hint, std::move(*step.second_input)));
    }
    const bool last = i + 1 == steps.size();
    value = last ? original.output() : graph_.add_value(fmt::format("{}_{}", output_name, label));
    added.outputs = {value};
    id_ = graph_.add_node(std::move(added));
    result_.push_back(id_);
  }
}

}  // namespace lathe::formats
