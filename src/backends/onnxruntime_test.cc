// ONNX Runtime against the reference evaluator; skipped where its library is absent.
#include "backends/onnxruntime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/automatic.h"
#include "backends/backends.h"
#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::Contains;
using testing::HasSubstr;

class OnnxRuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    const Availability found = onnxruntime_backend().available();
    if (!found.available) GTEST_SKIP() << found.reason;
  }

  static std::vector<Tensor> run_graph(const Graph& graph, const std::vector<Tensor>& inputs,
                                       const CompileOptions& options = {.threads = 1}) {
    const auto executable = compile(onnxruntime_backend(), graph, options);
    return executable == nullptr ? std::vector<Tensor>{} : run(*executable, inputs);
  }
};

// A graph of one node, as a file with an operator that Lathe lacks is read.
Graph foreign_graph(std::string_view op_type, std::string domain, ir::AttributeMap attributes,
                    DataType output_type = DataType::kFloat32, std::size_t operands = 1) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{2, 3}});
  const ValueId y = g.add_value("y", {output_type, ir::Shape{{}, {}}});
  g.add_node({.name = "the_node",
              .domain = domain,
              .op_type = std::string(op_type),
              .inputs = std::vector<ValueId>(operands, x),
              .outputs = {y},
              .attributes = std::move(attributes)});
  g.set_outputs({y});
  g.opsets = {{"", 17}};
  if (!domain.empty()) g.opsets[domain] = 1;
  return g;
}

TEST_F(OnnxRuntimeTest, NetworksAgreeWithTheReference) {
  for (const char* name : {"cnn", "resnet8", "mobilenet_v2"}) {
    const Graph graph = test_network(name, {.channels = 3, .height = 33, .width = 40});
    const Tensor input = random_input({2, 3, 33, 40}, 5);
    const auto reference = compile(reference_backend(), graph, {.batch = 2});
    ASSERT_TRUE(reference);
    const auto expected = run(*reference, std::array{input});
    const auto actual = run_graph(graph, {input}, {.threads = 2, .batch = 2});
    ASSERT_EQ(actual.size(), 1) << name;
    EXPECT_LT(largest_relative_difference(expected[0], actual[0]), 1e-4) << name;
  }
}

// One executable of native's for all sizes.
TEST_F(OnnxRuntimeTest, AgreesWithNativeAtEverySizeOfImage) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const Graph graph =
      with_open_images(test_network("resnet8", {.channels = 3, .height = 64, .width = 64}));
  const CompileOptions options{.threads = 1, .leave_open = true};
  const auto native = compile(native_backend(), graph, options);
  ASSERT_TRUE(native);
  for (std::int64_t i = 0; i < 10; ++i) {
    const std::vector<std::int64_t> dims{1, 3, 33 + 7 * i, 64 + 5 * i};
    const std::array input{random_input(dims, 9)};
    const auto expected = run_graph(graph, {input[0]}, {.threads = 1, .shapes = {{"", dims}}});
    ASSERT_EQ(expected.size(), 1);
    const auto actual = run(*native, input);
    EXPECT_LT(largest_relative_difference(expected[0], actual[0]), 1e-4) << i;
  }
}

TEST_F(OnnxRuntimeTest, AgreesWithNativeOnADetectorsTail) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const Graph graph = detector_tail();
  const auto peer = compile(onnxruntime_backend(), graph);
  const auto native = compile(native_backend(), graph);
  ASSERT_TRUE(peer != nullptr && native != nullptr);
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::vector<Tensor> inputs = detections(seed);
    const auto expected = run(*peer, inputs);
    const auto actual = run(*native, inputs);
    EXPECT_GT(expected[2].dim(0), 3);
    EXPECT_TRUE(expected[2].identical(actual[2]));
    for (const std::size_t i : {0, 1})
      EXPECT_LT(largest_relative_difference(expected[i], actual[i]), 1e-6);
  }
}

TEST_F(OnnxRuntimeTest, TakesSeveralInputsOfOtherTypes) {
  Graph g;
  const ValueId a = g.add_input("a", {DataType::kInt64, ir::Shape{3}});
  const ValueId b = g.add_input("b", {DataType::kInt64, ir::Shape{1}});
  const ValueId sum = g.add("Add", std::array{a, b}, {}, "sum");
  g.set_outputs({g.add("Sub", std::array{a, b}, {}, "difference"), sum});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto outputs = run_graph(g, {Tensor::vector_int64(std::array<std::int64_t, 3>{1, 2, 3}),
                                     Tensor::vector_int64(std::array<std::int64_t, 1>{10})});
  ASSERT_EQ(outputs.size(), 2);
  EXPECT_EQ(outputs[0].to_int64s(), (std::vector<std::int64_t>{-9, -8, -7}));
  EXPECT_EQ(outputs[1].to_int64s(), (std::vector<std::int64_t>{11, 12, 13}));
}

// y = x transposed, times x.
Graph fused_mat_mul() {
  return foreign_graph("FusedMatMul", "com.microsoft", {{"transA", std::int64_t{1}}},
                       DataType::kFloat32, 2);
}

