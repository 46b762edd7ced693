#include "formats/onnx/upgrades.h"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/test_model.h"
#include "ir/print.h"
#include "ops/evaluate.h"
#include "ops/op_def.h"

namespace lathe::formats {
namespace {

using testing::HasSubstr;

// The text of the graph's only node, or the error.
std::string node_text(const TestModel& model) {
  const auto graph = model.parse();
  if (!graph.ok()) return graph.error().message();
  std::string text = ir::to_text(*graph);
  text = text.substr(text.find('\n') + 1);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.substr(text.find_first_not_of(' '));
}

// One node that reads x of these extents and makes y.
TestModel unary(int opset, std::string_view op_type, std::initializer_list<std::int64_t> dims,
                const ir::AttributeMap& attributes = {},
                ir::DataType type = ir::DataType::kFloat32) {
  TestModel model(opset);
  model.add_input("x", dims, type);
  onnx::NodeProto& node = model.add_node(op_type, {"x"}, {"y"}, "n");
  for (const auto& [key, value] : attributes) set_attribute(node, key, value);
  model.add_output("y");
  return model;
}

using Ints = std::vector<std::int64_t>;

TEST(Upgrade, CodeIsThereForChangesOfSignaturesAlone) {
  constexpr struct {
    std::string_view op_type;
    int before;
  } kChanges[] = {
#define LATHE_UPGRADE(op_type, before, function) {#op_type, before},
#include "formats/onnx/upgrades.inc"
#undef LATHE_UPGRADE
  };
  for (const auto& change : kChanges) {
    const ops::Signature* signature = ops::find_signature("", change.op_type, change.before);
    ASSERT_NE(signature, nullptr) << change.op_type;
    EXPECT_EQ(signature->since, change.before) << change.op_type;
    EXPECT_NE(ops::find_op("", change.op_type), nullptr) << change.op_type;
  }
}

TEST(Upgrade, AxesBecomeAnInput) {
  EXPECT_EQ(node_text(unary(11, "ReduceMean", {2, 3},
                            {{"axes", Ints{1}}, {"keepdims", std::int64_t{0}}})),
            "y: float32[2] = ReduceMean(x, 1) {keepdims=0}");
  EXPECT_EQ(node_text(unary(12, "Squeeze", {2, 1}, {{"axes", Ints{-1}}})),
            "y: float32[2] = Squeeze(x, -1)");
  EXPECT_EQ(node_text(unary(7, "Unsqueeze", {2}, {{"axes", Ints{0}}})),
            "y: float32[1,2] = Unsqueeze(x, 0)");
  EXPECT_EQ(node_text(unary(7, "ReduceMean", {2, 3})), "y: float32[1,1] = ReduceMean(x)");
  EXPECT_EQ(node_text(unary(7, "Unsqueeze", {2})),
            "node n (Unsqueeze): opset 7: attribute 'axes' is missing");
  EXPECT_EQ(node_text(unary(7, "Squeeze", {2, 1}, {{"axes", 1.0F}})),
            "node n (Squeeze): opset 7: attribute 'axes' is of kind float, expected ints");
}

TEST(Upgrade, NewOpsetsAreReadAsTheyAre) {
  EXPECT_THAT(node_text(unary(18, "ReduceMean", {2, 3}, {{"axes", Ints{1}}})),
              HasSubstr("unknown attribute 'axes'"));
}

TEST(Upgrade, BatchNormalization) {
  const auto model = [](int opset, std::initializer_list<std::string> outputs) {
    TestModel m(opset);
    m.add_input("x", {-1, 2, 4});
    const auto two = ir::Tensor::from_values<float>({2}, {1, 2});
    for (const char* name : {"s", "b", "m", "v"}) m.add_initializer(name, two);
    m.add_node("BatchNormalization", {"x", "s", "b", "m", "v"}, outputs, "n");
    m.add_output("y");
    return m;
  };
  TestModel spatial = model(7, {"y"});
  set_attribute(*spatial.graph().mutable_node(0), "spatial", std::int64_t{1});
  EXPECT_THAT(node_text(spatial), HasSubstr("BatchNormalization(x, s: float32[2]"));
  EXPECT_EQ(node_text(spatial).find("spatial"), std::string::npos);
  spatial.graph().mutable_node(0)->mutable_attribute(0)->set_i(0);
  EXPECT_EQ(node_text(spatial),
            "node n (BatchNormalization): attribute 'spatial' is 0: statistics per element are not "
            "supported");
  EXPECT_THAT(node_text(model(9, {"y"})), HasSubstr("BatchNormalization("));
  // More than one output meant training.
  EXPECT_THAT(node_text(model(9, {"y", "rm", "rv"})), HasSubstr("training_mode=1"));
  TestModel batch = model(9, {"y", "rm", "rv", "bm", "bv"});
  batch.add_output("bv");
  EXPECT_EQ(node_text(batch),
            "node n (BatchNormalization): output 4, the statistics of the batch, is not supported");
}

TEST(Upgrade, ClipBoundsBecomeInputs) {
  EXPECT_EQ(node_text(unary(7, "Clip", {2}, {{"min", 0.0F}, {"max", 6.0F}})),
            "y: float32[2] = Clip(x, 0, 6)");
  EXPECT_EQ(node_text(unary(10, "Clip", {2}, {{"max", 6.0F}})), "y: float32[2] = Clip(x, _, 6)");
  EXPECT_EQ(node_text(unary(10, "Clip", {2})), "y: float32[2] = Clip(x)");
  EXPECT_EQ(node_text(unary(10, "Clip", {2}, {{"max", 6.0F}}, ir::DataType::kFloat64)),
            "y: float64[2] = Clip(x, _, 6)");
  EXPECT_EQ(node_text(unary(10, "Clip", {2}, {}, ir::DataType::kInt32)),
            "node n (Clip): opset 10: input 0 (input): is int32[2], expected float32, float16 and "
            "float64");
}

TEST(Upgrade, DropoutRatioBecomesAnInput) {
  EXPECT_EQ(node_text(unary(7, "Dropout", {2}, {{"ratio", 0.25F}})),
            "y: float32[2] = Dropout(x, 0.25)");
  TestModel mask = unary(9, "Dropout", {2});
  mask.graph().mutable_node(0)->add_output("mask");
  EXPECT_EQ(node_text(mask), "y: float32[2] = Dropout(x)");
  mask.add_output("mask");
  EXPECT_EQ(node_text(mask),
            "node n (Dropout): output 1, the mask as numbers of opset 9, is not supported");
  mask.proto.mutable_opset_import(0)->set_version(10);
  EXPECT_THAT(node_text(mask), HasSubstr("Dropout(x)"));
}

TEST(Upgrade, PadAttributesBecomeInputs) {
  EXPECT_EQ(node_text(unary(10, "Pad", {2, 2}, {{"pads", Ints{0, 1, 0, 1}}})),
            "y: float32[2,4] = Pad(x, y_pads: int64[4])");
  EXPECT_EQ(node_text(unary(7, "Pad", {2}, {{"pads", Ints{1, 1}}, {"value", 2.0F}})),
            "y: float32[4] = Pad(x, y_pads: int64[2], 2)");
  EXPECT_EQ(node_text(unary(7, "Pad", {2})), "node n (Pad): opset 7: attribute 'pads' is missing");
}

TEST(Upgrade, ReductionsAndSlicesGetTheirOperands) {
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
                         "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}) {
    EXPECT_EQ(node_text(unary(7, op, {2, 3}, {{"axes", Ints{1}}})),
              fmt::format("y: float32[2,1] = {}(x, 1)", op));
  }
  EXPECT_EQ(node_text(unary(9, "Slice", {4, 5},
                            {{"axes", Ints{1}}, {"starts", Ints{1}}, {"ends", Ints{-1}}})),
            "y: float32[4,3] = Slice(x, 1, -1, 1)");
  EXPECT_EQ(node_text(unary(7, "Slice", {4, 5}, {{"starts", Ints{1}}, {"ends", Ints{2}}})),
            "y: float32[1,5] = Slice(x, 1, 2)");
  EXPECT_EQ(node_text(unary(7, "Slice", {4}, {{"starts", Ints{1}}})),
            "node n (Slice): opset 7: attribute 'ends' is missing");
}

TEST(Upgrade, PartsOfASplitAreSaid) {
  const auto split = [](int opset, const ir::AttributeMap& attributes) {
    TestModel model = unary(opset, "Split", {4, 6}, attributes);
    model.graph().mutable_node(0)->add_output("z");
    model.add_output("z");
    return node_text(model);
  };
  const std::int64_t one = 1;
  for (const int opset : {7, 11, 13, 17}) {
    EXPECT_EQ(split(opset, {{"axis", one}}),
              "y: float32[4,3], z: float32[4,3] = Split(x) {axis=1, num_outputs=2}");
  }
  EXPECT_EQ(split(11, {{"split", Ints{}}}),
            "y: float32[2,6], z: float32[2,6] = Split(x) {num_outputs=2}");
  EXPECT_EQ(split(7, {{"axis", one}, {"split", Ints{4, 2}}}),
            "y: float32[4,4], z: float32[4,2] = Split(x, y_split: int64[2]) {axis=1}");
  EXPECT_THAT(split(18, {{"axis", one}}), HasSubstr("needs either input 1 (split) or"));
  EXPECT_THAT(split(13, {{"axis", std::int64_t{2}}}), HasSubstr("axis 2 is out of range"));
  EXPECT_EQ(node_text(unary(13, "Split", {4})), "y: float32[4] = Split(x) {num_outputs=1}");
  TestModel odd = unary(13, "Split", {5});
  odd.graph().mutable_node(0)->add_output("z");
  EXPECT_EQ(node_text(odd), "node n (Split): extent 5 of axis 0 has no 2 equal parts");
}

TEST(Upgrade, RefusesInputsThatTheOldVersionLacked) {
  TestModel model = unary(9, "Clip", {2});
  model.graph().mutable_node(0)->add_input("x");
  EXPECT_EQ(node_text(model), "node n (Clip): opset 9: 2 inputs, expected 1");
  TestModel absent = unary(9, "Clip", {2});
  absent.graph().mutable_node(0)->set_input(0, "");
  EXPECT_EQ(node_text(absent), "node n (Clip): opset 9: 0 inputs, expected 1");
  TestModel output = unary(9, "Dropout", {2});
  output.graph().mutable_node(0)->set_output(0, "");
  output.graph().mutable_node(0)->add_output("y");
  EXPECT_EQ(node_text(output), "node n (Dropout): opset 9: output 0 (output) is missing");
}

TEST(Upgrade, SoftmaxOverOneDimensionKeepsOneNode) {
  EXPECT_EQ(node_text(unary(12, "Softmax", {-1, 10})), "y: float32[N,10] = Softmax(x) {axis=1}");
  EXPECT_EQ(node_text(unary(12, "Softmax", {-1, 10, 1, 1})),
            "y: float32[N,10,1,1] = Softmax(x) {axis=1}");
  EXPECT_EQ(node_text(unary(11, "LogSoftmax", {2, 3, 4}, {{"axis", std::int64_t{-1}}})),
            "y: float32[2,3,4] = LogSoftmax(x) {axis=2}");
  EXPECT_EQ(node_text(unary(13, "Softmax", {2, 3})), "y: float32[2,3] = Softmax(x)");
}

// Before opset 13 the exponentials of all dimensions from `axis` on summed to one.
TEST(Upgrade, SoftmaxOverSeveralDimensionsNormalisesThemTogether) {
  for (const std::int64_t axis : {0, 1, 2, 3}) {
    const auto graph = unary(9, "Softmax", {2, 3, 4}, {{"axis", axis}}).parse();
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    ir::Tensor x = ir::Tensor::zeros(ir::DataType::kFloat32, {2, 3, 4});
    for (std::int64_t i = 0; i < 24; ++i) x.set_double(i, 0.1 * static_cast<double>(i * i % 7));
    const auto outputs = ops::evaluate(*graph, std::array{x});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    const ir::Tensor& y = (*outputs)[0];
    EXPECT_EQ(y.dims(), (Ints{2, 3, 4}));
    const std::int64_t inner[] = {24, 12, 4, 1};
    const std::int64_t run = inner[axis];
    for (std::int64_t start = 0; start < 24; start += run) {
      double sum = 0;
      for (std::int64_t i = start; i < start + run; ++i) sum += std::exp(x.get_double(i));
      for (std::int64_t i = start; i < start + run; ++i) {
        EXPECT_NEAR(y.get_double(i), std::exp(x.get_double(i)) / sum, 1e-6);
      }
    }
  }
}

TEST(Upgrade, SoftmaxOverSeveralDimensionsKeepsOneUnknownExtent) {
  const auto graph = unary(9, "Softmax", {-1, 3, 4}).parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->node_count(), 3U);
  const ir::Tensor x = ir::Tensor::zeros(ir::DataType::kFloat32, {5, 3, 4});
  const auto outputs = ops::evaluate(*graph, std::array{x});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ((*outputs)[0].dims(), (Ints{5, 3, 4}));
  EXPECT_THAT(
      node_text(unary(9, "Softmax", {-1, -1, 4})),
      HasSubstr("normalises several dimensions of float32[N,N,4], of which more than one is "
                "unknown"));
  EXPECT_EQ(node_text(unary(9, "Softmax", {2, 3}, {{"axis", std::int64_t{3}}})),
            "node n (Softmax): axis is 3, expected -2 to 2");
}

