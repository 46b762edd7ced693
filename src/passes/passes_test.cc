#include "passes/passes.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "ir/graph_builder.h"
#include "ir/print.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::passes {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;
using testing::Not;

Tensor random_floats(std::initializer_list<std::int64_t> dims, std::uint64_t seed) {
  Tensor t = Tensor::zeros(DataType::kFloat32, dims);
  Random random(seed);
  for (float& v : t.mutable_data<float>()) v = random.normal();
  return t;
}

void expect_same_function(const Graph& a, const Graph& b, const Tensor& input, double tolerance) {
  const auto expected = ops::evaluate(a, std::array{input});
  const auto actual = ops::evaluate(b, std::array{input});
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  ASSERT_TRUE(actual.ok()) << actual.error().message();
  for (std::int64_t i = 0; i < (*expected)[0].num_elements(); ++i) {
    ASSERT_NEAR((*expected)[0].get_double(i), (*actual)[0].get_double(i), tolerance) << i;
  }
}

Graph simplified(const Graph& graph) {
  auto result = run_phases(graph, simplify_pipeline());
  EXPECT_TRUE(result.ok()) << result.error().message();
  return *result;
}

// As a convolution of its phases it is the same function.
TEST(DecomposeConvTranspose, EveryGeometry) {
  using Ints = std::vector<std::int64_t>;
  const std::vector<ir::AttributeMap> geometries{
      {},
      {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}},
      {{"strides", Ints{2, 3}}, {"pads", Ints{2, 0, 1, 3}}, {"output_padding", Ints{1, 2}}},
      {{"strides", Ints{3, 2}}, {"dilations", Ints{2, 1}}},
      {{"strides", Ints{5, 4}}},
      {{"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_UPPER")}},
      {{"strides", Ints{2, 2}}, {"output_shape", Ints{12, 9}}},
      {{"strides", Ints{2, 2}}, {"group", std::int64_t{2}}}};
  for (const ir::AttributeMap& geometry : geometries) {
    for (const bool open : {false, true}) {
      const bool groups = geometry.contains("group");
      if (open && geometry.contains("output_shape")) continue;
      Graph g;
      const ir::Shape shape{1, 4, open ? Dim::symbol("H") : Dim(5), 4};
      const ValueId x = g.add_input("x", {DataType::kFloat32, shape});
      const ValueId w = g.add_constant("w", random_floats({4, groups ? 3 : 6, 4, 3}, 1));
      const ValueId b = g.add_constant("b", random_floats({6}, 2));
      g.set_outputs({g.add("ConvTranspose", std::array{x, w, b}, geometry, "y")});
      ASSERT_TRUE(ops::infer_shapes(g).ok());
      const Graph lowered = run_phases(g, inference_pipeline()).value();
      EXPECT_THAT(ir::to_text(lowered), Not(HasSubstr("ConvTranspose")));
      expect_same_function(g, lowered, random_floats({1, 4, 5, 4}, 3), 1e-5);
    }
  }
}

// Volumes as images, of which a depth of the kernel sees one.
TEST(DecomposeVolumes, EveryGeometry) {
  using Ints = std::vector<std::int64_t>;
  const std::string same = "SAME_UPPER";
  struct Case {
    const char* op;
    ir::AttributeMap attributes = {};
    bool bias = false;
  };
  const Ints kernel{3, 2, 3};
  const std::vector<Case> cases{
      {"Conv"},
      {"Conv", {{"pads", Ints{1, 0, 1, 2, 1, 1}}, {"strides", Ints{2, 1, 2}}}, true},
      {"Conv", {{"dilations", Ints{2, 1, 1}}, {"pads", Ints{2, 1, 1, 1, 0, 0}}}, true},
      {"Conv", {{"group", std::int64_t{2}}, {"auto_pad", same}}},
      {"MaxPool", {{"kernel_shape", kernel}, {"pads", Ints{1, 1, 1, 1, 0, 2}}}},
      {"MaxPool", {{"kernel_shape", kernel}, {"strides", Ints{2, 2, 2}}, {"auto_pad", same}}},
      {"AveragePool", {{"kernel_shape", kernel}, {"strides", Ints{2, 1, 1}}}},
      {"AveragePool", {{"kernel_shape", kernel}, {"pads", Ints{1, 1, 1, 2, 0, 1}}}},
      {"AveragePool",
       {{"kernel_shape", kernel},
        {"pads", Ints{1, 1, 1, 2, 0, 1}},
        {"count_include_pad", std::int64_t{1}}}}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.op);
    for (const bool open : {false, true}) {
      const bool convolves = each.op == std::string("Conv");
      Graph g;
      const ir::Shape shape{open ? Dim::symbol("N") : Dim(2), 4, 7, 6, 5};
      std::vector<ValueId> inputs{g.add_input("x", {DataType::kFloat32, shape})};
      const std::int64_t channels = each.attributes.contains("group") ? 2 : 4;
      if (convolves)
        inputs.push_back(g.add_constant("w", random_floats({6, channels, 3, 2, 3}, 1)));
      if (each.bias) inputs.push_back(g.add_constant("b", random_floats({6}, 2)));
      g.set_outputs({g.add(each.op, inputs, each.attributes, "y")});
      ASSERT_TRUE(ops::infer_shapes(g).ok());
      const Graph lowered = run_phases(g, inference_pipeline()).value();
      EXPECT_THAT(ir::to_text(lowered), HasSubstr("Reshape"));
      expect_same_function(g, lowered, random_floats({2, 4, 7, 6, 5}, 3), 1e-5);
    }
  }
}

