#include "formats/onnx/read_onnx.h"

#include <algorithm>
#include <array>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/test_model.h"
#include "formats/onnx/write_onnx.h"
#include "ir/print.h"
#include "ops/evaluate.h"

namespace lathe::formats {
namespace {

using testing::HasSubstr;

TEST(ReadOnnx, ReadsASmallModel) {
  TestModel model = relu_model();
  model.add_initializer("unused", ir::Tensor::scalar(1.0F));
  onnx::StringStringEntryProto& entry = *model.proto.add_metadata_props();
  entry.set_key("lathe.labels");
  entry.set_value("[\"a\"]");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(ir::to_text(*graph),
            "graph test (x: float32[2,3]) -> (y: float32[2,3])\n"
            "  y: float32[2,3] = Relu(x)\n");
  EXPECT_EQ(graph->metadata.at("lathe.labels"), "[\"a\"]");
}

TEST(ReadOnnx, KeepsSymbolsAndUnknownExtents) {
  TestModel model;
  model.add_input("x", {-1, 3});
  model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
  model.add_node("Relu", {"x"}, {"y"});
  model.add_output("y");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->tensor_type(graph->outputs()[0]).to_string(), "float32[N,3,?]");
}

TEST(ReadOnnx, InitializersListedAsInputsAreConstants) {
  TestModel model(7, 3);
  model.add_input("x", {2});
  model.add_input("w", {2});
  model.add_initializer("w", ir::Tensor::from_values<float>({2}, {1, 2}));
  model.add_node("Add", {"x", "w"}, {"y"});
  model.add_output("y");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->inputs().size(), 1U);
  EXPECT_NE(graph->constant(*graph->find_value("w")), nullptr);
}

Result<ir::Graph> parse_foreign(const TestModel& model) {
  ReadOptions options;
  options.unknown_operators = UnknownOperators::kKeep;
  const std::string bytes = model.proto.SerializeAsString();
  return parse_onnx(std::as_bytes(std::span(bytes)), options);
}

TEST(ReadOnnx, KeepsUnknownOperatorsWhereAsked) {
  TestModel model(17);
  model.add_input("x", {2, 3});
  model.add_node("Turn", {"x"}, {"y"}, "turn");
  set_attribute(*model.graph().mutable_node(0), "equation", std::string("ij->ji"));
  model.add_output("y");
  EXPECT_THAT(model.error(), HasSubstr("node turn (Turn): operator is not supported"));
  const auto graph = parse_foreign(model);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->opsets.at(""), 17);
  EXPECT_EQ(std::get<std::string>(graph->node(0).attributes.at("equation")), "ij->ji");

  // What others get is at the same opset.
  onnx::ModelProto written;
  ASSERT_TRUE(written.ParseFromString(serialize_onnx(*graph).value()));
  ASSERT_EQ(written.opset_import_size(), 1);
  EXPECT_EQ(written.opset_import(0).version(), 17);
  EXPECT_EQ(written.graph().node(0).op_type(), "Turn");
}

TEST(ReadOnnx, KeepsTheDeclaredTypesOfAForeignGraph) {
  TestModel model(17);
  model.add_input("x", {2, 3});
  model.add_node("Turn", {"x"}, {"inner"});
  model.add_node("Turn", {"inner"}, {"y"});
  model.add_output("y");
  onnx::ValueInfoProto& info = *model.graph().add_value_info();
  info.set_name("inner");
  info.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT16);
  model.proto.ParseFromString(serialize_onnx(parse_foreign(model).value()).value());
  const auto again = parse_foreign(model);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->tensor_type(*again->find_value("inner")).to_string(), "int16[*]");
}

TEST(ReadOnnx, KnownModelsAreCanonicalEvenWhereUnknownOperatorsMayStay) {
  const auto graph = parse_foreign(relu_model());
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_TRUE(graph->opsets.empty());
}

