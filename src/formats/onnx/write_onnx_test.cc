#include "formats/onnx/write_onnx.h"

#include <array>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "formats/onnx/read_onnx.h"
#include "ir/graph_builder.h"
#include "ir/print.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::formats {
namespace {

ir::Graph small_network() {
  ir::GraphBuilder b("net", 3);
  ir::ValueId x = b.input("input", {ir::Dim::symbol("N"), 3, 16, 16});
  x = b.relu6(b.batch_norm(b.conv(x, 8, {.kernel = 3, .stride = 2, .padding = 1})));
  x = b.max_pool(x, 2, 2);
  x = b.add(x, b.relu(b.conv(x, 8, {.kernel = 1, .bias = true})));
  x = b.softmax(b.linear(b.dropout(b.flatten(b.global_average_pool(x)), 0.5F), 10));
  ir::Graph graph = b.finish(x, "probabilities");
  graph.metadata["lathe.labels"] = "[]";
  graph.metadata["note"] = "\xc3\xa9";
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  EXPECT_TRUE(graph.compact().ok());
  return graph;
}

Result<ir::Graph> parse(const std::string& bytes) {
  return parse_onnx(std::as_bytes(std::span(bytes)));
}

onnx::ModelProto proto_of(const ir::Graph& graph) {
  const auto bytes = serialize_onnx(graph);
  EXPECT_TRUE(bytes.ok());
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(*bytes));
  return proto;
}

TEST(WriteOnnx, SurvivesARoundTrip) {
  const ir::Graph graph = small_network();
  const auto bytes = serialize_onnx(graph);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message();
  const auto back = parse(*bytes);
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(ir::to_text(*back), ir::to_text(graph));
  EXPECT_EQ(back->metadata, graph.metadata);
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Value& value = graph.value(static_cast<ir::ValueId>(i));
    if (!value.constant) continue;
    EXPECT_TRUE(back->constant(back->find_value(value.name).value())->identical(*value.constant));
  }
  EXPECT_EQ(*serialize_onnx(*back), *bytes);
}

TEST(WriteOnnx, StatesVersions) {
  const onnx::ModelProto proto = proto_of(small_network());
  EXPECT_EQ(proto.ir_version(), 10);
  EXPECT_EQ(proto.producer_name(), "lathe");
  EXPECT_FALSE(proto.producer_version().empty());
  ASSERT_EQ(proto.opset_import_size(), 1);
  EXPECT_EQ(proto.opset_import(0).version(), 21);
  EXPECT_EQ(proto.graph().value_info_size(), 0);
}

TEST(WriteOnnx, ImportsADomainWhereItIsUsed) {
  ir::Graph graph;
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kUint8, ir::Shape{1, 2, 3, 3}});
  const ir::ValueId scale = graph.add_constant("scale", ir::Tensor::scalar(0.5F));
  const ir::ValueId zero = graph.add_constant("zero", ir::Tensor::scalar(std::uint8_t{0}));
  const ir::ValueId y =
      graph.add("QLinearGlobalAveragePool", std::array{x, scale, zero, scale, zero}, {}, "y",
                "com.microsoft");
  graph.set_outputs({y});
  const onnx::ModelProto proto = proto_of(graph);
  ASSERT_EQ(proto.opset_import_size(), 2);
  EXPECT_EQ(proto.opset_import(1).domain(), "com.microsoft");
  EXPECT_EQ(proto.opset_import(1).version(), 1);
  const auto back = parse(proto.SerializeAsString());
  EXPECT_TRUE(back.ok()) << back.error().message();
}

// Branches that read an input, a computed value and a constant of the graph around them.
ir::Graph branching_graph() {
  ir::Graph g;
  const ir::ValueId condition = g.add_input("condition", {ir::DataType::kBool, ir::Shape{}});
  const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, ir::Shape{2, 3}});
  const ir::ValueId middle = g.add("Relu", std::array{x}, {}, "middle");
  const ir::ValueId target =
      g.add_constant("target", ir::Tensor::vector_int64(std::array<std::int64_t, 2>{3, 2}));
  const auto branch = [&](std::string_view first, ir::ValueId a, ir::ValueId b) {
    ir::Graph body;
    body.name = "branch";
    // The names of values around it: files have one name space.
    const ir::ValueId outer_a = body.add_capture(g.value(a).name);
    const ir::ValueId outer_b = body.add_capture("not_the_outer_name");
    const ir::ValueId shape = body.add_capture("target");
    const ir::ValueId sum = body.add(first, std::array{outer_a, outer_b}, {}, "middle_inside");
    body.set_outputs({body.add("Reshape", std::array{sum, shape}, {}, "inner")});
    return ir::Subgraph{std::make_shared<const ir::Graph>(std::move(body)), {a, b, target}};
  };
  g.set_outputs(
      {g.add("If", std::array{condition},
             {{"then_branch", branch("Add", x, middle)}, {"else_branch", branch("Sub", middle, x)}},
             "y")});
  const Status inferred = ops::infer_shapes(g);
  EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_TRUE(g.compact().ok());
  return g;
}