// x of [1,2] resized to the text of the node, with these scales as an input.
std::string resized(int opset, std::string_view op_type, std::initializer_list<float> scales,
                    const ir::AttributeMap& attributes = {}) {
  TestModel model = unary(opset, op_type, {1, 2}, attributes);
  model.add_initializer("s", ir::Tensor::from_values<float>({2}, scales));
  onnx::NodeProto& node = *model.graph().mutable_node(0);
  if (opset > 10) {
    model.add_initializer("roi", ir::Tensor::zeros(ir::DataType::kFloat32, {0}));
    node.add_input("roi");
  }
  node.add_input("s");
  return node_text(model);
}

TEST(Upgrade, UpsampleAndOldResizesBecomeResize) {
  const std::string floor =
      " {coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"floor\"}";
  const std::string ceil =
      " {coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"ceil\"}";
  EXPECT_EQ(node_text(unary(7, "Upsample", {1, 2}, {{"scales", std::vector<float>{1, 2}}})),
            "y: float32[1,4] = Resize(x, _, y_scales: float32[2])" + floor);
  EXPECT_EQ(resized(9, "Upsample", {1, 2}),
            "y: float32[1,4] = Resize(x, _, s: float32[2])" + floor);
  EXPECT_EQ(resized(10, "Resize", {1, 2}), "y: float32[1,4] = Resize(x, _, s: float32[2])" + floor);
  EXPECT_EQ(resized(10, "Resize", {1, 0.5F}),
            "y: float32[1,1] = Resize(x, _, s: float32[2])" + ceil);
  EXPECT_EQ(resized(10, "Resize", {2, 0.5F}),
            "node n (Resize): scales that enlarge some axes and shrink others");
  EXPECT_EQ(resized(10, "Resize", {2, 0.5F}, {{"mode", std::string("linear")}}),
            "y: float32[2,1] = Resize(x, _, s: float32[2]) "
            "{coordinate_transformation_mode=\"asymmetric\", mode=\"linear\"}");
  EXPECT_THAT(resized(10, "Upsample", {1, 2}), HasSubstr("operator was taken out by opset 10"));
}

