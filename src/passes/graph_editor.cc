#include "passes/graph_editor.h"

#include <algorithm>

#include "ops/infer_shapes.h"

namespace lathe::passes {

Result<std::vector<ir::NodeId>> GraphEditor::apply(Patch patch, ir::NodeId root) {
  std::vector<ir::ValueId> added;  // what the patch's own ids stand for
  const auto resolve = [&](ir::ValueId id) {
    if (id > Patch::kFirstAdded) return id;
    return added.at(static_cast<std::size_t>(Patch::kFirstAdded - id));
  };
  std::vector<ir::NodeId> touched;
  std::vector<ir::ValueId> dropped;  // may have lost their last reader
  const auto touch_readers = [&](ir::ValueId id) {
    const auto readers = graph_.readers(id);
    touched.insert(touched.end(), readers.begin(), readers.end());
  };

  for (const Patch::Added& item : patch.added_) {
    if (item.is_constant) {
      Patch::Constant& constant = patch.constants_[item.index];
      added.push_back(graph_.add_constant(constant.name, std::move(constant.tensor)));
      continue;
    }
    ir::Node node = std::move(patch.nodes_[item.index]);
    std::transform(node.inputs.begin(), node.inputs.end(), node.inputs.begin(), resolve);
    for (ir::Subgraph* subgraph : ir::subgraphs(node))
      for (ir::ValueId& capture : subgraph->captures) capture = resolve(capture);
    for (ir::ValueId& output : node.outputs) {
      if (output == ir::kNoValue) continue;
      added.push_back(graph_.add_value(node.name.empty() ? node.op_type : node.name));
      output = added.back();
    }
    const ir::NodeId id =
        graph_.add_node(std::move(node), item.beside == ir::kNoNode ? root : item.beside);
    RETURN_IF_ERROR(infer(id));
    touched.push_back(id);
  }
  for (const Patch::Input& input : patch.inputs_) {
    const ir::ValueId before = graph_.node(input.node).input(input.slot);
    graph_.set_input(input.node, input.slot, resolve(input.value));
    if (before != ir::kNoValue) dropped.push_back(before);
    touched.push_back(input.node);
  }
  for (const Patch::Use& use : patch.uses_) {
    const ir::ValueId to = resolve(use.to);
    touch_readers(use.from);
    const std::string name = graph_.value(use.from).name;
    const bool is_new = std::find(added.begin(), added.end(), to) != added.end();
    graph_.replace_uses(use.from, to);
    // What was made by another node keeps its name where the new one has none of its own.
    if (is_new && !graph_.value(to).constant && graph_.value(to).name != name &&
        graph_.readers(use.from).empty()) {
      graph_.rename_value(use.from, name + "_replaced");
      graph_.rename_value(to, name);
    }
    if (graph_.value(to).producer != ir::kNoNode) touched.push_back(graph_.value(to).producer);
    dropped.push_back(use.from);
  }
  for (const ir::ValueId id : dropped) sweep(id, touched);

  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  std::erase_if(touched, [&](ir::NodeId id) { return graph_.is_removed(id); });
  return touched;
}

Status GraphEditor::infer(ir::NodeId id) {
  const ir::Node& node = graph_.node(id);
  auto types = ops::infer_node(graph_, node);
  if (!types.ok()) {
    return types.error().with_context(fmt::format("new node {}", ir::describe_node(graph_, id)));
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != ir::kNoValue) graph_.set_type(node.outputs[i], std::move((*types)[i]));
  }
  return {};
}

void GraphEditor::sweep(ir::ValueId id, std::vector<ir::NodeId>& touched) {
  std::vector<ir::ValueId> open{id};
  while (!open.empty()) {
    const ir::ValueId value = open.back();
    const ir::NodeId maker = graph_.value(value).producer;
    open.pop_back();
    if (maker == ir::kNoNode) {
      // Weights that a rewrite has replaced would take as much memory as those in their place.
      const ir::Tensor* constant = graph_.constant(value);
      if (constant != nullptr && graph_.readers(value).empty() && !graph_.is_output(value))
        graph_.set_constant(value, constant->without_elements());
      continue;
    }
    const std::vector<ir::ValueId>& outputs = graph_.node(maker).outputs;
    const bool needed = std::any_of(outputs.begin(), outputs.end(), [&](ir::ValueId output) {
      return output != ir::kNoValue &&
             (graph_.is_output(output) || !graph_.readers(output).empty());
    });
    if (needed) continue;
    const std::vector<ir::ValueId> reads = graph_.node(maker).reads();
    graph_.remove_node(maker);
    for (const ir::ValueId read : reads) {
      const ir::NodeId before = graph_.value(read).producer;
      open.push_back(read);
      if (before == ir::kNoNode) continue;
      // A rule may have waited for a value to be read once, at its maker or at the one reader.
      touched.push_back(before);
      if (graph_.readers(read).size() == 1) touched.push_back(graph_.readers(read)[0]);
    }
  }
}

}  // namespace lathe::passes
