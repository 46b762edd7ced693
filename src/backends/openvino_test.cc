// OpenVINO against the reference evaluator. Skips where the library is not installed.
#include "backends/openvino.h"

#include <array>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "backends/find_library.h"
#include "base/file.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::AllOf;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

class OpenVinoTest : public testing::Test {
 protected:
  void SetUp() override {
    const Availability found = openvino_backend().available();
    if (!found.available) GTEST_SKIP() << found.reason;
  }
};

Graph typed(Graph graph) {
  const Status inferred = ops::infer_shapes(graph);
  EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  return graph;
}

class OpenVinoArchitectureTest : public OpenVinoTest,
                                 public testing::WithParamInterface<const char*> {};

TEST_P(OpenVinoArchitectureTest, FloatAgreesWithTheReference) {
  const Graph graph = test_network(GetParam(), {.channels = 3, .height = 33, .width = 40});
  // Small inputs are copied by the backend, large ones are read where they are.
  for (const std::int64_t batch : {1, 3}) {
    const CompileOptions options{.threads = 1, .batch = batch};
    const auto openvino = compile(openvino_backend(), graph, options);
    const auto reference = compile(reference_backend(), graph, options);
    ASSERT_TRUE(openvino && reference);
    EXPECT_EQ(openvino->outputs()[0].type, reference->outputs()[0].type);
    EXPECT_TRUE(openvino->notes().empty());
    const Tensor input = random_input({batch, 3, 33, 40}, 5);
    const Tensor expected = run(*reference, std::array{input})[0];
    const auto context = openvino->new_context();
    const Tensor first = run(*openvino, std::array{input})[0];
    for (const bool other : {false, true, false}) {
      const auto actual = context->run(std::array{other ? random_input(input.dims(), 6) : input});
      ASSERT_TRUE(actual.ok()) << actual.error().message();
      // bf16 would be 1e-3 off.
      if (!other) {
        EXPECT_LT(largest_relative_difference(expected, (*actual)[0]), 1e-5);
      }
      EXPECT_EQ((*actual)[0].identical(first), !other);
    }
    EXPECT_TRUE(input.identical(random_input(input.dims(), 5))) << "wrote to its input";
  }
}

INSTANTIATE_TEST_SUITE_P(All, OpenVinoArchitectureTest,
                         testing::Values("cnn", "resnet8", "mobilenet_v2"),
                         [](const auto& test) { return std::string(test.param); });

// x -> Q -> DQ -> Conv(DQ w) -> Relu -> Q -> DQ
Graph quantized_convolution() {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 3, 9, 9}});
  const ValueId scale = g.add_constant("scale", Tensor::scalar(0.02F));
  const ValueId zero = g.add_constant("zero", Tensor::scalar(std::int8_t{3}));
  const auto quantized = [&](ValueId v) {
    return g.add("DequantizeLinear",
                 std::array{g.add("QuantizeLinear", std::array{v, scale, zero}), scale, zero});
  };
  Tensor weights = Tensor::zeros(DataType::kInt8, {8, 3, 3, 3});
  Random random(3);
  for (std::int8_t& w : weights.mutable_data<std::int8_t>()) {
    w = static_cast<std::int8_t>(random.uniform(-100, 100));
  }
  const ValueId w =
      g.add("DequantizeLinear",
            std::array{g.add_constant("w", weights), g.add_constant("ws", Tensor::scalar(0.001F)),
                       g.add_constant("wz", Tensor::scalar(std::int8_t{0}))});
  const ValueId conv = g.add("Conv", std::array{quantized(x), w});
  g.set_outputs({quantized(g.add("Relu", std::array{conv}))});
  return typed(g);
}

TEST_F(OpenVinoTest, IntegersAgreeWithTheReferenceToOneStep) {
  const Graph graph = quantized_convolution();
  const CompileOptions options{.threads = 1, .batch = 2};
  const auto openvino = compile(openvino_backend(), graph, options);
  const auto reference = compile(reference_backend(), graph, options);
  ASSERT_TRUE(openvino && reference);
  const Tensor input = random_input({2, 3, 9, 9}, 8);
  const Tensor expected = run(*reference, std::array{input})[0];
  const Tensor actual = run(*openvino, std::array{input})[0];
  std::int64_t different = 0;
  for (std::int64_t i = 0; i < expected.num_elements(); ++i) {
    const double difference = std::abs(expected.get_double(i) - actual.get_double(i));
    EXPECT_LT(difference, 0.0201);
    if (difference > 1e-6) ++different;
  }
  EXPECT_LT(different, expected.num_elements() / 100);
}

