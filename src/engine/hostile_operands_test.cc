// Constants that no operator asks for, through passes, lowering and kernels: refused, or computed
// as the reference does; never read past their end.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "ir/domains.h"
#include "ops/infer_shapes.h"
#include "ops/operator_cases.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;

// The answers, or the error of compiling or running.
Result<std::vector<Tensor>> answers_of(const Backend& backend, const Graph& graph,
                                       const Tensor& input) {
  ASSIGN_OR_RETURN(const auto executable, backend.compile(graph, {.threads = 1}));
  return executable->new_context()->run(std::array{input});
}

Result<Tensor> answer_of(const Backend& backend, const Graph& graph, const Tensor& input) {
  ASSIGN_OR_RETURN(const std::vector<Tensor> outputs, answers_of(backend, graph, input));
  return outputs.at(0);
}

// Equal, or not further apart than float32 kernels are.
bool agree(const Tensor& expected, const Tensor& actual) {
  if (expected.type() != actual.type()) return false;
  if (expected.identical(actual)) return true;
  if (!ir::is_floating_point(expected.data_type())) return false;
  for (std::int64_t i = 0; i < expected.num_elements(); ++i) {
    const double a = expected.get_double(i);
    const double b = actual.get_double(i);
    const bool same = a == b || (std::isnan(a) && std::isnan(b));
    if (!same && !(std::abs(a - b) <= 1e-4 * std::max(1.0, std::abs(a)))) return false;
  }
  return true;
}

// Whether plain loops fill it in no time.
bool is_small(const ir::TensorType& type) {
  const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
  return !dims || ir::element_count(*dims).value_or(INT64_MAX) < 1 << 16;
}

TEST(HostileOperands, TheNativeEngineAnswersAsTheReference) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  for (const ops::OperatorCase& good : ops::operator_cases()) {
    if (ops::find_op(good.domain, good.op)->traits.impure) continue;  // other numbers each time
    for (std::size_t i = 0; i < good.inputs.size(); ++i) {
      std::vector<Tensor> replacements = ops::damaged(good.inputs[i]);
      replacements.push_back(good.inputs[i]);
      for (const Tensor& replacement : replacements) {
        SCOPED_TRACE(fmt::format("{} input {}: {}", good.op, i, replacement.type().to_string()));
        std::vector<Tensor> inputs = good.inputs;
        inputs[i] = replacement;
        Graph g;
        std::vector<ValueId> ids;
        for (const Tensor& input : inputs)
          ids.push_back(ids.empty() ? g.add_input("x", input.type()) : g.add_constant("c", input));
        g.set_outputs({g.add(good.op, ids, good.attributes, "node", good.domain)});
        // What compile() asks for; other refusals are inference's, which has a test of its own.
        if (!ops::infer_shapes(g).ok() || !is_small(g.tensor_type(g.outputs()[0]))) continue;
        const auto expected = answer_of(reference_backend(), g, inputs[0]);
        const auto actual = answer_of(native_backend(), g, inputs[0]);
        if (actual.ok() && actual->num_elements() == 0) continue;  // for which nothing is computed
        if (actual.ok()) {
          ASSERT_TRUE(expected.ok()) << expected.error().message();
          EXPECT_TRUE(agree(*expected, *actual));
        } else {
          // It cannot hold text, nor constants that passes cannot compute.
          EXPECT_TRUE(!expected.ok() || actual.error().code() == ErrorCode::kUnsupported)
              << actual.error().message();
        }
      }
    }
  }
}

// Attributes that change what a node makes, or how large it becomes on the way.
TEST(HostileOperands, FormsThatKernelsDoNotHave) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  using Ints = std::vector<std::int64_t>;
  const Tensor steps = Tensor::from_values<std::int8_t>({2, 3}, {-128, -1, 0, 1, 2, 127});
  Tensor image = Tensor::zeros(DataType::kFloat32, {1, 1, 2, 2});
  for (float& x : image.mutable_data<float>()) x = 1.5F;
  const Tensor kernel = Tensor::from_values<float>({1, 1, 2, 2}, {1, 2, 3, 4});
  const auto far = [](std::int64_t dilation) {
    const std::int64_t pad = dilation / 2;
    return ir::AttributeMap{{"dilations", Ints{dilation, dilation}},
                            {"pads", Ints{pad, pad, pad, pad}}};
  };
  struct Case {
    const char* op;
    Tensor input;
    std::vector<Tensor> constants;
    ir::AttributeMap attributes;
  };
  const std::vector<Case> cases{
      {"DequantizeLinear", steps, {Tensor::scalar(0.5F)}, {{"output_dtype", std::int64_t{10}}}},
      {"DequantizeLinear", steps, {Tensor::scalar(0.5F)}, {{"output_dtype", std::int64_t{16}}}},
      {"DequantizeLinear", steps, {Tensor::scalar(0.5F)}, {{"output_dtype", std::int64_t{1}}}},
      {"ConvTranspose", image, {kernel}, far(1'000'000)},
      {"ConvTranspose", image, {kernel}, far(100'000)},
      {"ConvTranspose", image, {kernel}, far(2)},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.op);
    Graph g;
    std::vector<ValueId> ids{g.add_input("x", one.input.type())};
    for (const Tensor& constant : one.constants) ids.push_back(g.add_constant("c", constant));
    g.set_outputs({g.add(one.op, ids, one.attributes, "node")});
    ASSERT_TRUE(ops::infer_shapes(g).ok());
    const auto expected = answer_of(reference_backend(), g, one.input);
    const auto actual = answer_of(native_backend(), g, one.input);
    ASSERT_TRUE(expected.ok()) << expected.error().message();
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    EXPECT_TRUE(agree(*expected, *actual));
  }
}

