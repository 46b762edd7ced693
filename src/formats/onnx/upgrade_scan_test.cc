#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/test_model.h"
#include "ops/evaluate.h"

namespace lathe::formats {
namespace {

using ir::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

void add_value(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& list, const char* name) {
  list.Add()->set_name(name);
}

// y, z = Scan(lengths, state, x) of opset 8: sums of the scaled rows of each member of a batch.
TestModel batched_scan(const char* lengths, const std::vector<std::int64_t>& directions) {
  TestModel model(8);
  model.add_input("state", {2, 1});
  model.add_input("x", {2, 3, 1});
  model.add_input("scale", {});
  if (*lengths != '\0') model.add_input(lengths, {2}, ir::DataType::kInt64);
  onnx::NodeProto& node = model.add_node("Scan", {lengths, "state", "x"}, {"y", "z"}, "n");
  set_attribute(node, "num_scan_inputs", std::int64_t{1});
  if (!directions.empty()) set_attribute(node, "directions", directions);
  onnx::AttributeProto& body = *node.add_attribute();
  body.set_name("body");
  body.set_type(onnx::AttributeProto::GRAPH);
  onnx::GraphProto& graph = *body.mutable_g();
  graph.set_name("body");
  add_value(*graph.mutable_input(), "before");
  add_value(*graph.mutable_input(), "row");
  add_value(*graph.mutable_output(), "sum");
  add_value(*graph.mutable_output(), "scaled");
  const auto add_node = [&](const char* op, const char* a, const char* b, const char* made) {
    onnx::NodeProto& inner = *graph.add_node();
    inner.set_op_type(op);
    inner.add_input(a);
    inner.add_input(b);
    inner.add_output(made);
  };
  add_node("Mul", "row", "scale", "scaled");
  add_node("Add", "before", "scaled", "sum");
  model.add_output("y");
  model.add_output("z");
  return model;
}

TEST(UpgradeScan, EachMemberOfABatchIsScanned) {
  for (const bool reversed : {false, true}) {
    const TestModel model =
        batched_scan("", reversed ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{});
    const auto graph = model.parse();
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    EXPECT_EQ(graph->type(graph->outputs()[0]).to_string(), "float32[2,1]");
    EXPECT_EQ(graph->type(graph->outputs()[1]).to_string(), "float32[2,3,1]");
    const auto outputs =
        ops::evaluate(*graph, std::array{Tensor::from_values<float>({2, 1}, {0, 100}),
                                         Tensor::from_values<float>({2, 3, 1}, {1, 2, 3, 4, 5, 6}),
                                         Tensor::scalar(10.0F)});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_THAT(outputs->at(0).to_floats(), ElementsAre(60, 250));
    if (reversed) {
      EXPECT_THAT(outputs->at(1).to_floats(), ElementsAre(30, 20, 10, 60, 50, 40));
    } else {
      EXPECT_THAT(outputs->at(1).to_floats(), ElementsAre(10, 20, 30, 40, 50, 60));
    }
  }
}

TEST(UpgradeScan, Refusals) {
  EXPECT_EQ(batched_scan("lengths", {}).error(),
            "node n (Scan): sequences of unlike lengths (input sequence_lens) at opset 8");
  EXPECT_THAT(batched_scan("", {0, 1}).error(),
              HasSubstr("scan_input_directions has 2 values, expected 1"));
}

}  // namespace
}  // namespace lathe::formats