TEST_F(OpenVinoTest, EightBitWeightsDoNotMakeActivationsEightBit) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{4, 256}});
  Tensor weights = Tensor::zeros(DataType::kInt8, {256, 256});
  Random random(3);
  for (std::int8_t& w : weights.mutable_data<std::int8_t>()) {
    w = static_cast<std::int8_t>(random.uniform(-100, 100));
  }
  const ValueId w =
      g.add("DequantizeLinear",
            std::array{g.add_constant("w", weights), g.add_constant("s", Tensor::scalar(0.03F))});
  g.set_outputs({g.add("MatMul", std::array{x, w})});
  const Graph graph = typed(g);
  const auto openvino = compile(openvino_backend(), graph);
  const auto reference = compile(reference_backend(), graph);
  ASSERT_TRUE(openvino && reference);
  const std::array input{random_input({4, 256}, 1)};
  EXPECT_LT(largest_relative_difference(run(*reference, input)[0], run(*openvino, input)[0]), 1e-5);
}

TEST_F(OpenVinoTest, TakesSeveralInputsAndOutputsOfAllTypes) {
  Graph g;
  std::vector<Tensor> inputs;
  std::vector<ValueId> outputs;
  for (const DataType type :
       {DataType::kFloat32, DataType::kUint8, DataType::kInt8, DataType::kUint16, DataType::kInt16,
        DataType::kInt32, DataType::kInt64, DataType::kBool, DataType::kFloat16, DataType::kFloat64,
        DataType::kUint32, DataType::kUint64, DataType::kBFloat16}) {
    const std::string name(ir::data_type_name(type));
    const ValueId x = g.add_input("x_" + name, {type, ir::Shape{2, 3}});
    outputs.push_back(g.add("Transpose", std::array{x}, {{"perm", Ints{1, 0}}}, "y_" + name));
    const Tensor ones = Tensor::from_values<float>({2, 3}, {0, 1, 1, 1, 0, 0});
    inputs.push_back(ones.cast(type));
  }
  std::reverse(outputs.begin(), outputs.end());
  // Nobody reads this one, and that one is handed through.
  const ValueId through = g.add_input("through", {DataType::kFloat32, ir::Shape{}});
  g.add_input("unused", {DataType::kInt64, ir::Shape{5}});
  inputs.push_back(Tensor::scalar(4.5F));
  inputs.push_back(Tensor::zeros(DataType::kInt64, {5}));
  outputs.push_back(g.add("Identity", std::array{through}, {}, "same"));
  outputs.push_back(g.add_constant("constant", Tensor::vector_int64(Ints{7, -8})));
  g.set_outputs(outputs);
  const Graph graph = typed(g);
  const auto openvino = compile(openvino_backend(), graph);
  const auto reference = compile(reference_backend(), graph);
  ASSERT_TRUE(openvino && reference);
  const auto expected = run(*reference, inputs);
  const auto actual = run(*openvino, inputs);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_TRUE(actual[i].identical(expected[i]))
        << openvino->outputs()[i].name << ": " << actual[i].type().to_string();
  }
}

TEST_F(OpenVinoTest, RefusesIntegersThatItWouldCut) {
  Graph g;
  const ValueId x = g.add_input("ids", {DataType::kInt64, ir::Shape{2}});
  g.set_outputs({g.add("Identity", std::array{x})});
  const auto openvino = compile(openvino_backend(), typed(g));
  ASSERT_TRUE(openvino);
  const auto context = openvino->new_context();
  const Tensor wide = Tensor::vector_int64(Ints{1, std::int64_t{1} << 40});
  EXPECT_THAT(context->run(std::array{wide}).error().message(),
              AllOf(HasSubstr("input 'ids'"), HasSubstr("1099511627776")));
  const Tensor narrow = Tensor::vector_int64(Ints{-5, 2147483647});
  EXPECT_TRUE((*context->run(std::array{narrow}))[0].identical(narrow));
}

