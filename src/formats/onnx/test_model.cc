#include "formats/onnx/test_model.h"

#include "formats/onnx/convert_attribute.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/convert_type.h"
#include "formats/onnx/read_onnx.h"

namespace lathe::formats {

TestModel::TestModel(int opset, int ir_version) {
  proto.set_ir_version(ir_version);
  proto.add_opset_import()->set_version(opset);
  graph().set_name("test");
}

onnx::NodeProto& TestModel::add_node(std::string_view op_type,
                                     std::initializer_list<std::string> inputs,
                                     std::initializer_list<std::string> outputs,
                                     std::string_view name) {
  onnx::NodeProto& node = *graph().add_node();
  node.set_op_type(std::string(op_type));
  node.set_name(std::string(name));
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return node;
}

void TestModel::add_input(const std::string& name, std::initializer_list<std::int64_t> dims,
                          ir::DataType type) {
  ir::Shape shape;
  for (const std::int64_t dim : dims) {
    shape.push_back(dim < 0 ? ir::Dim::symbol("N") : ir::Dim(dim));
  }
  onnx::ValueInfoProto& input = *graph().add_input();
  input.set_name(name);
  type_to_proto({type, shape}, *input.mutable_type());
}

void TestModel::add_output(const std::string& name) { graph().add_output()->set_name(name); }

onnx::TensorProto& TestModel::add_initializer(const std::string& name, const ir::Tensor& tensor) {
  onnx::TensorProto& initializer = *graph().add_initializer();
  initializer.set_name(name);
  tensor_to_proto(tensor, initializer);
  return initializer;
}

Result<ir::Graph> TestModel::parse() const {
  const std::string bytes = proto.SerializeAsString();
  return parse_onnx(std::as_bytes(std::span(bytes)));
}

std::string TestModel::error() const {
  const auto graph_or_error = parse();
  return graph_or_error.ok() ? "no error" : graph_or_error.error().message();
}

void set_attribute(onnx::NodeProto& node, const std::string& name, const ir::Attribute& value) {
  attribute_to_proto(name, value, WrittenNames(ir::Graph()), *node.add_attribute());
}

TestModel relu_model() {
  TestModel model;
  model.add_input("x", {2, 3});
  model.add_node("Relu", {"x"}, {"y"}, "node");
  model.add_output("y");
  return model;
}

}  // namespace lathe::formats