// A graph inside a node inside a node, which reads values of both around it; its own names are
// theirs too, as exporters have them.
TEST(ReadOnnx, SubgraphsReadWhatIsAroundThem) {
  TestModel model(17);
  model.add_input("x", {2});
  model.add_initializer("yes", ir::Tensor::scalar(true));
  model.add_node("Relu", {"x"}, {"middle"});
  model.add_node("Tanh", {"x"}, {"dead"});
  const auto add_branches = [](onnx::NodeProto& node, const auto& fill) {
    for (const char* name : {"then_branch", "else_branch"}) {
      onnx::AttributeProto& branch = *node.add_attribute();
      branch.set_name(name);
      branch.set_type(onnx::AttributeProto::GRAPH);
      branch.mutable_g()->set_name("inner");
      fill(*branch.mutable_g());
      branch.mutable_g()->add_output()->set_name("out");
    }
  };
  const auto add_op = [](onnx::GraphProto& graph, const char* op_type,
                         std::initializer_list<const char*> inputs) -> onnx::NodeProto& {
    onnx::NodeProto& node = *graph.add_node();
    node.set_op_type(op_type);
    for (const char* input : inputs) node.add_input(input);
    node.add_output("out");
    return node;
  };
  add_branches(model.add_node("If", {"yes"}, {"y"}, "outer"), [&](onnx::GraphProto& body) {
    add_branches(add_op(body, "If", {"yes"}), [&](onnx::GraphProto& innermost) {
      add_op(innermost, "Add", {"x", "middle"});
    });
  });
  model.add_output("y");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_FALSE(graph->find_value("dead"));
  EXPECT_TRUE(graph->find_value("middle"));
  EXPECT_EQ(graph->type(graph->outputs()[0]).to_string(), "float32[2]");
  const auto outputs =
      ops::evaluate(*graph, std::array{ir::Tensor::from_values<float>({2}, {-1, 3})});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).to_floats(), testing::ElementsAre(-1, 6));

  // Written, every name is there once.
  const std::string bytes = serialize_onnx(*graph).value();
  onnx::ModelProto written;
  ASSERT_TRUE(written.ParseFromString(bytes));
  std::vector<std::string> names;
  const std::function<void(const onnx::GraphProto&)> collect = [&](const onnx::GraphProto& g) {
    for (const onnx::NodeProto& node : g.node()) {
      names.insert(names.end(), node.output().begin(), node.output().end());
      for (const onnx::AttributeProto& attribute : node.attribute()) collect(attribute.g());
    }
  };
  collect(written.graph());
  std::sort(names.begin(), names.end());
  // Branches beside each other may use one name, those within each other may not.
  EXPECT_THAT(names, testing::Contains("y"));
  const auto again = parse_onnx(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(ir::to_text(*again), ir::to_text(*graph));
}

TEST(ReadOnnx, ConstantsThatOnlyASubgraphReadsAreWritten) {
  TestModel model(17);
  model.add_input("x", {2});
  model.add_initializer("yes", ir::Tensor::scalar(true));
  model.add_initializer("captured", ir::Tensor::from_values<float>({2}, {1, 2}));
  onnx::NodeProto& node = model.add_node("If", {"yes"}, {"y"}, "choice");
  for (const char* name : {"then_branch", "else_branch"}) {
    onnx::AttributeProto& branch = *node.add_attribute();
    branch.set_name(name);
    branch.set_type(onnx::AttributeProto::GRAPH);
    branch.mutable_g()->set_name("inner");
    onnx::NodeProto& inner = *branch.mutable_g()->add_node();
    inner.set_op_type("Add");
    inner.add_input("x");
    inner.add_input("captured");
    inner.add_output(std::string(name) + "_out");
    // An empty type, as some exporters write it.
    onnx::ValueInfoProto& output = *branch.mutable_g()->add_output();
    output.set_name(std::string(name) + "_out");
    output.mutable_type();
  }
  model.add_output("y");
  const auto graph = parse_foreign(model);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  onnx::ModelProto written;
  ASSERT_TRUE(written.ParseFromString(serialize_onnx(*graph).value()));
  EXPECT_EQ(written.graph().initializer_size(), 2);
  EXPECT_EQ(written.graph().node(0).attribute(0).g().node(0).input(1), "captured");
}

TEST(ReadOnnx, NodesMayStandInAnyOrder) {
  TestModel model;
  model.add_input("x", {2});
  model.add_node("Relu", {"a"}, {"y"});
  model.add_node("Tanh", {"x"}, {"a"});
  model.add_output("y");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->node(0).op_type, "Tanh");
}

TEST(ReadOnnx, AcceptsBothNamesOfTheDefaultDomain) {
  TestModel model = relu_model();
  model.proto.mutable_opset_import(0)->set_domain("ai.onnx");
  EXPECT_EQ(model.error(), "no error");
  model.graph().mutable_node(0)->set_domain("ai.onnx");
  EXPECT_EQ(model.error(), "no error");
}

