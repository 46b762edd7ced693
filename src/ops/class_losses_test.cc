// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Shape;
using ir::Tensor;
using testing::ElementsAre;

constexpr const char* kLikelihood = "NegativeLogLikelihoodLoss";
constexpr const char* kEntropy = "SoftmaxCrossEntropyLoss";

Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}
Tensor ints(std::initializer_list<std::int64_t> dims, std::initializer_list<std::int64_t> values) {
  return Tensor::from_values<std::int64_t>(dims, values);
}

Result<std::vector<Tensor>> run(std::string_view op, const std::vector<Tensor>& inputs,
                                ir::AttributeMap attributes = {}) {
  ir::Node node{"n", "", std::string(op), {}, {0}, std::move(attributes)};
  if (op == kEntropy) node.outputs.push_back(1);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  return evaluate_node(node, inputs);
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

ir::AttributeMap reduced(const char* reduction) { return {{"reduction", std::string(reduction)}}; }

// The example of the specification: two samples of two places and three classes.
const Tensor& scores() {
  static const Tensor tensor = floats({2, 3, 2}, {1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2});
  return tensor;
}
const Tensor& classes() {
  static const Tensor tensor = ints({2, 2}, {2, 1, 0, 2});
  return tensor;
}
const Tensor& weights() {
  static const Tensor tensor = floats({3}, {0.2F, 0.3F, 0.1F});
  return tensor;
}

TEST(NegativeLogLikelihoodLoss, Reductions) {
  EXPECT_THAT(run(kLikelihood, {scores(), classes()}, reduced("none"))->at(0).to_floats(),
              ElementsAre(-3, -2, 0, -2));
  EXPECT_FLOAT_EQ(
      run(kLikelihood, {scores(), classes(), weights()}, reduced("sum"))->at(0).to_floats()[0],
      -1.1F);
  EXPECT_FLOAT_EQ(run(kLikelihood, {scores(), classes(), weights()})->at(0).to_floats()[0],
                  -1.1F / 0.7F);
  EXPECT_FLOAT_EQ(run(kLikelihood, {scores(), classes()})->at(0).to_floats()[0], -7.0F / 4);
}

TEST(NegativeLogLikelihoodLoss, IgnoresOneClass) {
  ir::AttributeMap attributes = reduced("none");
  attributes["ignore_index"] = std::int64_t{-7};
  const Tensor some = ints({2, 2}, {-7, 1, 0, -7});
  EXPECT_THAT(run(kLikelihood, {scores(), some}, attributes)->at(0).to_floats(),
              ElementsAre(0, -2, 0, 0));
  attributes = reduced("mean");
  attributes["ignore_index"] = std::int64_t{-7};
  EXPECT_THAT(run(kLikelihood, {scores(), some}, attributes)->at(0).to_floats(), ElementsAre(-1));
  EXPECT_EQ(error_of(kLikelihood, {scores(), some}), "sample 0 is of class -7, expected 0 to 2");
  EXPECT_EQ(error_of(kLikelihood, {scores(), ints({2, 2}, {0, 0, 3, 0})}, attributes),
            "sample 2 is of class 3, expected 0 to 2");
}

TEST(SoftmaxCrossEntropyLoss, GivesLogarithmsOfProbabilities) {
  const auto made = *run(kEntropy, {floats({1, 2}, {0, std::log(3.0F)}), ints({1}, {0})});
  EXPECT_FLOAT_EQ(made[0].to_floats()[0], std::log(4.0F));
  EXPECT_FLOAT_EQ(made[1].to_floats()[1], std::log(0.75F));
  EXPECT_THAT(made[0].dims(), ElementsAre());
  const auto large = *run(kEntropy, {floats({1, 2}, {0, 5000}), ints({1}, {0})});
  EXPECT_EQ(large[0].to_floats()[0], 5000);
}

TEST(ClassLosses, RefuseWhatDoesNotFit) {
  for (const char* op : {kLikelihood, kEntropy}) {
    const std::string scores_name = op == kLikelihood ? "input" : "scores";
    const std::string classes_name = op == kLikelihood ? "target" : "labels";
    EXPECT_EQ(error_of(op, {floats({2}, {1, 2}), ints({}, {0})}),
              "input 0 (" + scores_name + ") has shape [2], expected [N,C,...]");
    EXPECT_EQ(error_of(op, {scores(), ints({2}, {0, 0})}),
              "input 1 (" + classes_name + ") has shape [2], expected [2,2]");
    EXPECT_EQ(error_of(op, {scores(), classes()}, reduced("product")),
              "reduction is 'product', expected none, sum or mean");
    EXPECT_EQ(error_of(op, {scores(), classes(), floats({2}, {1, 2})}),
              std::string("input 2 (") + (op == kLikelihood ? "weight" : "weights") +
                  ") has shape [2], expected [3]");
  }
}

TEST(ClassLosses, ShapesThatAreNotKnown) {
  ir::Graph g;
  const auto x = g.add_input("x", {DataType::kFloat16, Shape{Dim::symbol("N"), 3, Dim()}});
  const auto open = g.add_input("open", {DataType::kFloat32, std::nullopt});
  const auto labels = g.add_input("labels", {DataType::kInt32, Shape{Dim::symbol("M"), 5}});
  const auto of = [&](ir::ValueId scores_id, const char* reduction) {
    ir::Node node{"n",
                  "",
                  kEntropy,
                  {scores_id, labels},
                  {g.add_value("y"), g.add_value("p")},
                  reduced(reduction)};
    const auto types = infer_node(g, node);
    if (!types.ok()) return types.error().message();
    return types->at(0).to_string() + " " + types->at(1).to_string();
  };
  EXPECT_EQ(of(x, "none"), "float16[N,?] float16[N,3,?]");
  EXPECT_EQ(of(open, "none"), "float32[M,5] float32[*]");
  EXPECT_EQ(of(open, "sum"), "float32[] float32[*]");
}

}  // namespace
}  // namespace lathe::ops