TEST(Upgrade, ResizeOfHalfPixelsForNearestNeighbors) {
  const auto with = [](const char* rounding) {
    return resized(12, "Resize", {1, 2},
                   {{"coordinate_transformation_mode", std::string("tf_half_pixel_for_nn")},
                    {"nearest_mode", std::string(rounding)}});
  };
  EXPECT_THAT(with("floor"), HasSubstr("{coordinate_transformation_mode=\"half_pixel\", "
                                       "nearest_mode=\"round_prefer_ceil\"}"));
  EXPECT_THAT(with("round_prefer_floor"), HasSubstr("nearest_mode=\"ceil\"}"));
  EXPECT_THAT(with("ceil"), HasSubstr("'tf_half_pixel_for_nn' with nearest_mode 'ceil'"));
}

TEST(Upgrade, ScatterBecomesScatterElements) {
  TestModel model = unary(9, "Scatter", {3});
  model.add_initializer("i", ir::Tensor::vector_int64(Ints{1}));
  model.add_initializer("u", ir::Tensor::from_values<float>({1}, {5}));
  for (const char* input : {"i", "u"}) model.graph().mutable_node(0)->add_input(input);
  EXPECT_THAT(node_text(model), HasSubstr("y: float32[3] = ScatterElements(x, "));
}