TEST(DecomposeFunctions, GiveTheSameNumbers) {
  const Tensor x = random_floats({2, 4, 3, 5}, 1);
  struct Case {
    const char* op;
    std::vector<Tensor> others = {};
    ir::AttributeMap attributes = {};
  };
  const Tensor axes = Tensor::vector_int64(std::array<std::int64_t, 2>{1, -1});
  const std::vector<Case> cases{
      {"Elu", {}, {{"alpha", 0.7F}}},
      {"Selu"},
      {"Gelu"},
      {"Gelu", {}, {{"approximate", std::string("tanh")}}},
      {"Softplus"},
      {"Softsign"},
      {"PRelu", {random_floats({4, 1, 1}, 2)}},
      {"Sum", {random_floats({5}, 2), random_floats({3, 1}, 3)}},
      {"Mean", {random_floats({5}, 2), random_floats({3, 1}, 3)}},
      {"RMSNormalization", {random_floats({3, 5}, 2)}, {{"axis", std::int64_t{2}}}},
      {"ReduceLogSumExp", {axes}, {{"keepdims", std::int64_t{0}}}},
      {"ReduceLogSumExp"},
      {"ReduceLogSum", {axes}}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.op);
    Graph g;
    std::vector<ValueId> inputs{g.add_input("x", {DataType::kFloat32, ir::Shape{2, 4, 3, 5}})};
    if (each.op == std::string("ReduceLogSum")) inputs[0] = g.add("Exp", inputs);
    for (const Tensor& other : each.others) inputs.push_back(g.add_constant("c", other));
    g.set_outputs({g.add(each.op, inputs, each.attributes, "y")});
    ASSERT_TRUE(ops::infer_shapes(g).ok());
    const Graph lowered = run_phases(g, inference_pipeline()).value();
    for (const ir::NodeId id : lowered.node_ids()) EXPECT_NE(lowered.node(id).op_type, each.op);
    expect_same_function(g, lowered, x, 2e-6);
  }
}

TEST(DecomposeFunctions, GemmOfWhatIsComputed) {
  for (const bool is_constant : {false, true}) {
    for (const std::int64_t transposes : {0, 1, 2, 3}) {
      for (const char* c : {"none", "row", "column", "computed"}) {
        SCOPED_TRACE(fmt::format("{} {} {}", is_constant, transposes, c));
        Graph g;
        const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{4, 4}});
        const ValueId b = is_constant ? g.add_constant("b", random_floats({4, 4}, 2))
                                      : g.add("Exp", std::array{x});
        std::vector<ValueId> inputs{x, b};
        const std::string_view kind = c;
        if (kind == "row") inputs.push_back(g.add_constant("c", random_floats({4}, 3)));
        if (kind == "column") inputs.push_back(g.add_constant("c", random_floats({4, 1}, 3)));
        if (kind == "computed") inputs.push_back(g.add("Neg", std::array{x}));
        g.set_outputs({g.add("Gemm", inputs,
                             {{"transA", transposes & 1},
                              {"transB", transposes >> 1},
                              {"alpha", 0.5F},
                              {"beta", 2.0F}})});
        ASSERT_TRUE(ops::infer_shapes(g).ok());
        const Graph lowered = run_phases(g, inference_pipeline()).value();
        const bool stays =
            is_constant && (transposes & 1) == 0 && (kind == "none" || kind == "row");
        const auto ids = lowered.node_ids();
        EXPECT_EQ(std::any_of(ids.begin(), ids.end(),
                              [&](ir::NodeId id) { return lowered.node(id).is("Gemm"); }),
                  stays);
        expect_same_function(g, lowered, random_floats({4, 4}, 1), 2e-6);
      }
    }
  }
}