TEST(ReadOnnx, UsesDeclaredTypesOfInnerValues) {
  TestModel model = relu_model();
  onnx::ValueInfoProto& info = *model.graph().add_value_info();
  info.set_name("y");
  info.mutable_type()->mutable_tensor_type()->set_elem_type(1);
  EXPECT_EQ(model.error(), "no error");
  info.mutable_type()->mutable_tensor_type()->set_elem_type(7);
  EXPECT_EQ(model.error(),
            "node node (Relu): output 0 (Y): is int64[*], but X is float32[2,3]: both must be of "
            "one type");
}

TEST(ReadOnnx, FilesNameTheirPath) {
  const auto missing = read_onnx("/nowhere/model.onnx");
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message(), testing::StartsWith("/nowhere/model.onnx: "));
}

// One test for each thing that can be wrong with a model that protobuf parses.

TEST(ReadOnnxErrors, Versions) {
  EXPECT_EQ(TestModel(21, 2).error(), "ir_version 2 is not supported, expected 3 to 14");
  EXPECT_EQ(TestModel(21, 99).error(), "ir_version 99 is not supported, expected 3 to 14");
  EXPECT_EQ(TestModel(0).error(), "opset 0 is not supported, expected 1 to 28");
  EXPECT_EQ(TestModel(29).error(), "opset 29 is not supported, expected 1 to 28");
  TestModel none = relu_model();
  none.proto.mutable_opset_import(0)->set_domain("other");
  EXPECT_THAT(none.error(),
              HasSubstr("node node (Relu): the model does not import the default domain"));
  none.proto.clear_opset_import();
  EXPECT_EQ(none.error(), "the model imports no opset");
  EXPECT_EQ(parse_foreign(none).error().message(), "the model imports no opset");
  TestModel twice = relu_model();
  twice.proto.add_opset_import()->set_version(13);
  EXPECT_EQ(twice.error(), "opset_import: domain '' is there at versions 21 and 13");
  TestModel lathe = relu_model();
  lathe.proto.add_opset_import()->set_domain("lathe");
  lathe.proto.mutable_opset_import(1)->set_version(2);
  EXPECT_EQ(lathe.error(), "opset 2 of domain 'lathe' is not supported, expected 1");
}

TEST(ReadOnnxErrors, EmptyThings) {
  EXPECT_EQ(parse_onnx({}).error().message(), "the file is empty");
  TestModel no_graph = relu_model();
  no_graph.proto.clear_graph();
  EXPECT_EQ(no_graph.error(), "the model has no graph");
  EXPECT_EQ(TestModel().error(), "the graph has no outputs");
}

TEST(ReadOnnxErrors, UnsupportedOperatorsAreAllNamed) {
  TestModel model = relu_model();
  model.add_node("Blur", {"x"}, {"a"}, "foo");
  model.add_node("Blur", {"x"}, {"b"}, "bar");
  onnx::NodeProto& branch = model.add_node("Fork", {"x"}, {"c"});
  onnx::AttributeProto& body = *branch.add_attribute();
  body.set_name("body");
  body.mutable_g()->add_node()->set_op_type("NoSuchOp");
  model.add_node("Gemm", {"x"}, {"d"}).set_domain("com.other");
  EXPECT_EQ(model.error(),
            "node foo (Blur): operator is not supported (2 such nodes); node #3 (Fork): "
            "operator is not supported; node #0 (NoSuchOp): operator is not supported; node #4 "
            "(com.other.Gemm): operator is not supported; the model is at opset 21");
}

TEST(ReadOnnxErrors, OperatorsNewerThanTheModel) {
  TestModel model(13);
  model.add_input("x", {2});
  model.add_node("HardSwish", {"x"}, {"y"}, "h");
  model.add_output("y");
  EXPECT_EQ(model.error(),
            "node h (HardSwish): operator exists since opset 14; the model is at opset 13");
  TestModel lathe;
  lathe.add_node("QGemm", {}, {"y"}, "q").set_domain("com.microsoft");
  EXPECT_EQ(lathe.error(),
            "node q (com.microsoft.QGemm): the model does not import domain 'com.microsoft'; the "
            "model is at opset 21");
}

