// Models for tests, put together proto by proto, so that they can be as wrong as a file can be.
#pragma once

#include <initializer_list>
#include <onnx/onnx_pb.h>
#include <string>
#include <string_view>

#include "ir/graph.h"

namespace lathe::formats {

struct TestModel {
  // An empty graph at this opset of the default domain.
  explicit TestModel(int opset = 21, int ir_version = 8);

  onnx::GraphProto& graph() { return *proto.mutable_graph(); }
  onnx::NodeProto& add_node(std::string_view op_type, std::initializer_list<std::string> inputs,
                            std::initializer_list<std::string> outputs, std::string_view name = {});
  // Extents of -1 are unknown, and named "N".
  void add_input(const std::string& name, std::initializer_list<std::int64_t> dims,
                 ir::DataType type = ir::DataType::kFloat32);
  void add_output(const std::string& name);  // without a type
  onnx::TensorProto& add_initializer(const std::string& name, const ir::Tensor& tensor);

  [[nodiscard]] Result<ir::Graph> parse() const;
  // The message of the error that reading gives, or "no error".
  [[nodiscard]] std::string error() const;

  onnx::ModelProto proto;
};

void set_attribute(onnx::NodeProto& node, const std::string& name, const ir::Attribute& value);

// input x: float32[2,3] -> Relu -> y, named "node".
TestModel relu_model();

}  // namespace lathe::formats