TEST(WidenHalves, ComputesInFloat32AndRoundsAtTheEnd) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat16, ir::Shape{1, 2, 4, 4}});
  const ValueId w = g.add_constant("w", random_floats({3, 2, 3, 3}, 1).cast(DataType::kFloat16));
  const ValueId y = g.add("Conv", std::array{x, w}, {}, "y");
  const ValueId turned = g.add("Transpose", std::array{g.add("Relu", std::array{y})});
  const ValueId moved = g.add("Transpose", std::array{x}, {}, "moved");
  g.set_outputs({g.add("Tanh", std::array{turned}, {}, "z"), moved});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Graph wide = run_phases(g, inference_pipeline()).value();
  EXPECT_EQ(wide.type(wide.outputs()[0]), g.type(g.outputs()[0]));
  int casts = 0;
  for (const ir::NodeId id : wide.node_ids()) {
    const ir::Node& node = wide.node(id);
    if (node.is("Cast")) ++casts;
    const DataType made = wide.tensor_type(node.output()).data_type;
    const bool is_moved = wide.value(node.output()).name == "moved";
    EXPECT_TRUE(made == DataType::kFloat32 || node.is("Cast") || is_moved) << node.op_type;
  }
  EXPECT_EQ(casts, 2);  // of x and of z
  expect_same_function(g, wide, random_floats({1, 2, 4, 4}, 2).cast(DataType::kFloat16), 2e-3);
}

TEST(FoldBatchNormalization, LeavesOneConvolution) {
  ir::GraphBuilder b("g", 3);
  ValueId x = b.input("input", {Dim::symbol("N"), 3, 8, 8});
  x = b.relu(b.batch_norm(b.conv(x, 8, {.kernel = 3, .padding = 1, .bias = true})));
  x = b.dropout(b.flatten(b.global_average_pool(x)), 0.5F);
  Graph g = b.finish(b.linear(x, 4), "logits");
  Random random(9);
  for (const char* name : {"bn1.scale", "bn1.bias", "bn1.mean", "bn1.var"}) {
    Tensor values = *g.constant(*g.find_value(name));
    for (float& v : values.mutable_data<float>()) v = random.uniform(0.5F, 2);
    g.set_constant(*g.find_value(name), values);
  }
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Graph folded = simplified(g);
  EXPECT_THAT(ir::to_text(folded), Not(HasSubstr("BatchNormalization")));
  EXPECT_THAT(ir::to_text(folded), Not(HasSubstr("Dropout")));
  EXPECT_EQ(folded.node_count(), 5);
  expect_same_function(g, folded, random_floats({2, 3, 8, 8}, 1), 1e-5);
}

TEST(FoldBatchNormalization, KeepsAValueThatOthersRead) {
  ir::GraphBuilder b("g", 3);
  const ValueId conv = b.conv(b.input("input", {1, 3, 8, 8}), 4, {.kernel = 1});
  Graph g = b.finish(b.add(b.batch_norm(conv), conv), "y");
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_THAT(ir::to_text(simplified(g)), HasSubstr("BatchNormalization"));
}

TEST(RunPasses, CanBeDisabledAndReports) {
  ir::GraphBuilder b("g", 3);
  Graph g = b.finish(b.dropout(b.relu(b.input("input", {1, 3})), 0.5F), "y");
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  std::vector<RuleReport> reports;
  const auto kept =
      run_phases(g, simplify_pipeline(), {.disabled = {"eliminate_no_ops"}, .reports = &reports});
  EXPECT_EQ(kept->node_count(), 2);
  ASSERT_FALSE(reports.empty());
  for (const RuleReport& report : reports) EXPECT_EQ(report.fired, 0) << report.name;
  const Graph dropped = simplified(g);
  EXPECT_EQ(dropped.node_count(), 1);
  EXPECT_EQ(dropped.value(dropped.outputs()[0]).name, "y");
}