// twice(x) = x + x, and y = scaled(x) = LeakyRelu(twice(x)), whose slope is the call's.
TestModel model_of_functions() {
  TestModel model;
  model.add_input("x", {2});
  onnx::NodeProto& call = model.add_node("scaled", {"x"}, {"y"}, "call");
  call.set_domain("own");
  model.add_output("y");
  for (const char* name : {"scaled", "twice"}) {
    onnx::FunctionProto& function = *model.proto.add_functions();
    function.set_name(name);
    function.set_domain("own");
    function.add_input("a");
    function.add_output("b");
    onnx::OperatorSetIdProto& import = *function.add_opset_import();
    import.set_version(21);
  }
  const auto node = [&](int function, const char* type, std::initializer_list<const char*> inputs,
                        const char* output) -> onnx::NodeProto& {
    onnx::NodeProto& made = *model.proto.mutable_functions(function)->add_node();
    made.set_op_type(type);
    made.set_name("inner");
    for (const char* input : inputs) made.add_input(input);
    made.add_output(output);
    return made;
  };
  node(0, "twice", {"a"}, "middle").set_domain("own");
  onnx::AttributeProto& slope = *node(0, "LeakyRelu", {"middle"}, "b").add_attribute();
  slope.set_name("alpha");
  slope.set_ref_attr_name("slope");
  slope.set_type(onnx::AttributeProto::FLOAT);
  node(1, "Add", {"a", "a"}, "b");
  onnx::OperatorSetIdProto& own = *model.proto.add_opset_import();
  own.set_domain("own");
  own.set_version(1);
  return model;
}

TEST(ReadOnnx, InlinesFunctions) {
  TestModel model = model_of_functions();
  set_attribute(*model.graph().mutable_node(0), "slope", 0.5F);
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->node_count(), 2U);
  const ir::Node* leaky = graph->producer(graph->outputs()[0]);
  ASSERT_TRUE(leaky != nullptr && leaky->is("LeakyRelu"));
  EXPECT_EQ(leaky->name, "call.1/inner");
  EXPECT_EQ(std::get<float>(leaky->attributes.at("alpha")), 0.5F);
  // Without a value the attribute has the operator's default.
  const auto plain = model_of_functions().parse();
  EXPECT_TRUE(plain->producer(plain->outputs()[0])->attributes.empty());
}

TEST(ReadOnnx, AFunctionMayHandOnItsInput) {
  TestModel model;
  model.add_input("x", {2});
  model.add_node("same", {"x"}, {"y"}).set_domain("own");
  model.add_output("y");
  onnx::FunctionProto& function = *model.proto.add_functions();
  function.set_name("same");
  function.set_domain("own");
  function.add_input("a");
  function.add_output("a");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_TRUE(graph->producer(graph->outputs()[0])->is("Identity"));
}

TEST(ReadOnnxErrors, Functions) {
  TestModel endless = model_of_functions();
  onnx::NodeProto& loop = *endless.proto.mutable_functions(1)->mutable_node(0);
  loop.set_op_type("scaled");
  loop.set_domain("own");
  EXPECT_THAT(endless.error(), testing::EndsWith("function 'own.scaled' calls itself"));
  TestModel twice = model_of_functions();
  *twice.proto.add_functions() = twice.proto.functions(0);
  EXPECT_EQ(twice.error(), "function 'own.scaled' is there twice");
  TestModel wide = model_of_functions();
  wide.graph().mutable_node(0)->add_input("x");
  EXPECT_EQ(wide.error(),
            "node call (own.scaled): function 'own.scaled' has 1 inputs and 1 outputs, the call 2 "
            "and 1");
  TestModel old = model_of_functions();
  old.proto.mutable_functions(0)->mutable_opset_import(0)->set_version(15);
  EXPECT_THAT(old.error(), testing::HasSubstr("is at opset 15 of domain '', the model at 21, and "
                                              "LeakyRelu differs between them"));
  // Each level has twice the nodes of the one below.
  TestModel growing = model_of_functions();
  for (int level = 0; level < 40; ++level) {
    onnx::FunctionProto& function = *growing.proto.add_functions();
    function.set_name(fmt::format("level{}", level));
    function.set_domain("own");
    function.add_input("a");
    function.add_output("b");
    for (const auto& [from, to] : {std::pair("a", "c"), std::pair("c", "b")}) {
      onnx::NodeProto& node = *function.add_node();
      node.set_op_type(level == 0 ? "twice" : fmt::format("level{}", level - 1));
      node.set_domain("own");
      node.add_input(from);
      node.add_output(to);
    }
  }
  growing.graph().mutable_node(0)->set_op_type("level39");
  EXPECT_THAT(growing.error(),
              testing::HasSubstr("with its functions in place the model has more"));
}

