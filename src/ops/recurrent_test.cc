// RNN, GRU and LSTM.
#include <array>
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
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

using Words = std::vector<std::string>;
using Floats = std::vector<float>;

Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}
Tensor zeros(std::initializer_list<std::int64_t> dims) {
  return Tensor::zeros(DataType::kFloat32, dims);
}
Tensor lengths(std::initializer_list<std::int32_t> values) {
  return Tensor::from_values<std::int32_t>({static_cast<std::int64_t>(values.size())}, values);
}

Result<std::vector<Tensor>> run(std::string_view op, const std::vector<Tensor>& inputs,
                                ir::AttributeMap attributes = {}) {
  ir::Node node{"n", "", std::string(op), {}, {}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  for (ir::ValueId i = 0; i < (op == "LSTM" ? 3 : 2); ++i) node.outputs.push_back(i);
  return evaluate_node(node, inputs);
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

// y[t] = x[t] + y[t - 1] / 2: one number, one hidden unit, no activation to speak of.
const ir::AttributeMap kLinear{{"activations", Words{"Affine"}}};
std::vector<Tensor> halving(const Tensor& x) {
  return {x, floats({1, 1, 1}, {1}), floats({1, 1, 1}, {0.5F})};
}

TEST(Recurrent, StepsOneAfterTheOther) {
  const auto made = *run("RNN", halving(floats({3, 1, 1}, {4, 2, 8})), kLinear);
  EXPECT_THAT(made[0].dims(), ElementsAre(3, 1, 1, 1));
  EXPECT_THAT(made[0].to_floats(), ElementsAre(4, 4, 10));
  EXPECT_THAT(made[1].dims(), ElementsAre(1, 1, 1));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(10));
}

TEST(Recurrent, BackwardsAndBothWays) {
  ir::AttributeMap reverse = kLinear;
  reverse["direction"] = std::string("reverse");
  const Tensor x = floats({3, 1, 1}, {4, 2, 8});
  EXPECT_THAT(run("RNN", halving(x), reverse)->at(0).to_floats(), ElementsAre(7, 6, 8));
  const std::vector<Tensor> both{x, floats({2, 1, 1}, {1, 1}), floats({2, 1, 1}, {0.5F, 0.5F})};
  const auto made = *run(
      "RNN", both,
      {{"direction", std::string("bidirectional")}, {"activations", Words{"Affine", "affine"}}});
  EXPECT_THAT(made[0].to_floats(), ElementsAre(4, 7, 4, 6, 10, 8));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(10, 7));
}

TEST(Recurrent, ShorterSequencesEndEarlyAndTurnThere) {
  std::vector<Tensor> inputs = halving(floats({3, 2, 1}, {4, 4, 2, 2, 8, 8}));
  inputs.resize(6);
  inputs[4] = lengths({3, 2});
  auto made = *run("RNN", inputs, kLinear);
  EXPECT_THAT(made[0].to_floats(), ElementsAre(4, 4, 4, 4, 10, 0));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(10, 4));
  ir::AttributeMap reverse = kLinear;
  reverse["direction"] = std::string("reverse");
  made = *run("RNN", inputs, reverse);
  EXPECT_THAT(made[0].to_floats(), ElementsAre(7, 5, 6, 2, 8, 0));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(7, 5));
  inputs[4] = lengths({0, 1});
  inputs[5] = floats({1, 2, 1}, {9, 2});
  made = *run("RNN", inputs, kLinear);
  EXPECT_THAT(made[1].to_floats(), ElementsAre(0, 5)) << "no steps leave zeros behind";
  inputs[4] = lengths({4, 1});
  EXPECT_EQ(error_of("RNN", inputs), "sequence_lens[0] is 4, expected 0 to 3");
  inputs[4] = lengths({1, -1});
  EXPECT_EQ(error_of("RNN", inputs), "sequence_lens[1] is -1, expected 0 to 3");
}

TEST(Recurrent, LayoutWithTheBatchInFront) {
  std::vector<Tensor> inputs = halving(floats({2, 3, 1}, {4, 2, 8, 4, 2, 0}));
  ir::AttributeMap attributes = kLinear;
  attributes["layout"] = std::int64_t{1};
  const auto made = *run("RNN", inputs, attributes);
  EXPECT_THAT(made[0].dims(), ElementsAre(2, 3, 1, 1));
  EXPECT_THAT(made[0].to_floats(), ElementsAre(4, 4, 10, 4, 4, 2));
  EXPECT_THAT(made[1].dims(), ElementsAre(2, 1, 1));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(10, 2));
}

TEST(Recurrent, ClipsWhatActivationsSee) {
  ir::AttributeMap attributes = kLinear;
  attributes["clip"] = 3.0F;
  EXPECT_THAT(run("RNN", halving(floats({2, 1, 1}, {4, -9})), attributes)->at(0).to_floats(),
              ElementsAre(3, -3));
  const auto nan = run("RNN", halving(floats({1, 1, 1}, {NAN})), attributes);
  EXPECT_TRUE(std::isnan(nan->at(0).to_floats()[0]));
}