TEST(HostileOperands, AbsurdAttributesAreRefused) {
  Graph blocks;
  const ValueId channels = blocks.add_input("x", {DataType::kFloat32, ir::Shape{1, 8, 2, 2}});
  blocks.set_outputs(
      {blocks.add("Interleave", std::array{channels},
                  {{"blocks", std::vector<std::int64_t>{2, 2}}, {"group", std::int64_t{1} << 62}},
                  "y", std::string(ir::kLatheDomain))});
  EXPECT_THAT(ops::infer_shapes(blocks).error().message(), HasSubstr("4611686018427387904 groups"));

  Graph resize;
  const ValueId image = resize.add_input("x", {DataType::kFloat32, ir::Shape{1, 1, 4, 4}});
  const auto numbers = [&](std::vector<float> values) {
    const std::array dims{static_cast<std::int64_t>(values.size())};
    return resize.add_constant("c", Tensor::from_values<float>(dims, values));
  };
  resize.set_outputs({resize.add(
      "Resize",
      std::array{image, numbers({0, 0, 0, 0, 1, 1, 1e13F, 1e13F}), numbers({1, 1, 1e-12F, 1e-12F})},
      {{"mode", std::string("linear")},
       {"antialias", std::int64_t{1}},
       {"coordinate_transformation_mode", std::string("tf_crop_and_resize")}})});
  const Status inferred = ops::infer_shapes(resize);
  const auto answer = inferred.ok() ? answer_of(reference_backend(), resize,
                                                Tensor::zeros(DataType::kFloat32, {1, 1, 4, 4}))
                                    : Result<Tensor>(inferred.error());
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message(), HasSubstr("antialiasing by a scale"));
}

// A function that is not defined for some of the 256 values is no table, and runs all the same.
TEST(HostileOperands, FunctionsThatFailForSomeValues) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{4}});
  const ValueId scale = g.add_constant("scale", Tensor::scalar(1.0F));
  const ValueId zero = g.add_constant("zero", Tensor::zeros(DataType::kInt8, {}));
  const auto quantized = [&](ValueId value) {
    return g.add("QuantizeLinear", std::array{value, scale, zero});
  };
  const auto cast = [&](ValueId value, DataType to) {
    return g.add("Cast", std::array{value}, {{"to", static_cast<std::int64_t>(to)}});
  };
  const ValueId steps = g.add("DequantizeLinear", std::array{quantized(x), scale, zero});
  const ValueId ten = g.add_constant("ten", Tensor::scalar(std::int32_t{10}));
  const ValueId share = g.add("Div", std::array{ten, cast(steps, DataType::kInt32)});
  g.set_outputs({quantized(cast(share, DataType::kFloat32))});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const Tensor input = Tensor::from_values<float>({4}, {1, 2, -5, 100});
  const auto expected = answer_of(reference_backend(), g, input);
  const auto actual = answer_of(native_backend(), g, input);
  ASSERT_TRUE(expected.ok() && actual.ok());
  EXPECT_TRUE(expected->identical(*actual));
  EXPECT_FALSE(answer_of(native_backend(), g, Tensor::zeros(DataType::kFloat32, {4})).ok());
}

TEST(HostileOperands, TextComesThrough) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  Tensor words = Tensor::zeros(DataType::kString, {2});
  words.mutable_data<std::string>()[1] = "word";
  Graph constant;
  const ValueId x = constant.add_input("x", {DataType::kFloat32, ir::Shape{2}});
  constant.set_outputs(
      {constant.add("Relu", std::array{x}), constant.add_constant("words", words)});
  Graph moved;
  const ValueId y = moved.add_input("y", {DataType::kFloat32, ir::Shape{2}});
  const ValueId shape =
      moved.add_constant("shape", Tensor::vector_int64(std::array<std::int64_t, 2>{1, 2}));
  moved.set_outputs({moved.add("Relu", std::array{y}),
                     moved.add("Reshape", std::array{moved.add_constant("words", words), shape}, {},
                               "reshaped")});
  for (Graph* graph : {&constant, &moved}) {
    ASSERT_TRUE(ops::infer_shapes(*graph).ok());
    const Tensor input = Tensor::from_values<float>({2}, {-1, 1});
    const auto expected = answers_of(reference_backend(), *graph, input);
    const auto actual = answers_of(native_backend(), *graph, input);
    ASSERT_TRUE(expected.ok() && actual.ok());
    ASSERT_EQ(actual->size(), 2);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE((*expected)[i].identical((*actual)[i])) << i;
  }
}

}  // namespace
}  // namespace lathe::engine
