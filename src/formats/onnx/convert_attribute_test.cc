#include "formats/onnx/convert_attribute.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "ir/graph.h"
#include "ir/print.h"

namespace lathe::formats {
namespace {

Result<ir::Attribute> read(onnx::AttributeProto proto) {
  ExternalData none(std::nullopt);
  return attribute_from_proto(proto, none);
}

std::string read_error(const onnx::AttributeProto& proto) {
  const auto attribute = read(proto);
  return attribute.ok() ? "no error" : attribute.error().message();
}

ir::Subgraph small_graph() {
  ir::Graph graph;
  graph.name = "body";
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{2}});
  const ir::ValueId y = graph.add("Relu", std::array{x}, {}, "y");
  graph.set_outputs({y});
  return {std::make_shared<const ir::Graph>(std::move(graph))};
}

TEST(ConvertAttribute, EveryKindSurvivesARoundTrip) {
  const ir::Tensor tensor = ir::Tensor::from_values<float>({2}, {1, 2});
  const ir::Attribute all[] = {std::int64_t{-5},
                               2.5F,
                               std::string("text\0more", 9),
                               tensor,
                               std::vector<std::int64_t>{1, -2},
                               std::vector<float>{1, -2},
                               std::vector<std::string>{"a", ""},
                               std::vector<ir::Tensor>{tensor, tensor},
                               std::vector<std::int64_t>{},
                               ir::Type::sequence({ir::DataType::kInt8, ir::Shape{3}})};
  for (const ir::Attribute& attribute : all) {
    onnx::AttributeProto proto;
    attribute_to_proto("name", attribute, WrittenNames(ir::Graph()), proto);
    EXPECT_EQ(proto.name(), "name");
    const auto back = read(proto);
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(back->index(), attribute.index());
    EXPECT_EQ(ir::to_string(*back), ir::to_string(attribute));
  }
}

TEST(ConvertAttribute, SubgraphsSurviveARoundTrip) {
  onnx::AttributeProto one;
  attribute_to_proto("body", small_graph(), WrittenNames(ir::Graph()), one);
  const auto graph = read(one);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(ir::to_text(*std::get<ir::Subgraph>(*graph).graph), ir::to_text(*small_graph().graph));

  onnx::AttributeProto two;
  attribute_to_proto("bodies", std::vector<ir::Subgraph>{small_graph(), small_graph()},
                     WrittenNames(ir::Graph()), two);
  const auto graphs = read(two);
  ASSERT_TRUE(graphs.ok()) << graphs.error().message();
  EXPECT_EQ(std::get<std::vector<ir::Subgraph>>(*graphs).size(), 2U);
}

TEST(ConvertAttribute, SubgraphsMayReadValuesAroundThem) {
  onnx::AttributeProto proto;
  proto.set_type(onnx::AttributeProto::GRAPH);
  onnx::NodeProto& node = *proto.mutable_g()->add_node();
  node.set_op_type("Relu");
  node.add_input("outer");
  node.add_output("y");
  proto.mutable_g()->add_output()->set_name("y");
  const auto attribute = read(proto);
  ASSERT_TRUE(attribute.ok()) << attribute.error().message();
  const ir::Graph& graph = *std::get<ir::Subgraph>(*attribute).graph;
  const auto outer = graph.find_value("outer");
  ASSERT_TRUE(outer.has_value());
  EXPECT_EQ(graph.value(*outer).producer, ir::kNoNode);
}

TEST(ConvertAttribute, InfersATypeThatIsNotStated) {
  onnx::AttributeProto proto;
  proto.add_ints(3);
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(*read(proto)), std::vector<std::int64_t>{3});
}

// Writers that leave out zeros exist.
TEST(ConvertAttribute, ReadsAbsentValuesAsZero) {
  onnx::AttributeProto proto;
  proto.set_type(onnx::AttributeProto::INT);
  EXPECT_EQ(std::get<std::int64_t>(*read(proto)), 0);
}

TEST(ConvertAttribute, RefusesContradictions) {
  onnx::AttributeProto other;
  other.set_type(onnx::AttributeProto::INT);
  other.add_floats(1);
  EXPECT_EQ(read_error(other), "is declared as int, but has floats");
  onnx::AttributeProto both;
  both.set_i(1);
  both.set_f(1);
  EXPECT_EQ(read_error(both), "has both float and int");
  EXPECT_EQ(read_error(onnx::AttributeProto()), "has neither type nor value");
  onnx::AttributeProto reference;
  reference.set_ref_attr_name("alpha");
  EXPECT_EQ(read_error(reference), "refers to attribute 'alpha' of a function, but is not in one");
}

TEST(ConvertAttribute, RefusesWhatLatheHasNoWordFor) {
  onnx::AttributeProto sparse;
  sparse.mutable_sparse_tensor();
  EXPECT_EQ(read_error(sparse), "sparse tensors are not supported");
  onnx::AttributeProto types;
  types.add_type_protos();
  EXPECT_EQ(read_error(types), "lists of types are not supported");
  onnx::AttributeProto type;
  type.mutable_tp();
  EXPECT_EQ(read_error(type), "has no type");
}

}  // namespace
}  // namespace lathe::formats
