// The native engine against the reference evaluator: whole networks, float and integer.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto isa = select_isa();
    if (!isa.ok()) GTEST_SKIP() << isa.error().message();
  }
};

std::vector<Tensor> run(const Graph& graph, const Backend& backend, std::vector<Tensor> inputs,
                        int threads = 1) {
  const std::int64_t batch = inputs[0].rank() > 0 ? inputs[0].dim(0) : 1;
  const auto executable = compile(backend, graph, {.threads = threads, .batch = batch});
  if (executable == nullptr) return {};
  const auto context = executable->new_context();
  auto outputs = context->run(inputs);
  EXPECT_TRUE(outputs.ok()) << outputs.error().message();
  // A second run through the same arena gives the same answer.
  const auto again = context->run(inputs);
  EXPECT_TRUE(outputs.ok() && again.ok() && (*outputs)[0].identical((*again)[0]));
  return outputs.ok() ? *outputs : std::vector<Tensor>{};
}

class EngineArchitectureTest : public EngineTest,
                               public testing::WithParamInterface<const char*> {};

TEST_P(EngineArchitectureTest, FloatAgreesWithTheReference) {
  // Full width on small images, so that the reference stays quick.
  const Graph graph = test_network(GetParam(), {.channels = 3, .height = 33, .width = 40});
  const Tensor input = random_input({2, 3, 33, 40}, 5);
  const auto expected = run(graph, reference_backend(), {input});
  const auto one = run(graph, native_backend(), {input}, 1);
  const auto two = run(graph, native_backend(), {input}, 2);
  ASSERT_EQ(one.size(), 1);
  EXPECT_LT(largest_relative_difference(expected[0], one[0]), 1e-4);
  EXPECT_TRUE(one[0].identical(two[0])) << "the number of threads changes the result";
}

INSTANTIATE_TEST_SUITE_P(All, EngineArchitectureTest,
                         testing::Values("cnn", "mobile", "resnet8", "mlp", "mobilenet_v2",
                                         "resnet18"),
                         [](const auto& test) { return std::string(test.param); });

// Every float operator with a kernel, in shapes that take each of its paths.
Graph assorted_operators() {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 6, 7, 9}});
  const auto weights = [&](const std::vector<std::int64_t>& dims, std::uint64_t seed) {
    return g.add_constant("w", random_input(dims, seed));
  };
  ValueId v = g.add("Conv", std::array{x, weights({8, 3, 3, 3}, 1)},
                    {{"group", std::int64_t{2}},
                     {"auto_pad", std::string("SAME_UPPER")},
                     {"strides", Ints{2, 1}}});
  v = g.add("LeakyRelu", std::array{v}, {{"alpha", 0.1F}});
  const ValueId scaled = g.add("Mul", std::array{v, weights({1, 8, 1, 1}, 2)});
  const ValueId shifted = g.add("Sub", std::array{weights({1, 8, 1, 1}, 3), scaled});
  const ValueId pooled = g.add("AveragePool", std::array{shifted},
                               {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}});
  const ValueId joined = g.add("Concat", std::array{pooled, g.add("Sigmoid", std::array{shifted})},
                               {{"axis", std::int64_t{1}}});
  v = g.add("Transpose", std::array{joined}, {{"perm", Ints{0, 2, 3, 1}}});
  v = g.add("MatMul", std::array{v, weights({16, 5}, 4)});
  v = g.add("HardSwish", std::array{g.add("Tanh", std::array{v})});
  v = g.add("Softmax", std::array{v}, {{"axis", std::int64_t{-1}}});
  v = g.add("Reshape",
            std::array{v, g.add_constant("shape", Tensor::vector_int64(Ints{0, -1, 5}))});
  // No kernel: the reference evaluator inside the engine.
  v = g.add("Softmax", std::array{v}, {{"axis", std::int64_t{1}}});
  const ValueId mean = g.add(
      "ReduceMean", std::array{joined, g.add_constant("axes", Tensor::vector_int64(Ints{2, 3}))},
      {{"keepdims", std::int64_t{0}}});
  const ValueId wide = g.add("Gemm", std::array{mean, weights({16, 5}, 6), weights({5}, 7)},
                             {{"alpha", 0.5F}, {"beta", 2.0F}});
  const ValueId most = g.add("GlobalMaxPool", std::array{joined});
  g.set_outputs(
      {v,
       g.add("Div",
             std::array{g.add("Clip", std::array{wide, g.add_constant("lo", Tensor::scalar(-0.5F)),
                                                 g.add_constant("hi", Tensor::scalar(0.5F))}),
                        g.add_constant("two", Tensor::scalar(2.0F))}),
       most, joined});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

