// Executables of graphs that leave extents open: each run brings its own shape.
#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <thread>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/region.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "ir/domains.h"
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
using Dims = std::vector<std::int64_t>;

class RunTimeShapesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

// Convolution, addition, pooling and concatenation of integers.
Graph integer_network() {
  Graph g;
  const ValueId x = g.add_input(
      "x",
      {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 4, Dim::symbol("H"), Dim::symbol("W")}});
  const ValueId scale = g.add_constant("scale", Tensor::scalar(0.03F));
  const ValueId zero = g.add_constant("zero", Tensor::scalar(std::uint8_t{110}));
  const ValueId none = g.add_constant("none", Tensor::scalar(std::int8_t{0}));
  Tensor w = Tensor::zeros(DataType::kInt8, {4, 4, 3, 3});
  for (std::int64_t i = 0; i < w.num_elements(); ++i)
    w.set_double(i, static_cast<double>(i * 37 % 200) - 100);
  const ValueId weights = g.add_constant("w", w);
  const ValueId q = g.add("QuantizeLinear", std::array{x, scale, zero});
  const ValueId small = g.add_constant("small", Tensor::scalar(0.002F));
  const ValueId conv =
      g.add("QLinearConv", std::array{q, scale, zero, weights, small, none, scale, zero},
            {{"pads", Dims{1, 1, 1, 1}}});
  const ValueId sum =
      g.add("QLinearAdd", std::array{q, scale, zero, conv, scale, zero, scale, zero}, {}, {},
            ir::kMicrosoftDomain);
  const ValueId both = g.add("Concat", std::array{sum, conv}, {{"axis", std::int64_t{1}}});
  const ValueId pooled =
      g.add("MaxPool", std::array{both}, {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
  g.set_outputs({g.add("DequantizeLinear", std::array{pooled, scale, zero})});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

const Dims kTenSizes[] = {{1, 32, 32}, {1, 33, 40}, {2, 32, 32}, {1, 64, 48}, {3, 17, 29},
                          {1, 40, 33}, {1, 96, 32}, {5, 16, 16}, {1, 32, 33}, {1, 48, 64}};

TEST_F(RunTimeShapesTest, EachRunAnswersAsIfCompiledForItsShape) {
  std::vector<Graph> graphs;
  for (const char* name : {"resnet8", "mobilenet_v2", "resnet18"})
    graphs.push_back(test_network(name, {.channels = 3, .height = 32, .width = 32}));
  graphs.push_back(integer_network());
  for (const Graph& graph : graphs) {
    SCOPED_TRACE(graph.name);
    const bool is_exact = &graph == &graphs.back();
    const Graph open = with_open_images(graph);
    const auto executable = compile(native_backend(), open, {.threads = 1, .leave_open = true});
    ASSERT_NE(executable, nullptr);
    EXPECT_EQ(executable->inputs()[0].accepted, open.tensor_type(open.inputs()[0]));
    EXPECT_EQ(plan_of(*executable), nullptr);
    const auto context = executable->new_context();
    context->enable_profiling();
    const std::int64_t channels = open.tensor_type(open.inputs()[0]).shape->at(1).value();
    std::size_t weights = 0;
    for (const Dims& size : kTenSizes) {
      SCOPED_TRACE(fmt::format("{}x{}x{}", size[0], size[1], size[2]));
      const Tensor input = random_input({size[0], channels, size[1], size[2]}, 3);
      const auto fixed =
          compile(native_backend(), open,
                  {.threads = 1, .batch = size[0], .dimensions = {{"H", size[1]}, {"W", size[2]}}});
      ASSERT_NE(fixed, nullptr);
      const auto expected = run(*fixed, std::array{input});
      const auto actual = context->run(std::array{input});
      ASSERT_TRUE(actual.ok()) << actual.error().message();
      // Kernels of float32 are chosen once for all shapes, or for one.
      EXPECT_LT(largest_relative_difference(expected[0], actual->at(0)), is_exact ? 1e-30 : 1e-5);
      if (weights == 0) weights = executable->weight_bytes();
      EXPECT_EQ(executable->weight_bytes(), weights) << "weights were packed again";
    }
    for (const StepProfile& step : context->profile()) EXPECT_EQ(step.missing, "") << step.name;
  }
}

TEST_F(RunTimeShapesTest, AnswersDoNotDependOnTheShapesBefore) {
  const Graph open =
      with_open_images(test_network("resnet18", {.channels = 3, .height = 32, .width = 32}));
  const auto run_in_order = [&](bool backwards) {
    const auto executable = compile(native_backend(), open, {.threads = 1, .leave_open = true});
    std::map<Dims, Tensor> answers;
    const auto run_size = [&](const Dims& size) {
      const Tensor input = random_input({size[0], 3, size[1], size[2]}, 3);
      answers.emplace(size, run(*executable, std::array{input}).at(0));
    };
    if (backwards) {
      std::for_each(std::rbegin(kTenSizes), std::rend(kTenSizes), run_size);
    } else {
      std::for_each(std::begin(kTenSizes), std::end(kTenSizes), run_size);
    }
    return answers;
  };
  const auto forwards = run_in_order(false);
  for (const auto& [size, answer] : run_in_order(true))
    EXPECT_TRUE(answer.identical(forwards.at(size))) << size[1] << 'x' << size[2];
}

TEST_F(RunTimeShapesTest, AgreesWithTheReference) {
  const Graph open = with_open_images(test_network("resnet8"));
  const auto native = compile(native_backend(), open, {.threads = 2, .leave_open = true});
  const auto reference = compile(reference_backend(), open, {.threads = 1, .leave_open = true});
  const auto context = native->new_context();
  for (const Dims& size : {Dims{1, 20, 24}, Dims{2, 33, 17}, Dims{1, 20, 24}}) {
    const Tensor input = random_input({size[0], 3, size[1], size[2]}, 5);
    const auto expected = run(*reference, std::array{input});
    const auto actual = context->run(std::array{input});
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    EXPECT_LT(largest_relative_difference(expected[0], actual->at(0)), 1e-4);
  }
}

// y = Reshape(x + the sum of where x is not 0, [N, -1]), with N read from x's shape at run time.
Graph reshaping_network(bool looks_at_values) {
  Graph g;
  const ValueId x =
      g.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 3, Dim::symbol("H"), 4}});
  const auto ints = [&](const Dims& values) {
    return g.add_constant("ints", Tensor::vector_int64(values));
  };
  const ValueId batch = g.add("Gather", std::array{g.add("Shape", std::array{x}), ints({0})});
  const ValueId target =
      g.add("Concat", std::array{batch, ints({-1})}, {{"axis", std::int64_t{0}}}, "target");
  ValueId y = x;
  if (looks_at_values) {
    const ValueId places = g.add("Cast", std::array{g.add("NonZero", std::array{x})},
                                 {{"to", static_cast<std::int64_t>(DataType::kFloat32)}});
    y = g.add("Add", std::array{x, g.add("ReduceSum", std::array{places},
                                         {{"keepdims", std::int64_t{0}}})});
  }
  const ValueId rows = g.add("Reshape", std::array{y, target}, {}, "rows");
  g.set_outputs({g.add("Relu", std::array{rows}, {}, "y")});
  const Status inferred = ops::infer_shapes(g);
  EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  return g;
}