// The gates of one unit whose weights are 0: biases alone speak.
TEST(Recurrent, GatesOfGru) {
  const Tensor x = zeros({1, 1, 1});
  const Tensor w = zeros({1, 3, 1});
  const Tensor before = floats({1, 1, 1}, {8});
  // f and g leave numbers as they are: z = 0.25, r = 0.5, and Rh is 1.
  const Tensor r = floats({1, 3, 1}, {0, 0, 1});
  const Tensor b = floats({1, 6}, {0.25F, 0.5F, 1, 0, 0, 2});
  ir::AttributeMap attributes{{"activations", Words{"Affine", "Affine"}}};
  // h = r * 8 + 1 + 2 = 7; (1 - z) * 7 + z * 8.
  EXPECT_THAT(run("GRU", {x, w, r, b, {}, before}, attributes)->at(1).to_floats(),
              ElementsAre(7.25F));
  attributes["linear_before_reset"] = std::int64_t{1};
  // h = r * (8 + 2) + 1 = 6.
  EXPECT_THAT(run("GRU", {x, w, r, b, {}, before}, attributes)->at(1).to_floats(),
              ElementsAre(6.5F));
}

TEST(Recurrent, GatesOfLstm) {
  const Tensor x = zeros({1, 1, 1});
  const Tensor w = zeros({1, 4, 1});
  const Tensor h = floats({1, 1, 1}, {2});
  const Tensor c = floats({1, 1, 1}, {4});
  const Tensor r = floats({1, 4, 1}, {0, 0, 0, 1});
  // i = 0.5, o = 0.25, f = 0.125 before peepholes, c = 1 + 2.
  const Tensor b = floats({1, 8}, {0.5F, 0.25F, 0.125F, 1, 0, 0, 0, 0});
  ir::AttributeMap attributes{{"activations", Words{"Affine", "Affine", "Affine"}}};
  auto made = *run("LSTM", {x, w, r, b, {}, h, c}, attributes);
  EXPECT_THAT(made[2].to_floats(), ElementsAre(0.125F * 4 + 0.5F * 3));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(0.25F * 2));
  // Peepholes of i, o, f in this order; that of o sees the new cell.
  const Tensor p = floats({1, 3}, {0.25F, 0.5F, 0});
  made = *run("LSTM", {x, w, r, b, {}, h, c, p}, attributes);
  const float cell = 0.125F * 4 + 1.5F * 3;
  EXPECT_THAT(made[2].to_floats(), ElementsAre(cell));
  EXPECT_THAT(made[1].to_floats(), ElementsAre((0.25F + 0.5F * cell) * cell));
  attributes["input_forget"] = std::int64_t{1};
  made = *run("LSTM", {x, w, r, b, {}, h, c}, attributes);
  EXPECT_THAT(made[2].to_floats(), ElementsAre(0.5F * 4 + 0.5F * 3));
}

TEST(Recurrent, ActivationsTakeParametersInTheirOrder) {
  const auto of = [](const Words& names, const Floats& alpha, const Floats& beta, float x) {
    return run("RNN", {floats({1, 1, 1}, {x}), floats({2, 1, 1}, {1, 1}), zeros({2, 1, 1})},
               {{"activations", names},
                {"activation_alpha", alpha},
                {"activation_beta", beta},
                {"direction", std::string("bidirectional")}})
        ->at(0)
        .to_floats();
  };
  const auto near = [](const Floats& values) { return Pointwise(FloatNear(1e-6F), values); };
  EXPECT_THAT(of({"Relu", "LeakyRelu"}, {0.5F}, {}, -2), near({0, -1}));
  EXPECT_THAT(of({"LeakyRelu", "LeakyRelu"}, {0.5F}, {}, -2), near({-1, -0.02F}));
  EXPECT_THAT(of({"Tanh", "Affine"}, {2}, {3}, 0), near({0, 3}));
  EXPECT_THAT(of({"ThresholdedRelu", "ThresholdedRelu"}, {0.5F}, {}, 0.75F), near({0.75F, 0}));
  EXPECT_THAT(of({"HardSigmoid", "HardSigmoid"}, {1}, {0}, 0.25F), near({0.25F, 0.55F}));
  EXPECT_THAT(of({"Elu", "Softsign"}, {2}, {}, -1), near({2 * std::expm1(-1.0F), -0.5F}));
  EXPECT_THAT(of({"Softplus", "ScaledTanh"}, {2}, {0.5F}, 1),
              near({std::log1p(std::exp(1.0F)), 2 * std::tanh(0.5F)}));
  EXPECT_THAT(of({"Softplus", "Sigmoid"}, {}, {}, 1000), near({1000, 1}));
}