TEST_F(EngineTest, AssortedOperatorsAgreeWithTheReference) {
  const Graph graph = assorted_operators();
  const Tensor input = random_input({3, 6, 7, 9}, 11);
  const auto expected = run(graph, reference_backend(), {input});
  const auto actual = run(graph, native_backend(), {input}, 2);
  ASSERT_EQ(actual.size(), 4);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].type(), expected[i].type());
    EXPECT_LT(largest_relative_difference(expected[i], actual[i]), 1e-5) << i;
  }
}

TEST_F(EngineTest, FusesResidualAdditionAndActivation) {
  const Graph graph = test_network("resnet8");
  auto executable = native_backend().compile(graph, {.threads = 1, .batch = 1});
  auto context = (*executable)->new_context();
  context->enable_profiling();
  ASSERT_TRUE(context->run(std::array{random_input({1, 3, 32, 32}, 1)}).ok());
  int fused = 0;
  for (const StepProfile& step : context->profile()) {
    EXPECT_NE(step.op_type, "Relu");
    EXPECT_NE(step.op_type, "Add");
    EXPECT_NE(step.kernel, "reference");
    EXPECT_EQ(step.runs, 1);
    if (step.op_type == "Conv+Add+Relu") ++fused;
  }
  EXPECT_EQ(fused, 3);
  EXPECT_GT((*executable)->arena_bytes(), 16 * 32 * 32 * 4);
  EXPECT_LT((*executable)->arena_bytes(), 5 * 16 * 32 * 32 * 4);
}

