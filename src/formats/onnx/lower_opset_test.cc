#include "formats/onnx/lower_opset.h"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/read_onnx.h"
#include "formats/onnx/write_onnx.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "ops/operator_cases.h"

namespace lathe::formats {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;

// One node whose first input is the graph's, and whose others are constants.
Graph graph_of(const ops::OperatorCase& call) {
  Graph graph;
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    inputs.push_back(i == 0 ? graph.add_input("x", call.inputs[0].type())
                            : graph.add_constant("c", call.inputs[i]));
  }
  ops::add_call(graph, call, std::move(inputs), "y");
  return graph;
}

std::string refusal(const ops::OperatorCase& call, int opset) {
  Graph graph = graph_of(call);
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  const auto lowered = lower_opset(graph, opset);
  return lowered.ok() ? "" : lowered.error().message();
}

// What an older opset can say means the same there.
TEST(LowerOpset, KeepsTheMeaningOfEveryOperator) {
  int written = 0;
  for (const ops::OperatorCase& call : ops::operator_cases()) {
    const Graph graph = graph_of(call);
    const auto expected = ops::evaluate(graph, std::array{call.inputs[0]});
    ASSERT_TRUE(expected.ok()) << call.op << ": " << expected.error().message();
    for (int opset = 7; opset <= ir::kCanonicalOpset; ++opset) {
      SCOPED_TRACE(fmt::format("{} at opset {}", call.op, opset));
      const auto bytes = serialize_onnx(graph, opset);
      if (!bytes.ok()) {
        EXPECT_EQ(bytes.error().code(), ErrorCode::kUnsupported);
        EXPECT_THAT(bytes.error().message(), HasSubstr("node y ("));
        continue;
      }
      ++written;
      const auto back = parse_onnx(std::as_bytes(std::span(*bytes)));
      ASSERT_TRUE(back.ok()) << back.error().message();
      const auto actual = ops::evaluate(*back, std::array{call.inputs[0]});
      ASSERT_TRUE(actual.ok()) << actual.error().message();
      ASSERT_EQ((*actual)[0].type(), (*expected)[0].type());
      if (ops::find_op(call.domain, call.op)->traits.impure) continue;
      if (!ir::is_numeric((*expected)[0].data_type())) {
        ASSERT_TRUE((*actual)[0].identical((*expected)[0]));
        continue;
      }
      for (std::int64_t i = 0; i < (*expected)[0].num_elements(); ++i) {
        const double before = (*expected)[0].get_double(i);
        const double after = (*actual)[0].get_double(i);
        ASSERT_TRUE(std::abs(after - before) <= 1e-6 || after == before ||
                    (std::isnan(after) && std::isnan(before)))
            << i << ": " << after << ", expected " << before;
      }
    }
  }
  EXPECT_GT(written, 500);
}

TEST(LowerOpset, SaysWhatAnOpsetLacks) {
  const Tensor row = Tensor::from_values<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor scales = Tensor::from_values<float>({3}, {0.5F, 1, 2});
  const Tensor zeros = Tensor::zeros(DataType::kInt8, {3});
  EXPECT_THAT(refusal({"QuantizeLinear", {row, scales, zeros}}, 12),
              HasSubstr("a scale for each channel came with opset 13"));
  EXPECT_EQ(refusal({"QuantizeLinear", {row, scales, zeros}}, 13), "");
  EXPECT_THAT(refusal({"QuantizeLinear", {row, Tensor::scalar(0.5F)}}, 9),
              HasSubstr("the operator exists since opset 10"));
  const Tensor squeezed = Tensor::zeros(DataType::kFloat32, {1, 3});
  EXPECT_THAT(
      refusal({"Squeeze", {squeezed, Tensor::vector_int64(std::vector<std::int64_t>{})}}, 12),
      HasSubstr("axes are empty"));
  const Tensor doubles = Tensor::zeros(DataType::kFloat64, {2, 3});
  const Tensor pads = Tensor::vector_int64(std::vector<std::int64_t>{0, 1, 0, 1});
  EXPECT_THAT(refusal({"Pad", {doubles, pads, Tensor::scalar(0.1)}}, 10),
              HasSubstr("constant_value is no float32"));
  const ops::OperatorCase remainder{"Mod", {row, scales}};
  EXPECT_THAT(refusal(remainder, 27), HasSubstr("fmod=0 of floating point came with opset 28"));
  EXPECT_EQ(refusal({"Mod", {row, scales}, {{"fmod", std::int64_t{1}}}}, 27), "");
  const ir::AttributeMap whole{{"num_outputs", std::int64_t{1}}};
  EXPECT_EQ(refusal({"Split", {row}, whole}, 17), "");
  EXPECT_THAT(refusal({"HardSwish", {Tensor::zeros(DataType::kBFloat16, {2})}}, 13),
              HasSubstr("HardSigmoid"));
}

// Exporters write what means nothing.
TEST(LowerOpset, DropsWhatSaysNothing) {
  using Ints = std::vector<std::int64_t>;
  const Tensor image = Tensor::zeros(DataType::kFloat32, {1, 1, 4, 4});
  EXPECT_EQ(
      refusal({"MaxPool", {image}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{1, 1}}}}, 8),
      "");
  EXPECT_THAT(
      refusal({"MaxPool", {image}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 1}}}}, 8),
      HasSubstr("dilations"));
  EXPECT_EQ(refusal({"Dropout", {image, Tensor::scalar(0.5F), Tensor::scalar(false)}}, 10), "");
}

}  // namespace
}  // namespace lathe::formats