TEST(ReadOnnxErrors, Cycles) {
  TestModel model;
  model.add_input("x", {2});
  model.add_node("Add", {"x", "b"}, {"a"}, "first");
  model.add_node("Relu", {"a"}, {"b"}, "second");
  model.add_output("b");
  EXPECT_EQ(model.error(), "node first (Add): lies on or behind a cycle");
  TestModel self;
  self.add_node("Relu", {"y"}, {"y"}, "self");
  self.add_output("y");
  EXPECT_EQ(self.error(), "node self (Relu): lies on or behind a cycle");
}

TEST(ReadOnnxErrors, NamesThatAreTaken) {
  TestModel output = relu_model();
  output.add_node("Tanh", {"x"}, {"y"}, "t");
  EXPECT_EQ(output.error(), "node t (Tanh): output 'y' is the name of another value too");
  TestModel input = relu_model();
  input.add_node("Tanh", {"x"}, {"x"}, "t");
  EXPECT_EQ(input.error(), "node t (Tanh): output 'x' is the name of another value too");
  TestModel inputs = relu_model();
  inputs.add_input("x", {1});
  EXPECT_EQ(inputs.error(), "input 'x' is there twice");
  TestModel initializers = relu_model();
  initializers.add_initializer("w", ir::Tensor::scalar(1.0F));
  initializers.add_initializer("w", ir::Tensor::scalar(1.0F));
  EXPECT_EQ(initializers.error(), "initializer 'w' is there twice");
  TestModel outputs = relu_model();
  outputs.add_output("y");
  EXPECT_EQ(outputs.error(), "output 'y' is there twice");
  TestModel attributes = relu_model();
  set_attribute(*attributes.graph().mutable_node(0), "a", 1.0F);
  set_attribute(*attributes.graph().mutable_node(0), "a", 1.0F);
  EXPECT_EQ(attributes.error(), "node node (Relu): attribute 'a' is there twice");
  TestModel metadata = relu_model();
  metadata.proto.add_metadata_props()->set_key("k");
  metadata.proto.add_metadata_props()->set_key("k");
  EXPECT_EQ(metadata.error(), "metadata 'k' is there twice");
}

TEST(ReadOnnxErrors, NamesThatAreMissing) {
  TestModel input = relu_model();
  input.graph().mutable_node(0)->set_input(0, "nothing");
  EXPECT_EQ(input.error(),
            "node node (Relu): input 'nothing' is not made by any node, input or initializer");
  TestModel output = relu_model();
  output.graph().mutable_output(0)->set_name("nothing");
  EXPECT_EQ(output.error(), "output 'nothing' is not made by any node, input or initializer");
  TestModel no_outputs = relu_model();
  no_outputs.graph().mutable_node(0)->clear_output();
  EXPECT_EQ(no_outputs.error(), "node node (Relu): has no outputs");
  TestModel no_type = relu_model();
  no_type.graph().mutable_node(0)->clear_op_type();
  EXPECT_EQ(no_type.error(), "node node (): has no operator type");
  TestModel unnamed = relu_model();
  unnamed.graph().add_initializer();
  EXPECT_EQ(unnamed.error(), "initializer 0 has no name");
  TestModel unnamed_input = relu_model();
  unnamed_input.graph().add_input();
  EXPECT_EQ(unnamed_input.error(), "input 1 has no name");
  TestModel unnamed_output = relu_model();
  unnamed_output.graph().add_output();
  EXPECT_EQ(unnamed_output.error(), "output 1 has no name");
  TestModel attribute = relu_model();
  attribute.graph().mutable_node(0)->add_attribute()->set_i(1);
  EXPECT_EQ(attribute.error(), "node node (Relu): an attribute has no name");
}

TEST(ReadOnnxErrors, NamesThatAreNotText) {
  TestModel bytes = relu_model();
  bytes.graph().mutable_node(0)->set_name("a\xff");
  EXPECT_EQ(bytes.error(), "node a\\xff (Relu): name 'a\\xff' is not UTF-8");
  TestModel control = relu_model();
  control.graph().mutable_node(0)->set_output(0, "a\x1b[2J");
  EXPECT_EQ(control.error(), "node node (Relu): output 'a\\x1b[2J' has a control character");
  TestModel longer = relu_model();
  longer.graph().set_name(std::string(9000, 'n'));
  EXPECT_EQ(longer.error(), "graph name '" + std::string(80, 'n') +
                                "...' has 9000 bytes, at most 8192 are accepted");
  TestModel metadata = relu_model();
  metadata.proto.add_metadata_props()->set_key("k");
  metadata.proto.mutable_metadata_props(0)->set_value("\xc3");
  EXPECT_EQ(metadata.error(), "metadata 'k' is not UTF-8");
}