TEST_F(EngineTest, AGraphWithoutNodesReturnsItsInput) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{2, 3}});
  g.set_outputs({g.add("Identity", std::array{x}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Tensor input = random_input({2, 3}, 1);
  EXPECT_TRUE(run(g, native_backend(), {input})[0].identical(input));
}

TEST_F(EngineTest, RefusesWrongInputs) {
  const Graph graph = test_network("mlp");
  auto executable = native_backend().compile(graph, {.threads = 1, .batch = 1});
  auto context = (*executable)->new_context();
  EXPECT_THAT(context->run({}).error().message(), HasSubstr("0 inputs given"));
  EXPECT_THAT(context->run(std::array{random_input({1, 1, 28, 27}, 1)}).error().message(),
              HasSubstr("input 'input' is float32[1,1,28,27], expected float32[N,1,28,28]"));
}

// In one type: x [1,4,6,6] -> Conv -> Tanh -> MaxPool.
Graph small_network(DataType type) {
  Graph g;
  const ValueId x = g.add_input("x", {type, ir::Shape{1, 4, 6, 6}});
  const ValueId w = g.add_constant("w", random_input({4, 4, 3, 3}, 1).cast(type));
  const ValueId y = g.add_value("conv", {});
  g.add_node({"stem", "", "Conv", {x, w}, {y}, {}});
  const ValueId t = g.add("Tanh", std::array{y}, {}, "squashed");
  g.set_outputs({g.add("MaxPool", std::array{t},
                       {{"kernel_shape", std::vector<std::int64_t>{3, 3}}}, "most")});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

TEST_F(EngineTest, SaysWhichNodesHaveNoKernelAndWhy) {
  const auto wide = native_backend().compile(small_network(DataType::kFloat64), {.threads = 1});
  ASSERT_TRUE(wide.ok()) << wide.error().message();
  EXPECT_EQ((*wide)->slow_share(), 1);
  EXPECT_THAT(
      (*wide)->notes(),
      testing::ElementsAre(
          "3 nodes (100 % of the work) run in the reference evaluator, which is slow: Conv, no "
          "kernel for float64 (stem); Tanh, no kernel for float64 (squashed); MaxPool, no kernel "
          "for float64 (most)"));

  const auto context = (*wide)->new_context();
  context->enable_profiling();
  int slow = 0;
  for (const StepProfile& step : context->profile()) slow += step.missing.empty() ? 0 : 1;
  EXPECT_EQ(slow, 3);

  const auto single = native_backend().compile(small_network(DataType::kFloat32), {.threads = 1});
  ASSERT_TRUE(single.ok()) << single.error().message();
  EXPECT_THAT((*single)->notes(), testing::IsEmpty());
  EXPECT_EQ((*single)->slow_share(), 0);

  const auto fast = native_backend().compile(test_network("cnn"), {.threads = 1});
  EXPECT_TRUE((*fast)->notes().empty());
}

// The network in float32 with weights and input rounded, against the reference, which rounds behind
// each node.
TEST_F(EngineTest, HalvesAreComputedInFloat32) {
  for (const DataType type : {DataType::kFloat16, DataType::kBFloat16}) {
    SCOPED_TRACE(ir::data_type_name(type));
    Graph g = small_network(type);
    const ValueId most = g.outputs()[0];
    const ValueId turned = g.add("Transpose", std::array{most},
                                 {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}}, "turned");
    g.set_outputs({g.add("Add", std::array{turned, turned}, {}, "twice"), turned});
    ASSERT_TRUE(ops::infer_shapes(g).ok());
    const auto native = compile(native_backend(), g);
    ASSERT_NE(native, nullptr);
    EXPECT_THAT(native->notes(), testing::Contains(HasSubstr(std::string(ir::data_type_name(type)) +
                                                             " is computed in float32")));
    const auto context = native->new_context();
    context->enable_profiling();
    const std::array input{random_input({1, 4, 6, 6}, 3).cast(type)};
    const auto outputs = context->run(input);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    const auto expected = engine::run(*compile(reference_backend(), g), input);
    const double tolerance = type == DataType::kFloat16 ? 0x1p-9 : 0x1p-6;
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_LT(largest_relative_difference(expected[i], outputs->at(i)), tolerance);
    for (const StepProfile& step : context->profile())
      EXPECT_TRUE(step.missing.empty()) << step.name;
  }
}

// Products of computed matrices, as attention has them: with batches, broadcast, and clamped.
TEST_F(EngineTest, ProductsOfComputedMatrices) {
  const std::pair<Ints, Ints> cases[] = {{{2, 3, 5, 7}, {2, 3, 7, 9}},
                                         {{2, 3, 5, 7}, {7, 9}},
                                         {{5, 7}, {3, 7, 9}},
                                         {{2, 1, 5, 7}, {3, 7, 9}},
                                         {{4, 5, 7}, {1, 7, 33}}};
  for (const auto& [left, right] : cases) {
    SCOPED_TRACE(ir::to_string(left) + ir::to_string(right));
    Graph g;
    const ValueId a = g.add_input("a", {DataType::kFloat32, ir::make_shape(left)});
    const ValueId b = g.add_input("b", {DataType::kFloat32, ir::make_shape(right)});
    const ValueId y = g.add("MatMul", std::array{a, b});
    g.set_outputs({g.add("Relu", std::array{y})});
    ASSERT_TRUE(ops::infer_shapes(g).ok());
    const std::array inputs{random_input(left, 1), random_input(right, 2)};
    const auto native = compile(native_backend(), g, {.threads = 2});
    ASSERT_NE(native, nullptr);
    EXPECT_EQ(native->slow_share(), 0);
    const Tensor expected = engine::run(*compile(reference_backend(), g), inputs)[0];
    EXPECT_LT(largest_relative_difference(expected, engine::run(*native, inputs)[0]), 1e-5);
  }
}

TEST_F(EngineTest, ManySlowNodesAreSummedUp) {
  Graph g;
  ValueId v = g.add_input("x", {DataType::kFloat64, ir::Shape{8}});
  for (int i = 0; i < 5; ++i) v = g.add("Tanh", std::array{v}, {}, fmt::format("t{}", i));
  g.set_outputs({v});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_THAT(native_backend().compile(g, {.threads = 1}).value()->notes()[0],
              HasSubstr("Tanh, no kernel for float64 (t0, t1, t2 and 2 more)"));
}

TEST_F(EngineTest, TellsTheThreadsThatItUses) {
  Graph small;
  const ValueId x = small.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 1000}});
  small.set_outputs({small.add("Relu", std::array{x})});
  ASSERT_TRUE(ops::infer_shapes(small).ok());
  const auto one = native_backend().compile(small, {.threads = 3}).value();
  EXPECT_EQ(one->threads(), 1);
  EXPECT_THAT(one->notes(), testing::ElementsAre(HasSubstr("1 thread instead of 3")));
  EXPECT_TRUE(native_backend().compile(small, {}).value()->notes().empty()) << "nothing was asked";
  // Much to move, though there is nothing to multiply.
  const auto three = native_backend().compile(small, {.threads = 3, .batch = 10000}).value();
  EXPECT_EQ(three->threads(), 3);
  EXPECT_TRUE(three->notes().empty());
  const auto reference = reference_backend().compile(small, {.threads = 3, .streams = 2}).value();
  EXPECT_EQ(reference->threads(), 1);
  EXPECT_EQ(reference->streams(), 2);
  EXPECT_THAT(reference->notes(), testing::ElementsAre(HasSubstr("1 thread instead of 3")));
}