TEST_F(OnnxRuntimeTest, RunsOperatorsThatLatheLacks) {
  const Graph g = foreign_graph("CumSumOfNobody", "", {});
  EXPECT_THAT(onnxruntime_backend().compile(g, {}).error().message(), HasSubstr("CumSumOfNobody"));

  const Graph fused = fused_mat_mul();
  const auto outputs = run_graph(fused, {Tensor::from_values<float>({2, 3}, {1, 2, 3, 4, 5, 6})});
  ASSERT_EQ(outputs.size(), 1);
  EXPECT_EQ(outputs[0].dims(), (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(outputs[0].to_floats(), (std::vector<float>{17, 22, 27, 22, 29, 36, 27, 36, 45}));
  EXPECT_THAT(native_backend().compile(fused, {}).error().message(),
              HasSubstr("the_node (com.microsoft.FusedMatMul): operator is not supported"));
}

TEST_F(OnnxRuntimeTest, OutputsWhoseExtentsOnlyARunTells) {
  const Graph g = foreign_graph("NonZero", "", {}, DataType::kInt64);
  const auto outputs = run_graph(g, {Tensor::from_values<float>({2, 3}, {0, 2, 0, 4, 0, 6})});
  ASSERT_EQ(outputs.size(), 1);
  EXPECT_EQ(outputs[0].dims(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(outputs[0].to_int64s(), (std::vector<std::int64_t>{0, 1, 1, 1, 0, 2}));
}

TEST_F(OnnxRuntimeTest, AutoTakesItForOperatorsThatLatheLacks) {
  const Graph g = fused_mat_mul();
  const auto executable = automatic_backend().compile(g, {.threads = 1});
  ASSERT_TRUE(executable.ok()) << executable.error().message();
  const auto notes = (*executable)->notes();
  EXPECT_THAT(notes, Contains(HasSubstr("auto chose onnxruntime")));
  const auto ranked = rank_backends(backends(), g, {}, this_machine());
  EXPECT_THAT(ranked.back().reason, HasSubstr("FusedMatMul"));
}

TEST_F(OnnxRuntimeTest, FallsBackFromProvidersThatCannotBeHad) {
  const Graph graph = adding_graph(2, 1);
  CompileOptions options{.threads = 1};
  options.providers = {"tensorrt", "no_such_provider", "cpu"};
  const auto executable = onnxruntime_backend().compile(graph, options);
  ASSERT_TRUE(executable.ok()) << executable.error().message();
  const auto notes = (*executable)->notes();
  if (!std::filesystem::exists("/dev/nvidia0")) {
    EXPECT_THAT(notes, Contains(HasSubstr("provider tensorrt is passed over: ")));
  }
  EXPECT_THAT(notes, Contains(HasSubstr("provider no_such_provider is passed over: ")));
  EXPECT_THAT(notes.back(), HasSubstr("computes on"));
  EXPECT_THAT(notes.back(), HasSubstr("cpu"));
  const auto outputs =
      (*executable)->new_context()->run(std::array{Tensor::from_values<float>({2}, {1, 2})});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ((*outputs)[0].to_floats(), (std::vector<float>{2, 3}));

  options.providers = {"no_such_provider"};
  EXPECT_THAT(onnxruntime_backend().compile(graph, options).error().message(),
              HasSubstr("add cpu to --provider"));
  options.providers = {"azure", "cpu"};
  EXPECT_THAT(onnxruntime_backend().compile(graph, options).value()->notes(),
              Contains(HasSubstr("over the network")));
  EXPECT_THAT(onnxruntime_backend().providers(), Contains("cpu"));
  EXPECT_THAT(onnxruntime_backend().providers(), testing::Not(Contains("azure")));
}

TEST_F(OnnxRuntimeTest, RefusesProviderOptionsThatHaveNoUse) {
  CompileOptions options;
  options.provider_options = {{"cuda", {{"device_id", "0"}}}};
  EXPECT_THAT(onnxruntime_backend().compile(adding_graph(2, 1), options).error().message(),
              HasSubstr("cuda, which is not asked for"));
  options.provider_options = {{"cpu", {{"x", "0"}}}};
  EXPECT_THAT(onnxruntime_backend().compile(adding_graph(2, 1), options).error().message(),
              HasSubstr("cpu takes no options"));
}

TEST_F(OnnxRuntimeTest, StreamsAnswerInFlight) {
  CompileOptions options{.threads = 1};
  options.streams = 3;
  const auto executable = onnxruntime_backend().compile(adding_graph(2, 1), options).value();
  std::vector<std::future<Outputs>> futures;
  for (int i = 0; i < 500; ++i) {
    const auto value = static_cast<float>(i);
    futures.push_back(executable->submit({Tensor::from_values<float>({2}, {value, value})},
                                         Completion::kInOrder));
  }
  for (int i = 0; i < 500; ++i) {
    const Outputs outputs = futures[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_EQ((*outputs)[0].to_floats()[1], static_cast<float>(i + 1));
  }
}

TEST_F(OnnxRuntimeTest, RefusesWrongInputs) {
  const auto executable = onnxruntime_backend().compile(adding_graph(2, 1), {}).value();
  EXPECT_THAT(executable->new_context()->run(std::array{random_input({3}, 1)}).error().message(),
              HasSubstr("input 'x' is float32[3], expected float32[2]"));
}

}  // namespace
}  // namespace lathe::engine