TEST_F(RunTimeShapesTest, ShapeArithmeticIsNoWork) {
  for (const bool looks_at_values : {false, true}) {
    const Graph g = reshaping_network(looks_at_values);
    const auto native = compile(native_backend(), g, {.leave_open = true});
    const auto reference = compile(reference_backend(), g, {.leave_open = true});
    const std::vector<std::string> notes = native->notes();
    if (looks_at_values) {
      ASSERT_EQ(notes.size(), 1U);
      EXPECT_THAT(notes[0], testing::StartsWith("1 node is evaluated one by one"));
      EXPECT_THAT(notes[0], HasSubstr("(NonZero)"));
    } else {
      EXPECT_TRUE(notes.empty()) << notes[0];
    }
    const auto context = native->new_context();
    context->enable_profiling();
    for (const Dims& dims : {Dims{2, 3, 5, 4}, Dims{1, 3, 1, 4}, Dims{4, 3, 2, 4}}) {
      const Tensor input = random_input(dims, 3);
      const auto actual = context->run(std::array{input});
      ASSERT_TRUE(actual.ok()) << actual.error().message();
      EXPECT_EQ(actual->at(0).dims(), (Dims{dims[0], 12 * dims[2]}));
      EXPECT_LT(largest_relative_difference(run(*reference, std::array{input})[0], actual->at(0)),
                1e-5);
    }
    for (const StepProfile& step : context->profile()) EXPECT_NE(step.op_type, "Concat");
  }
}