TEST_F(OpenVinoTest, ComputesInBFloat16WhereAskedAndPossible) {
  const Graph graph = test_network("resnet8");
  const auto half =
      openvino_backend().compile(graph, {.threads = 1, .precision = Precision::kBFloat16});
  if (!half.ok()) {
    EXPECT_THAT(half.error().message(), HasSubstr("bf16 was asked for"));
    GTEST_SKIP() << half.error().message();
  }
  const auto full = compile(openvino_backend(), graph);
  ASSERT_TRUE(full);
  const std::array input{random_input({1, 3, 32, 32}, 5)};
  const double difference =
      largest_relative_difference(run(*full, input)[0], run(**half, input)[0]);
  EXPECT_GT(difference, 1e-5);
  EXPECT_LT(difference, 0.1);
}

TEST_F(OpenVinoTest, AnswersEachOfManyRequests) {
  const Graph graph = test_network("mlp");
  const auto openvino = compile(openvino_backend(), graph, {.threads = 1, .streams = 2});
  ASSERT_TRUE(openvino);
  EXPECT_EQ(openvino->streams(), 2);
  const auto single = compile(openvino_backend(), graph);
  constexpr int kRequests = 100;
  std::vector<std::future<Outputs>> answers;
  for (int i = 0; i < kRequests; ++i) {
    answers.push_back(openvino->submit({random_input({1, 1, 28, 28}, 1000 + i)}));
  }
  const auto context = single->new_context();
  for (int i = 0; i < kRequests; ++i) {
    const Outputs answer = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    const auto expected = context->run(std::array{random_input({1, 1, 28, 28}, 1000 + i)});
    EXPECT_LT(largest_relative_difference((*expected)[0], (*answer)[0]), 1e-5) << i;
  }
}

TEST_F(OpenVinoTest, ExecutablesAreCompiledAndRunSideBySide) {
  const auto work = [](const char* architecture, std::uint64_t seed) {
    const Graph graph = test_network(architecture, {.channels = 1, .height = 28, .width = 28});
    const auto reference = compile(reference_backend(), graph);
    for (int repetition = 0; repetition < 3; ++repetition) {
      auto executable = compile(openvino_backend(), graph);
      ASSERT_TRUE(executable && reference);
      const auto context = executable->new_context();
      executable = nullptr;  // the context lives on
      const std::array input{random_input({1, 1, 28, 28}, seed)};
      const auto outputs = context->run(input);
      ASSERT_TRUE(outputs.ok()) << outputs.error().message();
      EXPECT_LT(largest_relative_difference(run(*reference, input)[0], (*outputs)[0]), 1e-5);
    }
  };
  std::thread other(work, "mlp", 1);
  work("cnn", 2);
  other.join();
}

TEST_F(OpenVinoTest, MoreThreadsThanCoresAreNoted) {
  const Graph graph = test_network("mlp");
  const auto openvino = compile(openvino_backend(), graph, {.threads = 100000});
  ASSERT_TRUE(openvino);
  ASSERT_EQ(openvino->notes().size(), 1);
  EXPECT_THAT(openvino->notes()[0], HasSubstr("threads instead of 100000"));
}

// A graph as a file has it, at its own opset.
Graph foreign_graph(std::string_view op_type, std::string_view domain) {
  Graph g;
  g.opsets = {{"", 21}};
  if (!domain.empty()) g.opsets.emplace(domain, 1);
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N"), 3}});
  const ValueId y = g.add_value("y", {DataType::kInt64, ir::Shape{2, Dim::symbol("count")}});
  g.add_node({"the_node", std::string(domain), std::string(op_type), {x}, {y}, {}});
  g.set_outputs({y});
  return g;
}

TEST_F(OpenVinoTest, RunsOperatorsThatLatheDoesNotKnow) {
  const auto openvino =
      compile(openvino_backend(), foreign_graph("NonZero", ""), {.threads = 1, .batch = 2});
  ASSERT_TRUE(openvino);
  const TensorInfo& output = openvino->outputs()[0];
  EXPECT_EQ(output.type.data_type, DataType::kInt64);
  ASSERT_TRUE(output.type.has_rank(2));
  EXPECT_EQ((*output.type.shape)[0], Dim(2));
  EXPECT_FALSE((*output.type.shape)[1].known());
  const Tensor input = Tensor::from_values<float>({2, 3}, {0, 1, 0, 0, 0, 2});
  const Tensor expected = Tensor::from_values<std::int64_t>({2, 2}, {0, 1, 1, 2});
  EXPECT_TRUE(run(*openvino, std::array{input})[0].identical(expected));
  EXPECT_EQ(run(*openvino, std::array{Tensor::zeros(DataType::kFloat32, {2, 3})})[0].dims(),
            (Ints{2, 0}));
}

