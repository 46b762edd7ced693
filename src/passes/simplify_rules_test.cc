// Rules that make a graph smaller: each on the form that exporters write, and on one that only
// looks like it.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>

#include "base/random.h"
#include "ir/print.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using Ints = std::vector<std::int64_t>;

// A graph of one float32 input under construction.
struct Net {
  Graph g;
  ValueId x;

  explicit Net(ir::Shape shape = {2, 3, 4}) {
    x = g.add_input("x", {DataType::kFloat32, std::move(shape)});
  }
  ValueId number(float value) { return g.add_constant("number", Tensor::scalar(value)); }
  ValueId ints(const Ints& values) { return g.add_constant("ints", Tensor::vector_int64(values)); }
  ValueId floats(std::initializer_list<std::int64_t> dims, std::uint64_t seed = 1) {
    Tensor t = Tensor::zeros(DataType::kFloat32, dims);
    Random random(seed);
    for (float& v : t.mutable_data<float>()) v = random.normal();
    return g.add_constant("floats", t);
  }
  ValueId add(std::string_view op, const std::vector<ValueId>& inputs,
              ir::AttributeMap attributes = {}) {
    return g.add(op, inputs, std::move(attributes));
  }
  ValueId transpose(ValueId value, Ints perm) {
    return add("Transpose", {value}, {{"perm", std::move(perm)}});
  }
  void finish(const std::vector<ValueId>& outputs) {
    g.set_outputs(outputs);
    const Status inferred = ops::infer_shapes(g);
    ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  }
};

Graph simplified(const Graph& graph, const RunOptions& options = {}) {
  auto once = run_phases(graph, simplify_pipeline(), options);
  EXPECT_TRUE(once.ok()) << once.error().message();
  return *once;
}

// Operators of the simplified graph in order; its answers are those of the graph as it was.
std::vector<std::string> operators_after(Net& net, const RunOptions& options = {},
                                         const ir::Shape& bound = {}) {
  const Graph after = simplified(net.g, options);
  Graph before = net.g;
  const auto dims = ir::known_dims(bound.empty() ? *net.g.tensor_type(net.x).shape : bound);
  Tensor input = Tensor::zeros(DataType::kFloat32, *dims);
  Random random(7);
  for (float& v : input.mutable_data<float>()) v = random.normal();
  const auto expected = ops::evaluate(before, std::array{input});
  const auto actual = ops::evaluate(after, std::array{input});
  EXPECT_TRUE(expected.ok()) << expected.error().message();
  EXPECT_TRUE(actual.ok()) << actual.error().message();
  for (std::size_t i = 0; expected.ok() && actual.ok() && i < expected->size(); ++i) {
    EXPECT_EQ((*expected)[i].dims(), (*actual)[i].dims());
    for (std::int64_t j = 0; j < (*expected)[i].num_elements(); ++j)
      EXPECT_NEAR((*expected)[i].get_double(j), (*actual)[i].get_double(j), 1e-5) << i << " " << j;
  }
  std::vector<std::string> operators;
  const auto order = after.topological_order();
  for (const ir::NodeId id : *order) operators.push_back(after.node(id).op_type);
  return operators;
}

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(EliminateNoOps, OfEveryKind) {
  Net net;
  ValueId y = net.add("Relu", {net.x});
  y = net.add("Add", {y, net.number(0)});
  y = net.add("Mul", {net.number(1), y});
  y = net.add("Pad", {y, net.ints({0, 0, 0, 0, 0, 0})});
  y = net.add("Slice", {y, net.ints({0}), net.ints({99}), net.ints({1})});
  y = net.transpose(y, {0, 1, 2});
  y = net.add("Concat", {y}, {{"axis", std::int64_t{0}}});
  y = net.add("Expand", {y, net.ints({1, 3, 1})});
  y = net.add("Reshape", {y, net.ints({2, 3, 4})});
  y = net.add("Cast", {y}, {{"to", std::int64_t{1}}});
  net.finish({net.add("Tanh", {y})});
  EXPECT_THAT(operators_after(net), ElementsAre("Relu", "Tanh"));
}