TEST_F(EngineTest, AnExtentThatNobodyGaveIsNamed) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{1, Dim::symbol("T")}});
  g.set_outputs({g.add("Relu", std::array{x})});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Backend& native = native_backend();
  EXPECT_THAT(native.compile(g, {}).error().message(), HasSubstr("input 'x': extent T of axis 1"));
  EXPECT_TRUE(native.compile(g, {.threads = 1, .batch = 1, .dimensions = {{"T", 5}}}).ok());
}

TEST_F(EngineTest, RefusesWhatItCannotKeepTo) {
  const Graph graph = test_network("cnn");
  const Backend& native = native_backend();
  CompileOptions options;
  options.precision = Precision::kFloat16;
  EXPECT_THAT(native.compile(graph, options).error().message(),
              HasSubstr("computes in f32 and bf16, f16 was asked for"));
  options.precision = Precision::kBFloat16;
  EXPECT_THAT(reference_backend().compile(graph, options).error().message(),
              HasSubstr("computes in f32, bf16 was asked for"));
  options = {};
  options.providers = {"cuda"};
  EXPECT_THAT(native.compile(graph, options).error().message(), HasSubstr("cuda was asked for"));
  options = {};
  options.provider_options = {{"cuda", {{"device_id", "0"}}}};
  EXPECT_THAT(native.compile(graph, options).error().message(), HasSubstr("options were given"));
  options = {.threads = 1};
  options.memory_limit = 10'000;
  const auto limited = native.compile(graph, options);
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(limited.error().message(), HasSubstr("more than the limit of 10000"));
  options.memory_limit = 10'000'000;
  EXPECT_TRUE(native.compile(graph, options).ok());
}

TEST_F(EngineTest, AContextOutlivesItsExecutable) {
  for (const Backend* backend : {&native_backend(), &reference_backend()}) {
    auto executable = backend->compile(adding_graph(3, 1), {.threads = 1});
    ASSERT_TRUE(executable.ok());
    const auto context = (*executable)->new_context();
    executable->reset();
    const auto outputs = context->run(std::array{Tensor::from_values<float>({3}, {1, 2, 3})});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_EQ(outputs->at(0).to_floats(), (std::vector<float>{2, 3, 4}));
  }
}

TEST_F(EngineTest, SizesThatOverflowAreRefused) {
  // Broadcasting makes 2^66 elements out of small inputs.
  Graph g;
  constexpr std::int64_t kExtent = std::int64_t{1} << 33;
  const ValueId a = g.add_input("a", {DataType::kFloat32, ir::Shape{kExtent, 1}});
  const ValueId b = g.add_input("b", {DataType::kFloat32, ir::Shape{1, kExtent}});
  g.set_outputs({g.add("Add", std::array{a, b}, {}, "sum")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto compiled = native_backend().compile(g, {.threads = 1});
  ASSERT_FALSE(compiled.ok());
  EXPECT_THAT(
      compiled.error().message(),
      HasSubstr("node sum (Add): output 'sum': is float32[8589934592,8589934592]: too large"));
}

}  // namespace
}  // namespace lathe::engine
