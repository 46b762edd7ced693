// What tests of inference share: the types of one node's outputs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ops/infer_shapes.h"

namespace lathe::ops {

// An input of a node: of this type, or this constant; absent where it is neither.
struct InferredInput {
  InferredInput() = default;
  InferredInput(ir::Shape shape)  // NOLINT(*-explicit-*)
      : type(ir::DataType::kFloat32, std::move(shape)), present(true) {}
  InferredInput(ir::DataType data_type, std::optional<ir::Shape> shape)
      : type(data_type, std::move(shape)), present(true) {}
  InferredInput(ir::Tensor tensor)  // NOLINT(*-explicit-*)
      : constant(std::move(tensor)), present(constant.defined()) {}

  ir::Type type;
  ir::Tensor constant;
  bool present = false;
};

// "float32[N,3] int64[?]", or the message of the error.
inline std::string inferred(std::string_view op, const std::vector<InferredInput>& inputs,
                            ir::AttributeMap attributes = {}, std::size_t outputs = 1,
                            std::string_view domain = "") {
  ir::Graph graph;
  ir::Node node{"n", std::string(domain), std::string(op), {}, {}, std::move(attributes)};
  for (const InferredInput& input : inputs) {
    node.inputs.push_back(!input.present             ? ir::kNoValue
                          : input.constant.defined() ? graph.add_constant("c", input.constant)
                                                     : graph.add_input("x", input.type));
  }
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(graph.add_value("y"));
  const auto types = infer_node(graph, node);
  if (!types.ok()) return types.error().message();
  std::string text;
  for (std::size_t i = 0; i < outputs; ++i) text += (i == 0 ? "" : " ") + types->at(i).to_string();
  return text;
}

}  // namespace lathe::ops