TEST(WriteOnnx, BranchesSurviveARoundTrip) {
  const ir::Graph graph = branching_graph();
  const auto bytes = serialize_onnx(graph);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message();
  const auto back = parse(*bytes);
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(ir::to_text(*back), ir::to_text(graph));
  EXPECT_EQ(*serialize_onnx(*back), *bytes);
  EXPECT_EQ(back->type(back->outputs()[0]).to_string(), "float32[3,2]");
  const ir::Tensor x = ir::Tensor::from_values<float>({2, 3}, {-1, 2, -3, 4, -5, 6});
  for (const bool condition : {true, false}) {
    const std::array inputs{ir::Tensor::scalar(condition), x};
    const auto expected = ops::evaluate(graph, inputs);
    const auto actual = ops::evaluate(*back, inputs);
    ASSERT_TRUE(expected.ok()) << expected.error().message();
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    EXPECT_TRUE(actual->at(0).identical(expected->at(0)));
    EXPECT_EQ(expected->at(0).to_floats()[1], condition ? 4 : 0);
  }
}

TEST(WriteOnnx, OutputsHaveTypesAlsoWhereNothingWasInferred) {
  ir::Graph graph;
  const ir::ValueId x =
      graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 2}});
  graph.set_outputs({graph.add("Relu", std::array{x}, {}, "y")});
  const onnx::ModelProto proto = proto_of(graph);
  const onnx::TypeProto::Tensor& type = proto.graph().output(0).type().tensor_type();
  EXPECT_EQ(type.elem_type(), 1);
  ASSERT_EQ(type.shape().dim_size(), 2);
  EXPECT_EQ(type.shape().dim(0).dim_param(), "N");
  EXPECT_EQ(type.shape().dim(1).dim_value(), 2);
}

TEST(WriteOnnx, FilesAreSmall) {
  const ir::Graph graph = small_network();
  std::size_t weights = 0;
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Value& value = graph.value(static_cast<ir::ValueId>(i));
    if (value.constant) weights += value.constant->num_bytes();
  }
  const std::size_t overhead = serialize_onnx(graph)->size() - weights;
  EXPECT_LT(overhead, 170 * graph.node_count());
}

TEST(WriteOnnx, WritesNodesInOrderAndLeavesOutUnusedConstants) {
  ir::Graph graph;
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{2}});
  const ir::ValueId middle = graph.add_value("middle");
  const ir::ValueId y = graph.add("Tanh", std::array{middle}, {}, "y");
  graph.add_node({"", "", "Relu", {x}, {middle}, {}});
  graph.add_constant("unused", ir::Tensor::scalar(1.0F));
  graph.set_outputs({y});
  const onnx::ModelProto proto = proto_of(graph);
  ASSERT_EQ(proto.graph().node_size(), 2);
  EXPECT_EQ(proto.graph().node(0).op_type(), "Relu");
  EXPECT_FALSE(proto.graph().node(0).has_name());
  EXPECT_EQ(proto.graph().initializer_size(), 0);
}

TEST(WriteOnnx, RefusesGraphsThatAreNotSound) {
  ir::Graph graph;
  const ir::ValueId nothing = graph.add_value("nothing");
  graph.set_outputs({nothing});
  EXPECT_FALSE(serialize_onnx(graph).ok());
  ir::Graph foreign;
  const ir::ValueId x = foreign.add_input("x", {ir::DataType::kFloat32, ir::Shape{2}});
  foreign.set_outputs({foreign.add("Op", std::array{x}, {}, "y", "com.other")});
  const auto bytes = serialize_onnx(foreign);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().message(), "node y (com.other.Op): domain 'com.other' cannot be written");
}

TEST(WriteOnnx, NamesAFileThatCannotBeWritten) {
  const Status status = write_onnx(small_network(), "/proc/nowhere/model.onnx");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message().rfind("/proc/nowhere/model.onnx: ", 0), 0U);
}

TEST(WriteOnnx, WritesTypesBetweenNodesOnRequest) {
  const Path path = std::filesystem::temp_directory_path() / "lathe_value_info_test.onnx";
  ASSERT_TRUE(write_onnx(small_network(), path, {.value_info = true}).ok());
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(*read_file(path)));
  EXPECT_EQ(proto.graph().value_info_size(), proto.graph().node_size() - 1);
  EXPECT_TRUE(read_onnx(path).ok());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lathe::formats