TEST(EliminateNoOps, KeepsWhatOnlyLooksLikeOne) {
  Net net;
  ValueId y = net.add("Add", {net.x, net.floats({1, 1, 1})});
  // As large as before, but turned round, moved, and broadcast.
  y = net.add("Slice", {y, net.ints({-1}), net.ints({-99}), net.ints({2}), net.ints({-1})});
  y = net.add("Pad", {y, net.ints({0, 0, 1, 0, 0, -1}), net.number(5)});
  net.finish({y});
  EXPECT_THAT(operators_after(net), ElementsAre("Add", "Slice", "Pad"));
  Net wider(ir::Shape{3, 1});
  wider.finish({wider.add(
      "Add", {wider.x, wider.g.add_constant("zeros", Tensor::zeros(DataType::kFloat32, {1, 4}))})});
  EXPECT_THAT(operators_after(wider), ElementsAre("Add"));
}

TEST(MergeDuplicates, AndNotWhatDiffers) {
  Net net;
  const ValueId a = net.add("Elu", {net.x}, {{"alpha", 0.5F}});
  const ValueId b = net.add("Elu", {net.x}, {{"alpha", 0.5F}});
  const ValueId c = net.add("Elu", {net.x}, {{"alpha", 0.25F}});
  const ValueId d = net.add("Add", {net.x, net.number(2)});
  const ValueId e = net.add("Add", {net.x, net.number(2)});
  net.finish({net.add("Sum", {a, b, c, d, e})});
  EXPECT_THAT(operators_after(net), UnorderedElementsAre("Elu", "Elu", "Add", "Sum"));
}

TEST(MergeReshapes, ChainsAndComputedTargets) {
  Net net(ir::Shape{Dim::symbol("N"), 3, 4});
  ValueId y = net.add("Unsqueeze", {net.add("Relu", {net.x}), net.ints({1})});
  y = net.add("Flatten", {y}, {{"axis", std::int64_t{2}}});
  y = net.add("Squeeze", {net.add("Unsqueeze", {y, net.ints({0})}), net.ints({0})});
  const ValueId batch =
      net.add("Gather", {net.add("Shape", {net.x}), net.ints({0})}, {{"axis", std::int64_t{0}}});
  const ValueId target = net.add("Concat", {batch, net.ints({-1})}, {{"axis", std::int64_t{0}}});
  y = net.add("Reshape", {y, target});
  net.finish({net.add("Tanh", {y})});
  EXPECT_THAT(operators_after(net, {}, ir::Shape{5, 3, 4}), ElementsAre("Relu", "Reshape", "Tanh"));
}

TEST(MergeTransposes, CancelAndMove) {
  Net net;
  const ValueId turned = net.transpose(net.x, {0, 2, 1});
  ValueId y = net.add("Relu", {turned});
  y = net.add("Add", {y, net.floats({4, 1})});
  net.finish({net.transpose(y, {0, 2, 1})});
  EXPECT_THAT(operators_after(net), ElementsAre("Relu", "Add"));
  Net both;
  const ValueId sum = both.add("Add", {both.transpose(both.x, {2, 0, 1}),
                                       both.transpose(both.add("Relu", {both.x}), {2, 0, 1})});
  both.finish({sum});
  EXPECT_THAT(operators_after(both), ElementsAre("Relu", "Add", "Transpose"));
  Net differ(ir::Shape{3, 3, 3});
  differ.finish({differ.add(
      "Add", {differ.transpose(differ.x, {2, 0, 1}), differ.transpose(differ.x, {0, 2, 1})})});
  EXPECT_THAT(operators_after(differ), UnorderedElementsAre("Transpose", "Transpose", "Add"));
}