TEST(EliminateNoOps, KeepsOneBetweenInputAndOutput) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1}});
  g.set_outputs({g.add("Identity", std::array{x}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_EQ(simplified(g).node_count(), 1);
}

// Extents that are known need no elements, of whatever type.
TEST(FoldConstants, TakesExtentsForConstants) {
  for (const DataType type : {DataType::kFloat32, DataType::kFloat16, DataType::kString}) {
    Graph g;
    const ValueId x = g.add_input("x", {type, ir::Shape{2, 1 << 20, 3}});
    const ValueId y = g.add_input("y", {type, ir::Shape{ir::Dim(), 3}});
    const ValueId step = g.add_constant("step", Tensor::scalar(std::int64_t{1}));
    const auto extents_plus_one = [&](ValueId value, const char* name) {
      return g.add("Add", std::array{g.add("Shape", std::array{value}), step}, {}, name);
    };
    g.set_outputs({extents_plus_one(x, "known"), extents_plus_one(y, "open")});
    ASSERT_TRUE(ops::infer_shapes(g).ok());
    g = simplified(g);
    const Tensor* known = g.constant(g.producer(g.outputs()[0])->input(0));
    ASSERT_NE(known, nullptr);
    EXPECT_EQ(known->to_int64s(), (std::vector<std::int64_t>{2, 1 << 20, 3}));
    EXPECT_EQ(g.constant(g.producer(g.outputs()[1])->input(0)), nullptr);
  }
}

TEST(FoldConstants, DoesNotInflate) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, 4}});
  const ValueId two = g.add_constant("two", Tensor::scalar(2.0F));
  const ValueId four = g.add("Add", std::array{two, two});
  const ValueId big = g.add_constant("big", Tensor::zeros(DataType::kInt8, {4, 4000}));
  const ValueId scale = g.add_constant("scale", Tensor::scalar(0.5F));
  const ValueId dequantized = g.add("DequantizeLinear", std::array{big, scale});
  g.set_outputs({g.add("MatMul", std::array{g.add("Mul", std::array{x, four}), dequantized})});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const std::string text = ir::to_text(simplified(g));
  EXPECT_THAT(text, Not(HasSubstr("= Add")));
  EXPECT_THAT(text, HasSubstr("Mul(x, 4)"));
  EXPECT_THAT(text, HasSubstr("DequantizeLinear"));
}

// Constants whose sum would take 4 TB.
TEST(FoldConstants, DoesNotComputeWhatItWouldNotKeep) {
  constexpr std::int64_t kExtent = std::int64_t{1} << 21;
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kInt8, ir::Shape{}});
  const ValueId column = g.add_constant("column", Tensor::zeros(DataType::kInt8, {kExtent, 1}));
  const ValueId row = g.add_constant("row", Tensor::zeros(DataType::kInt8, {1, kExtent}));
  const ValueId sum = g.add("Add", std::array{column, row}, {}, "sum");
  g.set_outputs({g.add("Mul", std::array{sum, x})});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_THAT(ir::to_text(simplified(g)), HasSubstr("= Add"));
}

// Statistics that are not one number per channel are no operand of a normalization. Where nothing
// tells the number of channels, only a run can say so.
TEST(FoldBatchNormalization, LeavesStatisticsThatDoNotFit) {
  const auto network = [](std::int64_t statistics, bool known) {
    Graph g;
    const auto rank = known ? std::optional(ir::Shape{2, 3}) : std::nullopt;
    const ValueId x = g.add_input("x", {DataType::kFloat32, rank});
    const auto constant = [&](std::initializer_list<std::int64_t> dims) {
      return g.add_constant("c", random_floats(dims, 3));
    };
    const ValueId y = g.add("Gemm", std::array{x, constant({3, 4})});
    g.set_outputs(
        {g.add("BatchNormalization",
               std::array{y, constant({4}), constant({4}), constant({statistics}), constant({4})},
               {}, "norm")});
    return g;
  };
  Graph wrong = network(3, true);
  EXPECT_THAT(ops::infer_shapes(wrong).error().message(),
              HasSubstr("node norm (BatchNormalization): input 3 (input_mean) has shape [3], "
                        "expected [4]"));
  for (const std::int64_t statistics : {1, 3, 5}) {
    Graph open = network(statistics, false);
    ASSERT_TRUE(ops::infer_shapes(open).ok());
    const Graph kept = simplified(open);
    EXPECT_THAT(ir::to_text(kept), HasSubstr("BatchNormalization"));
    const auto outputs = ops::evaluate(kept, std::array{random_floats({2, 3}, 1)});
    ASSERT_FALSE(outputs.ok());
    EXPECT_THAT(outputs.error().message(), HasSubstr("input 3 (input_mean) has shape"));
  }
  Graph open = network(4, false);
  ASSERT_TRUE(ops::infer_shapes(open).ok());
  EXPECT_THAT(ir::to_text(simplified(open)), Not(HasSubstr("BatchNormalization")));
}

