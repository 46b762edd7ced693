#include "engine/narrow_values.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "engine/lower/lower.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::NodeId;
using ir::ValueId;

class Narrower {
 public:
  explicit Narrower(passes::ConvertedGraph& converted)
      : graph_(converted.graph), layouts_(converted.layouts) {}

  Status run() {
    ASSIGN_OR_RETURN(const std::vector<NodeId> order, graph_.topological_order());
    for (const NodeId id : order) {
      const NarrowOperands narrow = narrow_operands(graph_, id, layouts_);
      if (is_narrowed(id, narrow)) {
        narrow_node(id, narrow);
      } else {
        widen_operands(id);
      }
    }
    widen_outputs();
    return {};
  }

 private:
  [[nodiscard]] bool is_stored_as(ValueId value, DataType type) const {
    return value != ir::kNoValue && graph_.tensor_type(value).data_type == type;
  }

  // Whether kernels gain by it, or all operands but constants are narrow already.
  [[nodiscard]] bool is_narrowed(NodeId id, const NarrowOperands& narrow) const {
    if (narrow.computes) return true;
    bool follows = false;
    for (const std::size_t slot : narrow.slots) {
      const ValueId operand = graph_.node(id).inputs[slot];
      if (graph_.constant(operand) != nullptr) continue;
      if (!narrowed_.contains(operand)) return false;
      follows = true;
    }
    return follows;
  }

  void narrow_node(NodeId id, const NarrowOperands& narrow) {
    for (const std::size_t slot : narrow.slots)
      graph_.set_input(id, slot, stored_as(graph_.node(id).inputs[slot], DataType::kBFloat16, id));
    for (const ValueId output : graph_.node(id).outputs) {
      if (!is_stored_as(output, DataType::kFloat32)) continue;
      if (narrow.float_output && is_read_as_float(output)) continue;
      ir::TensorType type = graph_.tensor_type(output);
      type.data_type = DataType::kBFloat16;
      graph_.set_type(output, std::move(type));
      narrowed_.insert(output);
    }
  }

  // Whether nothing that could take bfloat16 reads it.
  [[nodiscard]] bool is_read_as_float(ValueId value) const {
    const auto readers = graph_.readers(value);
    return std::all_of(readers.begin(), readers.end(), [&](NodeId reader) {
      const NarrowOperands narrow = narrow_operands(graph_, reader, layouts_);
      return std::none_of(narrow.slots.begin(), narrow.slots.end(), [&](std::size_t slot) {
        return graph_.node(reader).inputs[slot] == value;
      });
    });
  }

  void widen_operands(NodeId id) {
    for (std::size_t slot = 0; slot < graph_.node(id).inputs.size(); ++slot) {
      const ValueId value = graph_.node(id).inputs[slot];
      if (narrowed_.contains(value))
        graph_.set_input(id, slot, stored_as(value, DataType::kFloat32, id));
    }
    if (ir::subgraphs(graph_.node(id)).empty()) return;
    const auto widen = [&](ir::Subgraph& subgraph) {
      for (ValueId& capture : subgraph.captures)
        if (narrowed_.contains(capture)) capture = stored_as(capture, DataType::kFloat32, id);
    };
    ir::AttributeMap attributes = graph_.node(id).attributes;
    for (auto& [key, attribute] : attributes) {
      if (auto* one = std::get_if<ir::Subgraph>(&attribute)) widen(*one);
      if (auto* list = std::get_if<std::vector<ir::Subgraph>>(&attribute))
        std::for_each(list->begin(), list->end(), widen);
      graph_.set_attribute(id, key, std::move(attribute));
    }
  }

  // An output keeps its name: what it is made from takes another one.
  void widen_outputs() {
    std::vector<ValueId> outputs(graph_.outputs().begin(), graph_.outputs().end());
    std::set<ValueId> renamed;
    for (ValueId& output : outputs) {
      if (!narrowed_.contains(output)) continue;
      const ValueId before = output;
      output = stored_as(before, DataType::kFloat32, graph_.value(before).producer);
      if (!renamed.insert(before).second) continue;
      const std::string name = graph_.value(before).name;
      graph_.rename_value(before, graph_.unique_name(name + ".bfloat16"));
      graph_.rename_value(output, name);
    }
    graph_.set_outputs(std::move(outputs));
  }

  // `value`, or a conversion of it that stands where `reader` does.
  ValueId stored_as(ValueId value, DataType type, NodeId reader) {
    if (is_stored_as(value, type)) return value;
    const auto [it, is_new] = casts_.try_emplace({value, type}, ir::kNoValue);
    if (is_new) it->second = add_cast(value, type, reader);
    return it->second;
  }

  ValueId add_cast(ValueId value, DataType type, NodeId beside) {
    const std::string name = graph_.value(value).name + "." + std::string(ir::data_type_name(type));
    const Layout layout = layouts_[static_cast<std::size_t>(value)];
    ValueId made = ir::kNoValue;
    if (const ir::Tensor* constant = graph_.constant(value)) {
      made = graph_.add_constant(name, constant->cast(type));
    } else {
      ir::TensorType made_type = graph_.tensor_type(value);
      made_type.data_type = type;
      made = graph_.add_value(name, std::move(made_type));
      graph_.add_node({.name = name,
                       .op_type = "Cast",
                       .inputs = {value},
                       .outputs = {made},
                       .attributes = {{"to", static_cast<std::int64_t>(type)}}},
                      beside);
    }
    layouts_.resize(graph_.value_count(), Layout::kRowMajor);
    layouts_[static_cast<std::size_t>(made)] = layout;
    return made;
  }

  ir::Graph& graph_;
  std::vector<Layout>& layouts_;
  std::set<ValueId> narrowed_;  // what became bfloat16 here: the model may have some of its own
  std::map<std::pair<ValueId, DataType>, ValueId> casts_;
};

}  // namespace

Status narrow_values(passes::ConvertedGraph& converted) { return Narrower(converted).run(); }

}  // namespace lathe::engine