TEST(Upgrade, NumberOfTopElementsBecomesAnInput) {
  TestModel model = unary(9, "TopK", {5}, {{"k", std::int64_t{2}}});
  model.graph().mutable_node(0)->add_output("indices");
  EXPECT_THAT(node_text(model), HasSubstr("float32[2]"));
}

TEST(Upgrade, ConstantNodesBecomeConstants) {
  const std::pair<const char*, ir::Attribute> forms[] = {
      {"value", ir::Tensor::from_values<float>({2}, {1, 2})},
      {"value_float", 1.0F},
      {"value_floats", std::vector<float>{1, 2}},
  };
  for (const auto& [key, value] : forms) {
    TestModel model(13);
    model.add_input("x", {2});
    set_attribute(model.add_node("Constant", {}, {"c"}, "k"), key, value);
    model.add_node("Add", {"x", "c"}, {"y"});
    model.add_output("y");
    const auto graph = model.parse();
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    EXPECT_EQ(graph->node_count(), 1U);
    EXPECT_NE(graph->constant(*graph->find_value("c")), nullptr);
  }
  TestModel other(13);
  const std::pair<const char*, ir::Attribute> outputs[] = {
      {"value_int", std::int64_t{4}},
      {"value_ints", Ints{4, 5}},
      {"value_string", std::string("a")},
      {"value_strings", std::vector<std::string>{"a", "b"}},
  };
  for (const auto& [key, value] : outputs) {
    set_attribute(other.add_node("Constant", {}, {key}), key, value);
    other.add_output(key);
  }
  const auto graph = other.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  for (const ir::ValueId id : graph->outputs()) EXPECT_NE(graph->constant(id), nullptr);
}

TEST(Upgrade, RefusesConstantsWithoutAValue) {
  TestModel none(13);
  none.add_node("Constant", {}, {"y"}, "k");
  none.add_output("y");
  EXPECT_EQ(none.error(), "node k (Constant): has 0 attributes, expected one with its value");
  TestModel wrong(13);
  set_attribute(wrong.add_node("Constant", {}, {"y"}, "k"), "value", 1.0F);
  wrong.add_output("y");
  EXPECT_EQ(wrong.error(),
            "node k (Constant): attribute 'value' is float, which gives a constant no value");
}

TEST(Upgrade, ChoosesNamesThatAreFree) {
  TestModel model(10);
  model.add_input("y_max", {2});
  model.add_input("y_max_0", {2});
  set_attribute(model.add_node("Clip", {"y_max"}, {"y"}), "max", 1.0F);
  model.add_output("y");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const ir::ValueId bound = graph->node(0).input(2);
  ASSERT_NE(graph->constant(bound), nullptr);
  EXPECT_THAT(graph->value(bound).name, testing::StartsWith("y_max_"));
  EXPECT_EQ(graph->inputs().size(), 2U);
  EXPECT_TRUE(graph->verify().ok());
}

}  // namespace
}  // namespace lathe::formats