TEST(RunPasses, RewritesGraphsInsideNodes) {
  Graph body;
  const ValueId outer = body.add_capture("outer");
  body.set_outputs({body.add(
      "Relu", std::array{body.add("Identity", std::array{outer}, {}, "same")}, {}, "inner")});
  Graph g;
  const ValueId condition = g.add_input("condition", {DataType::kBool, ir::Shape{}});
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{3}});
  const ValueId same = g.add("Identity", std::array{x}, {}, "copied");
  Graph other = body;
  const ir::Subgraph then_branch{std::make_shared<const Graph>(std::move(body)), {same}};
  const ir::Subgraph else_branch{std::make_shared<const Graph>(std::move(other)), {x}};
  g.set_outputs({g.add("If", std::array{condition},
                       {{"then_branch", then_branch}, {"else_branch", else_branch}}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Graph rewritten = simplified(g);
  ASSERT_TRUE(rewritten.verify().ok());
  EXPECT_EQ(rewritten.node_count(), 1);
  for (const ir::Subgraph* subgraph : ir::subgraphs(rewritten.node(rewritten.node_ids()[0]))) {
    EXPECT_EQ(subgraph->graph->node_count(), 1);
    EXPECT_THAT(subgraph->captures, testing::ElementsAre(*rewritten.find_value("x")));
  }
  for (const bool taken : {true, false}) {
    const std::array inputs{Tensor::scalar(taken), Tensor::from_values<float>({3}, {-1, 0, 2})};
    EXPECT_TRUE(ops::evaluate(rewritten, inputs)->at(0).identical(ops::evaluate(g, inputs)->at(0)));
  }
}

// x -> Q -> DQ -> Conv(DQ w, b) -> activation -> Q -> DQ -> MaxPool -> Q -> DQ -> y
struct QuantizedConv {
  Graph graph;
  ValueId x, scale_x, zero_x, scale_y, zero_y;
  explicit QuantizedConv(std::int8_t y_zero, std::string_view activation,
                         float scale_of_y = 0.05F) {
    x = graph.add_input("x", {DataType::kFloat32, ir::Shape{1, 2, 4, 4}});
    scale_x = graph.add_constant("scale_x", Tensor::scalar(0.02F));
    zero_x = graph.add_constant("zero_x", Tensor::scalar<std::int8_t>(-5));
    scale_y = graph.add_constant("scale_y", Tensor::scalar(scale_of_y));
    zero_y = graph.add_constant("zero_y", Tensor::scalar<std::int8_t>(y_zero));
    Tensor w = Tensor::zeros(DataType::kInt8, {3, 2, 3, 3});
    Random random(4);
    for (std::int8_t& v : w.mutable_data<std::int8_t>())
      v = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
    const ValueId weights = graph.add(
        "DequantizeLinear",
        std::array{
            graph.add_constant("w", w),
            graph.add_constant("w_scale", Tensor::from_values<float>({3}, {0.01F, 0.02F, 0.005F}))},
        {{"axis", std::int64_t{0}}});
    const ValueId bias =
        graph.add_constant("b", Tensor::from_values<float>({3}, {0.3F, -0.2F, 0.1F}));
    ValueId v = quantize_dequantize(x, scale_x, zero_x);
    v = graph.add("Conv", std::array{v, weights, bias});
    if (activation == "Clip") {
      v = graph.add("Clip", std::array{v, graph.add_constant("lo", Tensor::scalar(0.0F)),
                                       graph.add_constant("hi", Tensor::scalar(6.0F))});
    } else if (!activation.empty()) {
      v = graph.add(activation, std::array{v});
    }
    v = quantize_dequantize(v, scale_y, zero_y);
    v = graph.add("MaxPool", std::array{v}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
    graph.set_outputs({quantize_dequantize(v, scale_y, zero_y)});
    EXPECT_TRUE(ops::infer_shapes(graph).ok());
  }
  ValueId quantize_dequantize(ValueId v, ValueId scale, ValueId zero) {
    return graph.add(
        "DequantizeLinear",
        std::array{graph.add("QuantizeLinear", std::array{v, scale, zero}), scale, zero});
  }
  std::string integer_text() {
    auto result = run_phases(graph, inference_pipeline());
    EXPECT_TRUE(result.ok()) << result.error().message();
    // One step of rounding apart at most.
    expect_same_function(graph, *result, random_floats({1, 2, 4, 4}, 8), 0.0501);
    return ir::to_text(*result);
  }
};

TEST(Integerize, ConvolutionAndMaxPool) {
  const std::string text = QuantizedConv(7, "").integer_text();
  EXPECT_THAT(text, HasSubstr("QLinearConv"));
  EXPECT_THAT(text, HasSubstr("int8[1,3,1,1] = MaxPool"));
  EXPECT_THAT(text, Not(HasSubstr(" Conv(")));
}

// x int8 [1,4] -> DQ -> Gemm(DQ w, bias) -> y, with the bias and the scale of x in blocks.
struct BlockedGemm {
  Graph graph;

  BlockedGemm(bool scale_in_blocks, bool bias_in_blocks) {
    const ValueId x = graph.add_input("x", {DataType::kInt8, ir::Shape{1, 4}});
    const Tensor scale = Tensor::scalar(0.5F);
    const ir::AttributeMap blocks{{"axis", std::int64_t{1}}, {"block_size", std::int64_t{4}}};
    const ValueId x_scale =
        graph.add_constant("x_scale", scale_in_blocks ? scale.reshaped({1, 1}) : scale);
    const ValueId data = graph.add("DequantizeLinear", std::array{x, x_scale},
                                   scale_in_blocks ? blocks : ir::AttributeMap{});
    Tensor w = Tensor::zeros(DataType::kInt8, {4, 3});
    for (std::int64_t i = 0; i < 12; ++i) w.set_double(i, static_cast<double>(i * 5 % 7 - 3));
    const ValueId weights =
        graph.add("DequantizeLinear",
                  std::array{graph.add_constant("w", w), graph.add_constant("w_scale", scale)});
    const ValueId ints =
        graph.add_constant("ints", Tensor::from_values<std::int32_t>({3}, {8, -16, 24}));
    // Of two scales: the first is of elements 0 and 1, the other of element 2.
    const ValueId bias_scale = graph.add_constant(
        "bias_scale",
        bias_in_blocks ? Tensor::from_values<float>({2}, {0.25F, 0.5F}) : Tensor::scalar(0.25F));
    ir::AttributeMap of_bias{{"axis", std::int64_t{0}}};
    if (bias_in_blocks) of_bias.emplace("block_size", std::int64_t{2});
    const ValueId bias =
        graph.add("DequantizeLinear", std::array{ints, bias_scale}, std::move(of_bias));
    graph.set_outputs({graph.add("Gemm", std::array{data, weights, bias}, {}, "y")});
    const Status inferred = ops::infer_shapes(graph);
    EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  }

  // Of the graph after the passes, which must compute the same.
  std::string text() {
    auto result = run_phases(graph, inference_pipeline());
    EXPECT_TRUE(result.ok()) << result.error().message();
    if (!result.ok()) return {};
    expect_same_function(graph, *result, Tensor::from_values<std::int8_t>({1, 4}, {1, -2, 3, 100}),
                         1e-5);
    return ir::to_text(*result);
  }
};

TEST(Integerize, BlocksStayFloat) {
  EXPECT_THAT(BlockedGemm(false, false).text(), HasSubstr("QGemm"));
  EXPECT_THAT(BlockedGemm(false, true).text(), Not(HasSubstr("QGemm")));
  EXPECT_THAT(BlockedGemm(true, false).text(), Not(HasSubstr("QGemm")));
}

TEST(Integerize, ReluGoesIntoSaturationOnlyAtTheLowEnd) {
  EXPECT_THAT(QuantizedConv(-128, "Relu").integer_text(), Not(HasSubstr("Clip")));
  EXPECT_THAT(QuantizedConv(0, "Relu").integer_text(), HasSubstr("lathe.Fused"));
}

TEST(Integerize, ClipGoesIntoSaturationOnlyWhereBothEndsMeet) {
  EXPECT_THAT(QuantizedConv(-128, "Clip", 6.0F / 255).integer_text(), Not(HasSubstr("Clip")));
  EXPECT_THAT(QuantizedConv(-128, "Clip", 0.05F).integer_text(), HasSubstr("lathe.Fused"));
}

}  // namespace
}  // namespace lathe::passes