TEST(ReadOnnxErrors, TypesOfInputs) {
  const auto with_type = [](auto change) {
    TestModel model = relu_model();
    change(*model.graph().mutable_input(0)->mutable_type());
    return model.error();
  };
  EXPECT_EQ(with_type([](onnx::TypeProto& type) { type.clear_tensor_type(); }),
            "input 'x': has no type");
  EXPECT_EQ(with_type([](onnx::TypeProto& type) { type.mutable_sequence_type(); }),
            "input 'x': has no type");
  EXPECT_EQ(with_type([](onnx::TypeProto& type) { type.mutable_tensor_type()->set_elem_type(0); }),
            "input 'x': element type 0 is unknown");
  EXPECT_EQ(with_type([](onnx::TypeProto& type) { type.mutable_tensor_type()->set_elem_type(20); }),
            "node node (Relu): input 0 (X): is float8e5m2fnuz[2,3], expected float32, int8, int16, "
            "int32, int64, float16, float64 and bfloat16");
  const auto dim = [&](std::int64_t value) {
    return with_type([&](onnx::TypeProto& type) {
      type.mutable_tensor_type()->mutable_shape()->mutable_dim(1)->set_dim_value(value);
    });
  };
  EXPECT_EQ(dim(-5), "input 'x': dimension 1 is -5, expected 0 or more");
  EXPECT_EQ(dim(-1), "no error");
  EXPECT_EQ(dim(std::int64_t{1} << 40),
            "input 'x': float32[2,1099511627776] takes more than the "
            "limit of 1099511627776 bytes");
  EXPECT_THAT(dim(INT64_MAX), HasSubstr("input 'x': shape [2,9223372036854775807] has too many"));
  EXPECT_EQ(with_type([](onnx::TypeProto& type) {
              for (int i = 0; i < 100; ++i) type.mutable_tensor_type()->mutable_shape()->add_dim();
            }),
            "input 'x': has 102 dimensions, at most 64 are accepted");
}

TEST(ReadOnnxErrors, SizesThatInferenceComputes) {
  TestModel model(9);
  model.add_input("x", {4});
  set_attribute(model.add_node("Pad", {"x"}, {"y"}, "p"), "pads",
                std::vector<std::int64_t>{std::int64_t{1} << 50, 0});
  model.add_output("y");
  EXPECT_THAT(model.error(), HasSubstr("node p (Pad): "));
}

TEST(ReadOnnxErrors, Initializers) {
  TestModel model = relu_model();
  model.add_initializer("w", ir::Tensor::from_values<float>({2}, {1, 2})).set_dims(0, 3);
  EXPECT_EQ(model.error(), "initializer 'w': raw data has 8 bytes, expected 12 for float32[3]");
  TestModel sparse = relu_model();
  sparse.graph().add_sparse_initializer()->mutable_values()->set_name("s");
  EXPECT_EQ(sparse.error(), "sparse initializer 's': sparse tensors are not supported");
  TestModel type = relu_model();
  type.add_input("w", {2}, ir::DataType::kInt64);
  type.add_initializer("w", ir::Tensor::from_values<float>({2}, {1, 2}));
  EXPECT_EQ(type.error(), "initializer 'w': is float32[2], but the input of that name is int64[2]");
}

TEST(ReadOnnxErrors, AttributesNameTheirNode) {
  TestModel model = relu_model();
  onnx::AttributeProto& attribute = *model.graph().mutable_node(0)->add_attribute();
  attribute.set_name("alpha");
  EXPECT_EQ(model.error(), "node node (Relu): attribute 'alpha': has neither type nor value");
  attribute.set_f(1);
  EXPECT_EQ(model.error(), "node node (Relu): unknown attribute 'alpha'");
}

TEST(ReadOnnxErrors, DeclaredOutputsThatDoNotFit) {
  TestModel model = relu_model();
  model.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(7);
  EXPECT_THAT(model.error(), HasSubstr("node node (Relu): output 0 (Y): is int64[*]"));
  TestModel input = relu_model();
  input.add_output("x");
  input.graph().mutable_output(1)->mutable_type()->mutable_tensor_type()->set_elem_type(7);
  EXPECT_EQ(input.error(), "output 'x': is declared as int64[*], but is float32[2,3]");
}

}  // namespace
}  // namespace lathe::formats