TEST_F(RunTimeShapesTest, ABatchIsADefaultAndMayBeEmpty) {
  const auto executable =
      compile(native_backend(), test_network("mlp"), {.threads = 1, .batch = 3});
  EXPECT_EQ(executable->inputs()[0].type.to_string(), "float32[3,1,28,28]");
  EXPECT_EQ(executable->inputs()[0].accepted.to_string(), "float32[N,1,28,28]");
  EXPECT_EQ(executable->outputs()[0].type.to_string(), "float32[3,10]");
  for (const std::int64_t rows : {3, 1, 7, 0}) {
    const auto outputs = run(*executable, std::array{random_input({rows, 1, 28, 28}, 1)});
    EXPECT_EQ(outputs[0].dims(), (Dims{rows, 10}));
  }
}

TEST_F(RunTimeShapesTest, WhatIsFixedStaysFixed) {
  const Graph open = with_open_images(test_network("resnet8"));
  const auto executable = compile(native_backend(), open,
                                  {.threads = 1, .dimensions = {{"H", 32}, {"W", 32}, {"N", 2}}});
  const auto context = executable->new_context();
  EXPECT_TRUE(context->run(std::array{random_input({2, 3, 32, 32}, 1)}).ok());
  const auto other = context->run(std::array{random_input({1, 3, 32, 32}, 1)});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message(),
            "input 'input' is float32[1,3,32,32], expected float32[2,3,32,32]");
}

TEST_F(RunTimeShapesTest, RefusesWhatTheGraphDoesNotAllow) {
  Graph g;
  const ir::TensorType rows{DataType::kFloat32, ir::Shape{Dim::symbol("N"), 4}};
  const ValueId a = g.add_input("a", rows);
  const ValueId b = g.add_input("b", rows);
  g.set_outputs({g.add("Add", std::array{a, b}, {}, "sum")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  for (const Backend* backend : {&native_backend(), &reference_backend()}) {
    const auto context = compile(*backend, g)->new_context();
    EXPECT_TRUE(context->run(std::array{random_input({5, 4}, 1), random_input({5, 4}, 2)}).ok());
    const auto unequal = context->run(std::array{random_input({5, 4}, 1), random_input({6, 4}, 2)});
    ASSERT_FALSE(unequal.ok());
    EXPECT_EQ(unequal.error().message(),
              "input 'b' is float32[6,4]: extent N is 5 of input 'a' already");
    EXPECT_THAT(context->run(std::array{random_input({5, 3}, 1), random_input({5, 4}, 2)})
                    .error()
                    .message(),
                HasSubstr("input 'a' is float32[5,3], expected float32[N,4]"));
    EXPECT_THAT(
        context->run(std::array{random_input({5}, 1), random_input({5, 4}, 2)}).error().message(),
        HasSubstr("input 'a' is float32[5], expected"));
  }
}

// Too small for its windows, and too large for the memory that is allowed: later runs go on.
TEST_F(RunTimeShapesTest, AShapeThatCannotBeHadIsRefusedByItself) {
  ir::GraphBuilder b("valid", 1);
  const ValueId x = b.input("x", {1, 2, 8, 8});
  const Graph graph = with_open_images(b.finish(b.conv(x, 3, {.kernel = 5}), "y"));
  CompileOptions options{.threads = 1, .leave_open = true};
  options.memory_limit = 20'000;
  const auto context = compile(native_backend(), graph, options)->new_context();
  const auto good = context->run(std::array{random_input({1, 2, 8, 8}, 1)});
  ASSERT_TRUE(good.ok()) << good.error().message();
  EXPECT_THAT(context->run(std::array{random_input({1, 2, 4, 8}, 1)}).error().message(),
              HasSubstr("node "));
  EXPECT_THAT(context->run(std::array{random_input({40, 2, 8, 8}, 1)}).error().message(),
              HasSubstr("more than the limit of 20000"));
  const auto again = context->run(std::array{random_input({1, 2, 8, 8}, 1)});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(good->at(0).identical(again->at(0)));
}

TEST_F(RunTimeShapesTest, MorePlansThanAreKept) {
  const auto executable = compile(native_backend(), test_network("mlp"));
  const auto context = executable->new_context();
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t rows = 1; rows <= std::ssize(std::array<int, 2 * Region::kMostPlans>{});
         ++rows) {
      const Tensor input = random_input({rows, 1, 28, 28}, 4);
      const auto outputs = context->run(std::array{input});
      ASSERT_TRUE(outputs.ok());
      EXPECT_TRUE(outputs->at(0).identical(run(*executable, std::array{input})[0]));
    }
  }
}