TEST_F(OpenVinoTest, NamesOperatorsThatItDoesNotKnow) {
  const auto compiled = openvino_backend().compile(foreign_graph("Magic", "my.own"), {});
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(compiled.error().message(), "OpenVINO: does not know operator my.own.Magic");
}

TEST_F(OpenVinoTest, RefusesWhatItCannotKeepTo) {
  const Graph graph = test_network("mlp");
  const Backend& backend = openvino_backend();
  EXPECT_THAT(backend.compile(graph, {.memory_limit = 1 << 20}).error().message(),
              HasSubstr("memory limit"));
  EXPECT_THAT(backend.compile(graph, {.providers = {"cuda"}}).error().message(),
              HasSubstr("cuda was asked for"));
  const auto openvino = compile(backend, graph);
  ASSERT_TRUE(openvino);
  EXPECT_THAT(openvino->new_context()->run({}).error().message(), HasSubstr("0 inputs given"));
  for (const DataType type : {DataType::kString, DataType::kInt4, DataType::kUint4}) {
    Graph g;
    const ValueId x = g.add_input("x", {type, ir::Shape{2}});
    g.set_outputs({g.add("Identity", std::array{x})});
    EXPECT_THAT(backend.compile(typed(g), {}).error().message(),
                HasSubstr(fmt::format("input 'x': backend 'openvino' takes no elements of type {}",
                                      ir::data_type_name(type))));
  }
}

// Each in a process of its own, since a library is looked for once.
class OpenVinoLibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = Path(testing::TempDir()) / fmt::format("openvino_{}", name);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Ends the process with what the backend says for its availability.
  [[noreturn]] static void tell(const Path& library) {
    ::setenv("LATHE_OPENVINO", library.c_str(), 1);
    const Availability found = openvino_backend().available();
    const auto compiled = openvino_backend().compile(Graph(), {});
    const bool same = !compiled.ok() && compiled.error().message() == found.reason;
    fmt::print(stderr, "{} {}", found.reason, openvino_backend().version());
    std::_Exit(!found.available && same ? 1 : 0);
  }

  Path folder_;
};

TEST_F(OpenVinoLibraryTest, Missing) {
  EXPECT_EXIT(tell(folder_), testing::ExitedWithCode(1), "holds no libopenvino_c.so");
  EXPECT_EXIT(tell(folder_ / "none"), testing::ExitedWithCode(1), "does not exist");
}

TEST_F(OpenVinoLibraryTest, Text) {
  const Path library = folder_ / "libopenvino_c.so.1";
  ASSERT_TRUE(write_file_atomic(library, "hello").ok());
  EXPECT_EXIT(tell(folder_), testing::ExitedWithCode(1), "is not a shared library");
}

TEST_F(OpenVinoLibraryTest, AnotherLibrary) {
  std::filesystem::copy_file("/proc/self/exe", folder_ / "libopenvino_c.so.1");
  EXPECT_EXIT(tell(folder_), testing::ExitedWithCode(1), "libopenvino_c.so.1");
}

TEST_F(OpenVinoLibraryTest, CutShort) {
  const Path project = Path(LATHE_SOURCE_DIR) / ".deps" / "openvino";
  const Path original = best_library_in(project, "libopenvino_c.so");
  if (original.empty()) GTEST_SKIP() << "run scripts/setup.sh --with openvino";
  const Path library = folder_ / original.filename();
  std::filesystem::copy_file(original, library);
  std::filesystem::resize_file(library, std::filesystem::file_size(library) / 2);
  EXPECT_EXIT(tell(library), testing::ExitedWithCode(1), "is cut short");
  // The library is whole, but one that it needs is not.
  std::filesystem::remove(library);
  std::filesystem::copy_file(original, library);
  const Path needed = best_library_in(project, "libtbb.so");
  std::filesystem::copy_file(needed, folder_ / needed.filename());
  std::filesystem::resize_file(folder_ / needed.filename(), 5000);
  EXPECT_EXIT(tell(library), testing::ExitedWithCode(1), "libtbb.so.*is cut short");
}

}  // namespace
}  // namespace lathe::engine
