// What tests of inference share: one node on inputs of given types, of which some are constants.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ops/infer_shapes.h"

namespace lathe::ops {

// An undefined tensor is an absent input.
using InferOperand = std::variant<ir::TensorType, ir::Tensor>;

inline ir::TensorType float_type(ir::Shape shape) {
  return {ir::DataType::kFloat32, std::move(shape)};
}
inline ir::TensorType unknown_rank(ir::DataType type) { return {type, std::nullopt}; }

// The types of the outputs with blanks between them, or the message of the error.
inline std::string inferred_types(std::string_view op, const std::vector<InferOperand>& inputs,
                                  ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  ir::Graph graph;
  ir::Node node{"n", "", std::string(op), {}, {}, std::move(attributes)};
  for (const InferOperand& input : inputs) {
    if (const auto* type = std::get_if<ir::TensorType>(&input)) {
      node.inputs.push_back(graph.add_input("x", *type));
    } else {
      const auto& tensor = std::get<ir::Tensor>(input);
      node.inputs.push_back(tensor.defined() ? graph.add_constant("c", tensor) : ir::kNoValue);
    }
  }
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(graph.add_value("y"));
  const auto types = infer_node(graph, node);
  if (!types.ok()) return types.error().message();
  std::string text;
  for (const ir::Type& type : *types) text += (text.empty() ? "" : " ") + type.to_string();
  return text;
}

}  // namespace lathe::ops