TEST(FoldAffine, IntoConvolutionsAndGemms) {
  Net net(ir::Shape{1, 3, 5, 5});
  ValueId y = net.add("Conv", {net.x, net.floats({4, 3, 3, 3}, 1)});
  y = net.add("Add", {y, net.floats({4, 1, 1}, 2)});
  y = net.add("Mul", {net.floats({1, 4, 1, 1}, 3), y});
  y = net.add("Sub", {y, net.number(0.5F)});
  net.finish({y});
  EXPECT_THAT(operators_after(net), ElementsAre("Conv"));
  Net dense(ir::Shape{2, 6});
  dense.finish({dense.add(
      "Add", {dense.add("MatMul", {dense.x, dense.floats({6, 4})}), dense.floats({4}, 2)})});
  EXPECT_THAT(operators_after(dense), ElementsAre("Gemm"));
  // Along the rows of the image, not the channels.
  Net image(ir::Shape{1, 3, 4, 4});
  image.finish({image.add(
      "Add", {image.add("Conv", {image.x, image.floats({4, 3, 1, 1})}), image.floats({4})})});
  EXPECT_THAT(operators_after(image), ElementsAre("Conv", "Add"));
}

TEST(RecognizeGelu, InTheOrdersOfExporters) {
  const auto gate = [](Net& net, ValueId erf_of) {
    return net.add("Add", {net.add("Erf", {erf_of}), net.number(1)});
  };
  Net torch;
  const ValueId divided = torch.add("Div", {torch.x, torch.number(std::numbers::sqrt2_v<float>)});
  torch.finish(
      {torch.add("Mul", {torch.add("Mul", {torch.x, gate(torch, divided)}), torch.number(0.5F)})});
  EXPECT_THAT(operators_after(torch), ElementsAre("Gelu"));
  Net half;
  const ValueId scaled = half.add("Mul", {half.number(std::numbers::sqrt2_v<float> / 2), half.x});
  half.finish(
      {half.add("Mul", {half.add("Mul", {half.number(0.5F), half.x}), gate(half, scaled)})});
  EXPECT_THAT(operators_after(half), ElementsAre("Gelu"));
  EXPECT_THAT(operators_after(half, {.disabled = {}, .opset = 17}), testing::Contains("Erf"));
  Net tanh;
  const ValueId cube = tanh.add("Pow", {tanh.x, tanh.number(3)});
  const ValueId inner = tanh.add("Add", {tanh.x, tanh.add("Mul", {cube, tanh.number(0.044715F)})});
  const ValueId share = tanh.add("Tanh", {tanh.add("Mul", {inner, tanh.number(0.7978845608F)})});
  tanh.finish({tanh.add("Mul", {tanh.add("Mul", {tanh.x, tanh.add("Add", {share, tanh.number(1)})}),
                                tanh.number(0.5F)})});
  EXPECT_THAT(operators_after(tanh), ElementsAre("Gelu"));
  Net other;
  other.finish(
      {other.add("Mul", {other.add("Mul", {other.x, gate(other, other.x)}), other.number(0.5F)})});
  EXPECT_THAT(operators_after(other), testing::Contains("Erf")) << "of x itself";
}

TEST(RecognizeHardSwish, AndHardSigmoid) {
  const auto clip = [](Net& net) {
    return net.add("Clip", {net.add("Add", {net.x, net.number(3)}), net.number(0), net.number(6)});
  };
  Net net;
  net.finish({net.add("Div", {net.add("Mul", {net.x, clip(net)}), net.number(6)})});
  EXPECT_THAT(operators_after(net), ElementsAre("HardSwish"));
  Net gate;
  gate.finish({gate.add("Div", {clip(gate), gate.number(6)})});
  EXPECT_THAT(operators_after(gate), ElementsAre("HardSigmoid"));
  Net five;
  five.finish({five.add("Div", {five.add("Mul", {five.x, clip(five)}), five.number(5)})});
  EXPECT_THAT(operators_after(five), testing::Contains("Clip"));
}

TEST(RecognizeNormalization, WithItsScaleAndBias) {
  for (const bool rms : {false, true}) {
    Net net;
    const auto mean = [&](ValueId value) { return net.add("ReduceMean", {value, net.ints({-1})}); };
    const ValueId centred = rms ? net.x : net.add("Sub", {net.x, mean(net.x)});
    const ValueId variance = mean(net.add("Pow", {centred, net.number(2)}));
    const ValueId root = net.add("Sqrt", {net.add("Add", {variance, net.number(1e-5F)})});
    ValueId y = rms ? net.add("Mul", {net.add("Reciprocal", {root}), centred})
                    : net.add("Div", {centred, root});
    y = net.add("Mul", {y, net.floats({4})});
    if (!rms) y = net.add("Add", {y, net.floats({4}, 2)});
    net.finish({y});
    EXPECT_THAT(operators_after(net), ElementsAre(rms ? "RMSNormalization" : "LayerNormalization"));
    EXPECT_THAT(operators_after(net, {.disabled = {}, .opset = 16}), testing::Contains("Sqrt"));
  }
}

