#include "passes/convert_layouts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace lathe::passes {
namespace {

using ir::Layout;
using ir::NodeId;
using ir::ValueId;

class Converter {
 public:
  explicit Converter(ir::Graph graph)
      : graph_(std::move(graph)), layouts_(graph_.value_count(), Layout::kRowMajor) {}

  Result<ConvertedGraph> run(const ChooseLayouts& choose) && {
    ASSIGN_OR_RETURN(const std::vector<NodeId> order, graph_.topological_order());
    for (const NodeId id : order) {
      const NodeLayouts chosen = choose(graph_, id, layouts_);
      std::vector<Layout> wanted(graph_.node(id).inputs.size(), Layout::kRowMajor);
      for (const std::size_t slot : chosen.slots) wanted[slot] = chosen.input;
      for (std::size_t slot = 0; slot < wanted.size(); ++slot) {
        const ValueId value = graph_.node(id).inputs[slot];
        if (value == ir::kNoValue) continue;
        const ValueId converted = in_layout(value, wanted[slot], id);
        if (converted != value) graph_.set_input(id, slot, converted);
      }
      convert_captures(id);
      for (const ValueId output : graph_.node(id).outputs) {
        if (output != ir::kNoValue && !coincide(output))
          layouts_[static_cast<std::size_t>(output)] = chosen.output;
      }
    }
    convert_outputs();
    return ConvertedGraph{std::move(graph_), std::move(layouts_)};
  }

 private:
  // `value`, or a conversion of it that stands where `reader` does.
  ValueId in_layout(ValueId value, Layout wanted, NodeId reader) {
    if (layouts_[static_cast<std::size_t>(value)] == wanted || coincide(value)) return value;
    const auto [it, is_new] = converted_.try_emplace({value, wanted}, ir::kNoValue);
    if (is_new) it->second = add_reorder(value, wanted, reader);
    return it->second;
  }

  [[nodiscard]] bool coincide(ValueId value) const {
    const auto& shape = graph_.tensor_type(value).shape;
    const auto dims = shape ? ir::known_dims(*shape) : std::nullopt;
    return !dims || ir::layouts_coincide(*dims);
  }

  ValueId add_reorder(ValueId value, Layout wanted, NodeId beside) {
    const std::string name = graph_.value(value).name + "." + std::string(ir::layout_name(wanted));
    const ValueId made = graph_.add_value(name, graph_.type(value));
    graph_.add_node({.name = name,
                     .domain = std::string(ir::kLatheDomain),
                     .op_type = "Reorder",
                     .inputs = {value},
                     .outputs = {made},
                     .attributes = {{"layout", std::string(ir::layout_name(wanted))}}},
                    beside);
    layouts_.resize(graph_.value_count(), Layout::kRowMajor);
    layouts_[static_cast<std::size_t>(made)] = wanted;
    return made;
  }

  // Graphs inside a node read row-major values.
  void convert_captures(NodeId id) {
    const auto convert = [&](ir::Subgraph& subgraph) {
      for (ValueId& capture : subgraph.captures)
        capture = in_layout(capture, Layout::kRowMajor, id);
    };
    if (ir::subgraphs(graph_.node(id)).empty()) return;
    ir::AttributeMap attributes = graph_.node(id).attributes;
    for (auto& [key, attribute] : attributes) {
      if (auto* one = std::get_if<ir::Subgraph>(&attribute)) convert(*one);
      if (auto* list = std::get_if<std::vector<ir::Subgraph>>(&attribute))
        std::for_each(list->begin(), list->end(), convert);
      graph_.set_attribute(id, key, std::move(attribute));
    }
  }

  // An output keeps its name: what it is converted from takes another one.
  void convert_outputs() {
    std::vector<ValueId> outputs(graph_.outputs().begin(), graph_.outputs().end());
    std::set<ValueId> renamed;
    for (ValueId& output : outputs) {
      const ValueId before = output;
      output = in_layout(before, Layout::kRowMajor, graph_.value(before).producer);
      if (output == before || !renamed.insert(before).second) continue;
      const std::string name = graph_.value(before).name;
      graph_.rename_value(before, graph_.unique_name(name + ".channels_last"));
      graph_.rename_value(output, name);
    }
    graph_.set_outputs(std::move(outputs));
  }

  ir::Graph graph_;
  std::vector<Layout> layouts_;
  std::map<std::pair<ValueId, Layout>, ValueId> converted_;
};

}  // namespace

Result<ConvertedGraph> convert_layouts(ir::Graph graph, const ChooseLayouts& choose) {
  return Converter(std::move(graph)).run(choose);
}

}  // namespace lathe::passes
