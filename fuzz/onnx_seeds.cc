#include "onnx_seeds.h"

#include <array>
#include <cstdio>

#include "base/file.h"
#include "formats/onnx/write_onnx.h"
#include "ir/domains.h"
#include "ir/graph_builder.h"

namespace lathe {
namespace {

ir::Graph network() {
  ir::GraphBuilder b("net", 1);
  ir::ValueId x = b.input("x", {ir::Dim::symbol("N"), 2, 8, 8});
  x = b.relu6(b.batch_norm(b.conv(x, 2, {.kernel = 3, .stride = 2, .padding = 1})));
  x = b.add(x, b.relu(b.conv(x, 2, {.kernel = 3, .padding = 1, .groups = 2, .bias = true})));
  x = b.average_pool(b.max_pool(x, 2, 1, 1), 2, 2);
  x = b.softmax(b.linear(b.dropout(b.flatten(b.global_average_pool(x)), 0.5F), 3));
  return b.finish(x, "y");
}

// One graph of single operators that all read the same input.
ir::Graph operators() {
  ir::Graph graph;
  graph.name = "operators";
  graph.metadata["key"] = "value";
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{1, 4}});
  std::vector<ir::ValueId> outputs;
  for (const char* op : {"Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "LeakyRelu",
                         "Softmax", "LogSoftmax", "Identity", "Transpose", "ReduceMean"}) {
    outputs.push_back(graph.add(op, std::array{x}));
  }
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Concat"}) {
    ir::AttributeMap attributes;
    if (std::string_view(op) == "Concat") attributes.emplace("axis", std::int64_t{1});
    outputs.push_back(graph.add(op, std::array{x, x}, std::move(attributes)));
  }
  const auto ints = [&](std::initializer_list<std::int64_t> values) {
    return graph.add_constant("ints",
                              ir::Tensor::vector_int64(std::span(values.begin(), values.size())));
  };
  outputs.push_back(graph.add("Pad", std::array{x, ints({0, 1, 0, 1})}));
  outputs.push_back(graph.add("Reshape", std::array{x, ints({2, -1})}));
  outputs.push_back(graph.add("Unsqueeze", std::array{x, ints({0})}));
  outputs.push_back(graph.add("Squeeze", std::array{x, ints({0})}));
  const ir::ValueId scale = graph.add_constant("scale", ir::Tensor::scalar(0.5F));
  const ir::ValueId zero = graph.add_constant("zero", ir::Tensor::scalar(std::int8_t{3}));
  const ir::ValueId q = graph.add("QuantizeLinear", std::array{x, scale, zero});
  outputs.push_back(graph.add("DequantizeLinear", std::array{q, scale, zero}));
  outputs.push_back(graph.add("QLinearAdd", std::array{q, scale, zero, q, scale, zero, scale, zero},
                              {}, {}, ir::kMicrosoftDomain));
  graph.set_outputs(std::move(outputs));
  return graph;
}

}  // namespace

int write_onnx_seeds(const Path& folder) {
  const auto save = [&](const std::string& name, std::string_view bytes) {
    const Status status = write_file_atomic(folder / name, bytes);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.error().message().c_str());
    return status.ok();
  };
  const std::string net = formats::serialize_onnx(network()).value();
  const std::string ops = formats::serialize_onnx(operators()).value();
  bool saved = save("net.onnx", net) && save("operators.onnx", ops);
  // The message that imports opset 21 ends in "\x10\x15": the same bytes at each older opset.
  const std::size_t version = ops.find("\x10\x15");
  for (char opset = 7; version != std::string::npos && opset <= 23; ++opset) {
    std::string older = ops;
    older[version + 1] = opset;
    saved = saved && save("opset" + std::to_string(opset) + ".onnx", older);
  }
  return saved ? 0 : 1;
}

}  // namespace lathe