ir::Subgraph body_of(Graph graph, std::vector<ValueId> captures = {}) {
  return {std::make_shared<const Graph>(std::move(graph)), std::move(captures)};
}

TEST(InlineIf, WhereTheShapeDecides) {
  Net net(ir::Shape{Dim::symbol("N"), 3});
  const ValueId columns = net.add(
      "Gather",
      {net.add("Shape", {net.x}), net.g.add_constant("one", Tensor::scalar<std::int64_t>(1))});
  const ValueId is_three =
      net.add("Equal", {columns, net.g.add_constant("three", Tensor::scalar<std::int64_t>(3))});
  Graph then_branch;
  const ValueId outer = then_branch.add_capture("outer");
  then_branch.set_outputs({then_branch.add("Tanh", std::array{outer})});
  Graph else_branch;
  const ValueId same = else_branch.add_capture("same");
  else_branch.set_outputs({same});
  const ValueId y = net.add("If", {is_three},
                            {{"then_branch", body_of(std::move(then_branch), {net.x})},
                             {"else_branch", body_of(std::move(else_branch), {net.x})}});
  net.finish({y});
  EXPECT_THAT(operators_after(net, {}, ir::Shape{2, 3}), ElementsAre("Tanh"));
}

TEST(UnrollLoop, OfAFewTrips) {
  for (const std::int64_t trips : {3, 100}) {
    Net net(ir::Shape{2});
    Graph body;
    body.add_input("iteration", {DataType::kInt64, ir::Shape{}});
    const ValueId condition = body.add_input("condition", {DataType::kBool, ir::Shape{}});
    const ValueId state = body.add_input("state", {DataType::kFloat32, ir::Shape{2}});
    const ValueId next = body.add("Sin", std::array{state});
    body.set_outputs(
        {body.add("Identity", std::array{condition}), next, body.add("Neg", std::array{next})});
    const ValueId most = net.g.add_constant("most", Tensor::scalar(trips));
    ir::Node loop{.name = "loop", .op_type = "Loop"};
    loop.inputs = {most, ir::kNoValue, net.x};
    loop.outputs = {net.g.add_value("last"), net.g.add_value("all")};
    loop.attributes.emplace("body", body_of(std::move(body)));
    const std::vector<ValueId> outputs = loop.outputs;
    net.g.add_node(std::move(loop));
    net.finish(outputs);
    const std::vector<std::string> after = operators_after(net);
    if (trips == 3) {
      EXPECT_THAT(after, testing::Not(testing::Contains("Loop")));
      EXPECT_EQ(std::count(after.begin(), after.end(), "Sin"), 3);
    } else {
      EXPECT_THAT(after, ElementsAre("Loop"));
    }
  }
}

TEST(Simplify, AgainChangesNothing) {
  Net net(ir::Shape{1, 3, 5, 5});
  ValueId y = net.add("Conv", {net.x, net.floats({4, 3, 3, 3}, 1)});
  y = net.add("Add", {y, net.floats({4, 1, 1}, 2)});
  y = net.transpose(net.add("Relu", {net.transpose(y, {0, 2, 3, 1})}), {0, 3, 1, 2});
  net.finish({net.add("Flatten", {net.add("Flatten", {y})})});
  const Graph once = simplified(net.g);
  std::vector<RuleReport> reports;
  const auto twice = run_phases(once, simplify_pipeline(), {.disabled = {}, .reports = &reports});
  for (const RuleReport& report : reports) EXPECT_EQ(report.fired, 0) << report.name;
  EXPECT_EQ(ir::to_text(once), ir::to_text(*twice));
}

}  // namespace
}  // namespace lathe::passes