TEST(Recurrent, RefusesWhatDoesNotFit) {
  const std::vector<Tensor> good{zeros({3, 2, 4}), zeros({1, 5, 4}), zeros({1, 5, 5})};
  EXPECT_EQ(error_of("RNN", good), "no error");
  const auto with = [&](std::size_t i, const Tensor& tensor) {
    std::vector<Tensor> inputs = good;
    inputs.resize(std::max(inputs.size(), i + 1));
    inputs[i] = tensor;
    return error_of("RNN", inputs);
  };
  EXPECT_EQ(with(0, zeros({3, 8})), "input 0 (X) has shape [3,8], expected [?,?,4]");
  EXPECT_EQ(with(1, zeros({1, 6, 4})), "input 1 (W) has shape [1,6,4], expected [1,5,4]");
  EXPECT_EQ(with(1, zeros({2, 5, 4})), "input 1 (W) has shape [2,5,4], expected [1,5,4]");
  EXPECT_EQ(with(2, zeros({1, 6, 5})), "input 2 (R) has shape [1,6,5], expected [1,5,5]");
  EXPECT_EQ(with(3, zeros({1, 5})), "input 3 (B) has shape [1,5], expected [1,10]");
  EXPECT_EQ(with(4, lengths({1, 2, 3})), "input 4 (sequence_lens) has shape [3], expected [2]");
  EXPECT_EQ(with(5, zeros({2, 1, 5})), "input 5 (initial_h) has shape [2,1,5], expected [1,2,5]");

  const auto attribute = [&](const char* name, const ir::Attribute& value) {
    return error_of("RNN", good, {{name, value}});
  };
  EXPECT_EQ(attribute("direction", std::string("back")),
            "direction is 'back', expected forward, reverse or bidirectional");
  EXPECT_EQ(attribute("direction", std::string("bidirectional")),
            "input 1 (W) has shape [1,5,4], expected [2,5,4]");
  EXPECT_EQ(attribute("layout", std::int64_t{2}), "layout is 2, expected 0 or 1");
  EXPECT_EQ(attribute("hidden_size", std::int64_t{0}), "hidden_size is 0, expected at least 1");
  EXPECT_EQ(attribute("hidden_size", std::int64_t{6}),
            "input 1 (W) has shape [1,5,4], expected [1,6,4]");
  EXPECT_EQ(attribute("hidden_size", std::int64_t{INT64_MAX}),
            "input 1 (W) has shape [1,5,4], expected [1,9223372036854775807,4]");
  EXPECT_EQ(attribute("clip", -1.0F), "clip is -1, expected at least 0");
  EXPECT_EQ(attribute("clip", NAN), "clip is nan, expected at least 0");
  EXPECT_EQ(attribute("activations", Words{"Tanh", "Tanh", "Tanh"}),
            "activations has 3 names, expected 1");
  EXPECT_EQ(attribute("activations", Words{"Relu6"}),
            "activations: there is no 'Relu6'; did you mean 'Relu'?");
}

TEST(Recurrent, ManyRowsOfNothingAreRefused) {
  const std::int64_t many = std::int64_t{1} << 50;
  EXPECT_THAT(error_of("RNN", {zeros({many, 1, 0}), zeros({1, 1, 0}), zeros({1, 1, 1})}),
              HasSubstr("float32[1125899906842624,1,1,1]"));
}

TEST(Recurrent, ShapesFollowFromAnyOperand) {
  ir::Graph g;
  const auto input = [&](const char* name, std::optional<Shape> shape) {
    return g.add_input(name, {DataType::kFloat32, std::move(shape)});
  };
  const ir::ValueId x = input("x", Shape{Dim::symbol("T"), Dim::symbol("N"), 4});
  const ir::ValueId unknown = input("w", std::nullopt);
  const ir::ValueId r = input("r", Shape{2, Dim(), 5});
  ir::Node node{"n", "", "LSTM", {x, unknown, r}, {}, {}};
  node.attributes["direction"] = std::string("bidirectional");
  for (int i = 0; i < 3; ++i) node.outputs.push_back(g.add_value("y"));
  const auto types = infer_node(g, node);
  ASSERT_TRUE(types.ok()) << types.error().message();
  EXPECT_EQ(types->at(0).to_string(), "float32[T,2,N,5]");
  EXPECT_EQ(types->at(1).to_string(), "float32[2,N,5]");
  EXPECT_EQ(types->at(2).to_string(), "float32[2,N,5]");

  node.inputs = {unknown, unknown, unknown};
  EXPECT_EQ(infer_node(g, node)->at(0).to_string(), "float32[?,2,?,?]");
  node.attributes["hidden_size"] = std::int64_t{7};
  EXPECT_EQ(infer_node(g, node)->at(1).to_string(), "float32[2,?,7]");
}

TEST(Recurrent, CountsItsWork) {
  ir::Graph g;
  const ir::ValueId x = g.add_input("x", {DataType::kFloat32, Shape{3, 2, 4}});
  const ir::ValueId w = g.add_constant("w", zeros({1, 15, 4}));
  const ir::ValueId r = g.add_constant("r", zeros({1, 15, 5}));
  g.set_outputs({g.add("GRU", std::array{x, w, r})});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(count_macs(g), 3 * 2 * 15 * (4 + 5));
}

}  // namespace
}  // namespace lathe::ops