TEST_F(RunTimeShapesTest, ContextsOfManyThreadsShareThePlans) {
  const Graph open = with_open_images(test_network("resnet8"));
  const auto executable = compile(native_backend(), open, {.threads = 2, .leave_open = true});
  std::vector<Tensor> inputs;
  std::vector<Tensor> expected;
  for (std::int64_t i = 0; i < 12; ++i) {
    inputs.push_back(random_input({1 + i % 3, 3, 16 + i, 24 - i}, 7));
    expected.push_back(run(*executable, std::array{inputs.back()})[0]);
  }
  const auto fresh = compile(native_backend(), open, {.threads = 2, .leave_open = true});
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto context = fresh->new_context();
      std::vector<Tensor> outputs;
      for (std::size_t i = 0; i < 24; ++i) {
        const std::size_t which = (i * (t + 1) + t) % inputs.size();
        const Status status = context->run_into(std::span(&inputs[which], 1), outputs);
        ASSERT_TRUE(status.ok()) << status.error().message();
        EXPECT_TRUE(outputs[0].identical(expected[which]));
      }
    });
  }
}

TEST_F(RunTimeShapesTest, OutputsAreWrittenInPlace) {
  const auto executable = compile(native_backend(), test_network("mlp"));
  const auto context = executable->new_context();
  const std::array first{random_input({2, 1, 28, 28}, 1)};
  const std::array second{random_input({2, 1, 28, 28}, 2)};
  std::vector<Tensor> outputs;
  ASSERT_TRUE(context->run_into(first, outputs).ok());
  const std::byte* place = outputs[0].bytes().data();
  const Tensor copy = Tensor::from_values<float>(outputs[0].dims(), outputs[0].data<float>());
  ASSERT_TRUE(context->run_into(second, outputs).ok());
  EXPECT_EQ(outputs[0].bytes().data(), place);
  ASSERT_TRUE(context->run_into(first, outputs).ok());
  EXPECT_TRUE(outputs[0].identical(copy));
  // What somebody else still reads is left alone.
  const Tensor kept = outputs[0];
  ASSERT_TRUE(context->run_into(second, outputs).ok());
  EXPECT_TRUE(kept.identical(copy));
  EXPECT_FALSE(outputs[0].identical(copy));
}

// An output that is an input, a constant, and another output as well.
TEST_F(RunTimeShapesTest, OutputsThatAreOtherThingsToo) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 2}});
  const ValueId c = g.add_constant("c", Tensor::from_values<float>({2}, {1, 2}));
  const ValueId sum = g.add("Add", std::array{x, c}, {}, "sum");
  const ValueId flat =
      g.add("Reshape", std::array{sum, g.add_constant("shape", Tensor::vector_int64(Dims{-1}))});
  const ValueId fixed = g.add("Add", std::array{c, c}, {}, "fixed");
  g.set_outputs({sum, x, flat, sum, fixed});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Tensor input = Tensor::from_values<float>({2, 2}, {1, 2, 3, 4});
  const auto expected = run(*compile(reference_backend(), g), std::array{input});
  const auto actual = run(*compile(native_backend(), g), std::array{input});
  ASSERT_EQ(expected.size(), actual.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(expected[i].identical(actual[i])) << i;
}

}  // namespace
}  // namespace lathe::engine
