// Models with operators of ai.onnx.ml: older versions of them, and files that are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/read_onnx.h"
#include "formats/onnx/test_model.h"
#include "formats/onnx/write_onnx.h"
#include "ir/domains.h"
#include "ir/print.h"
#include "ops/evaluate.h"

namespace lathe::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

// One node of the domain at this opset of it, from x to `outputs`.
TestModel ml_model(int opset, std::string_view op_type, ir::DataType type,
                   std::initializer_list<std::int64_t> dims,
                   std::initializer_list<std::string> outputs, const ir::AttributeMap& attributes) {
  TestModel model(21);
  onnx::OperatorSetIdProto& imported = *model.proto.add_opset_import();
  imported.set_domain(std::string(ir::kMlDomain));
  imported.set_version(opset);
  model.add_input("x", dims, type);
  onnx::NodeProto& node = model.add_node(op_type, {"x"}, outputs, "n");
  node.set_domain(std::string(ir::kMlDomain));
  for (const auto& [key, value] : attributes) set_attribute(node, key, value);
  for (const std::string& output : outputs) model.add_output(output);
  return model;
}

ir::Tensor answer(const TestModel& model, const ir::Tensor& x) {
  const auto graph = model.parse();
  EXPECT_TRUE(graph.ok()) << graph.error().message();
  if (!graph.ok()) return {};
  return ops::evaluate(*graph, std::array{x})->at(0);
}

TEST(MlDomain, LabelEncoderOfListedClasses) {
  const ir::AttributeMap classes{{"classes_strings", Words{"a", "b"}},
                                 {"default_int64", std::int64_t{-7}},
                                 {"default_string", std::string("?")}};
  const auto words = ir::Tensor::from_values<std::string>({3}, {"b", "c", "a"});
  EXPECT_THAT(answer(ml_model(1, "LabelEncoder", ir::DataType::kString, {3}, {"y"}, classes), words)
                  .to_int64s(),
              ElementsAre(1, -7, 0));
  EXPECT_THAT(answer(ml_model(1, "LabelEncoder", ir::DataType::kInt64, {3}, {"y"}, classes),
                     ir::Tensor::vector_int64(Ints{1, 2, 0}))
                  .data<std::string>(),
              ElementsAre("b", "?", "a"));
  EXPECT_EQ(ml_model(1, "LabelEncoder", ir::DataType::kInt64, {3}, {"y"}, {}).error(),
            "node n (ai.onnx.ml.LabelEncoder): attribute 'classes_strings' is missing");
}

TEST(MlDomain, LabelEncoderOfKeysThatRepeat) {
  const ir::AttributeMap keys{{"keys_floats", Floats{1, NAN, 1, NAN}},
                              {"values_int64s", Ints{5, 6, 7, 8}}};
  const auto x = ir::Tensor::from_values<float>({2}, {1, NAN});
  const auto at = [&](int opset) {
    return answer(ml_model(opset, "LabelEncoder", ir::DataType::kFloat32, {2}, {"y"}, keys), x)
        .to_int64s();
  };
  EXPECT_THAT(at(2), ElementsAre(5, 6)) << "the first counted";
  EXPECT_THAT(at(3), ElementsAre(5, 6));
  EXPECT_THAT(at(4), ElementsAre(7, 8)) << "the last counts";
}

// The opset of the domain that a file imports.
std::int64_t ml_opset(const std::string& bytes) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(bytes));
  for (const auto& imported : proto.opset_import())
    if (imported.domain() == ir::kMlDomain) return imported.version();
  return 0;
}

TestModel tree(int opset) {
  return ml_model(opset, "TreeEnsembleRegressor", ir::DataType::kFloat32, {-1, 1}, {"y"},
                  {{"n_targets", std::int64_t{1}},
                   {"nodes_treeids", Ints{0}},
                   {"nodes_nodeids", Ints{0}},
                   {"nodes_featureids", Ints{0}},
                   {"nodes_modes", Words{"LEAF"}},
                   {"nodes_values", Floats{0}},
                   {"nodes_truenodeids", Ints{0}},
                   {"nodes_falsenodeids", Ints{0}},
                   {"target_treeids", Ints{0}},
                   {"target_nodeids", Ints{0}},
                   {"target_ids", Ints{0}},
                   {"target_weights", Floats{2.5F}}});
}

TEST(MlDomain, OperatorsThatWereTakenOut) {
  const auto x = ir::Tensor::from_values<float>({1, 1}, {0});
  for (const int opset : {1, 3, 4})
    EXPECT_THAT(answer(tree(opset), x).to_floats(), ElementsAre(2.5F));
  EXPECT_THAT(tree(5).error(), HasSubstr("operator was taken out by opset 5"));
  // Written where they were still there.
  const auto graph = tree(3).parse();
  ASSERT_TRUE(graph.ok());
  const auto bytes = serialize_onnx(*graph);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message();
  EXPECT_EQ(ml_opset(*bytes), 4);
  const auto again = parse_onnx(std::as_bytes(std::span(*bytes)));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(ir::to_text(*again), ir::to_text(*graph));
  const auto newest = ml_model(2, "LabelEncoder", ir::DataType::kInt64, {1}, {"y"},
                               {{"keys_int64s", Ints{1}}, {"values_int64s", Ints{2}}})
                          .parse();
  EXPECT_EQ(ml_opset(*serialize_onnx(*newest)), 5);
}

}  // namespace
}  // namespace lathe::formats
