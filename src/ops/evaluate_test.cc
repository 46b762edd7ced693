#include "ops/evaluate.h"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/numeric.h"
#include "ops/requantize.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using Ints = std::vector<std::int64_t>;

Tensor int8s(std::initializer_list<std::int64_t> dims, std::initializer_list<std::int8_t> values) {
  return Tensor::from_values<std::int8_t>(dims, values);
}

TEST(Evaluate, Elementwise) {
  const Tensor x = floats({2, 2}, {-1, 2, -3, 4});
  EXPECT_THAT(run_floats("Relu", {x}), ElementsAre(0, 2, 0, 4));
  EXPECT_THAT(run_floats("LeakyRelu", {x}, {{"alpha", 0.5F}}), ElementsAre(-0.5, 2, -1.5, 4));
  EXPECT_THAT(run_floats("Clip", {x, Tensor::scalar(-2.0F), Tensor::scalar(3.0F)}),
              ElementsAre(-1, 2, -2, 3));
  EXPECT_THAT(run_floats("Clip", {x, Tensor(), Tensor::scalar(3.0F)}), ElementsAre(-1, 2, -3, 3));
  EXPECT_THAT(run_floats("Add", {x, floats({2}, {10, 20})}), ElementsAre(9, 22, 7, 24));
  EXPECT_THAT(run_floats("Sub", {x, floats({2, 1}, {10, 20})}), ElementsAre(-11, -8, -23, -16));
  EXPECT_THAT(run_floats("Mul", {x, Tensor::scalar(2.0F)}), ElementsAre(-2, 4, -6, 8));
  EXPECT_THAT(run_floats("Div", {x, Tensor::scalar(2.0F)}), ElementsAre(-0.5, 1, -1.5, 2));
  EXPECT_THAT(run_floats("HardSwish", {floats({3}, {-4, 0, 3})}), ElementsAre(0, 0, 3));
}

Result<Tensor> cast(const Tensor& x, DataType to) {
  return run("Cast", {x}, {{"to", static_cast<std::int64_t>(to)}});
}

TEST(Evaluate, CastOfNumbers) {
  const Tensor x = floats({4}, {-1.9F, 0, 2.5F, 300});
  EXPECT_EQ(cast(x, DataType::kInt64)->to_int64s(), (Ints{-1, 0, 2, 300}));
  EXPECT_EQ(cast(x, DataType::kInt8)->to_int64s(), (Ints{-1, 0, 2, 127}));
  EXPECT_EQ(cast(x, DataType::kBool)->to_int64s(), (Ints{1, 0, 1, 1}));
  EXPECT_EQ(cast(x, DataType::kFloat16)->data_type(), DataType::kFloat16);
  EXPECT_EQ(cast(x, DataType::kBFloat16)->to_floats(),
            (std::vector<float>{-1.8984375F, 0, 2.5F, 300}));
  const Tensor large = Tensor::from_values<std::int64_t>({2}, {-1, 513});
  EXPECT_EQ(cast(large, DataType::kUint8)->to_int64s(), (Ints{255, 1}));
  // No double holds it.
  const Tensor odd = Tensor::from_values<std::int64_t>({1}, {(std::int64_t{1} << 53) + 1});
  EXPECT_EQ(cast(odd, DataType::kUint64)->get_int64(0), (std::int64_t{1} << 53) + 1);
  EXPECT_EQ(cast(floats({1}, {NAN}), DataType::kInt32)->get_int64(0), 0);
}

TEST(Evaluate, CastOfText) {
  Tensor words = Tensor::zeros(DataType::kString, {6});
  const auto write = words.mutable_data<std::string>();
  const char* const kWords[] = {"1", "-2.5e1", "+3", "NaN", "INF", "-inf"};
  std::copy(std::begin(kWords), std::end(kWords), write.begin());
  const std::vector<float> numbers = cast(words, DataType::kFloat32)->to_floats();
  EXPECT_THAT(std::span(numbers).first(3), ElementsAre(1, -25, 3));
  EXPECT_TRUE(std::isnan(numbers[3]));
  EXPECT_EQ(numbers[4], INFINITY);
  EXPECT_EQ(numbers[5], -INFINITY);
  const Tensor back = *cast(floats({4}, {0.1F, -2, NAN, -INFINITY}), DataType::kString);
  EXPECT_THAT(back.data<std::string>(), ElementsAre("0.1", "-2", "NaN", "-INF"));
  words.mutable_data<std::string>()[1] = "two";
  EXPECT_THAT(cast(words, DataType::kInt32).error().message(),
              HasSubstr("element 1 is 'two', which is no number"));
}

TEST(Evaluate, CastRefuses) {
  const Tensor x = floats({1}, {1});
  EXPECT_THAT(run("Cast", {x}, {{"to", std::int64_t{99}}}).error().message(),
              HasSubstr("'to' is 99, which is no element type"));
  EXPECT_FALSE(run("Cast", {x}, {{"to", (std::int64_t{1} << 32) + 1}}).ok());
  EXPECT_THAT(cast(x, DataType::kComplex64).error().message(), HasSubstr("complex64"));
  EXPECT_THAT(cast(x, DataType::kUndefined).error().message(), HasSubstr("no element type"));
}

TEST(Evaluate, ErrorFunction) {
  // Abramowitz and Stegun, table 7.1.
  EXPECT_THAT(run_floats("Erf", {floats({4}, {0, 0.5F, 1, -2})}),
              Pointwise(FloatNear(1e-6F), {0.0F, 0.5204999F, 0.8427008F, -0.9953223F}));
}

TEST(Evaluate, IntegersWrapAndNeverTrap) {
  const Tensor lowest = Tensor::from_values<std::int64_t>({1}, {INT64_MIN});
  EXPECT_EQ(run("Div", {lowest, Tensor::from_values<std::int64_t>({1}, {-1})})->get_int64(0),
            INT64_MIN);
  EXPECT_EQ(run("Add", {lowest, Tensor::from_values<std::int64_t>({1}, {-1})})->get_int64(0),
            INT64_MAX);
  EXPECT_THAT(run("Div", {lowest, Tensor::from_values<std::int64_t>({1}, {0})}).error().message(),
              HasSubstr("division by zero"));
}

TEST(Evaluate, Convolution) {
  const Tensor x = floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor w = floats({1, 1, 2, 2}, {1, 0, 0, 1});
  EXPECT_THAT(run_floats("Conv", {x, w, floats({1}, {100})}), ElementsAre(106, 108, 112, 114));
  EXPECT_THAT(run_floats("Conv", {x, w}, {{"pads", Ints{1, 1, 0, 0}}, {"strides", Ints{2, 2}}}),
              ElementsAre(1, 3, 7, 14));
  EXPECT_THAT(run_floats("Conv", {x, w}, {{"auto_pad", std::string("SAME_UPPER")}}),
              ElementsAre(6, 8, 3, 12, 14, 6, 7, 8, 9));
  // Two groups: each output sees its own input channel.
  EXPECT_THAT(run_floats("Conv", {floats({1, 2, 1, 1}, {3, 5}), floats({2, 1, 1, 1}, {10, 100})},
                         {{"group", std::int64_t{2}}}),
              ElementsAre(30, 500));
}

TEST(Evaluate, Pooling) {
  const Tensor x = floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const ir::AttributeMap window{
      {"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{0, 0, 1, 1}}};
  EXPECT_THAT(run_floats("MaxPool", {x}, window), ElementsAre(5, 6, 8, 9));
  EXPECT_THAT(run_floats("AveragePool", {x}, window), ElementsAre(3, 4.5, 7.5, 9));
  ir::AttributeMap counted = window;
  counted["count_include_pad"] = std::int64_t{1};
  EXPECT_THAT(run_floats("AveragePool", {x}, counted), ElementsAre(3, 2.25, 3.75, 2.25));
  EXPECT_THAT(run_floats("GlobalAveragePool", {x}), ElementsAre(5));
  EXPECT_THAT(run_floats("GlobalMaxPool", {x}), ElementsAre(9));
}

TEST(Evaluate, Matrices) {
  const Tensor a = floats({2, 2}, {1, 2, 3, 4});
  const Tensor b = floats({2, 2}, {5, 6, 7, 8});
  EXPECT_THAT(run_floats("MatMul", {a, b}), ElementsAre(19, 22, 43, 50));
  EXPECT_THAT(run_floats("MatMul", {a, floats({2}, {1, 1})}), ElementsAre(3, 7));
  EXPECT_THAT(run_floats("Gemm", {a, b, floats({2}, {1, 2})},
                         {{"transB", std::int64_t{1}}, {"beta", 10.0F}}),
              ElementsAre(27, 43, 49, 73));
}

TEST(Evaluate, Rearranging) {
  const Tensor x = floats({1, 2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(run_floats("Transpose", {x}), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(run("Flatten", {x})->dims(), ElementsAre(1, 4));
  EXPECT_THAT(run("Reshape", {x, Tensor::vector_int64(Ints{0, -1})})->dims(), ElementsAre(1, 4));
  EXPECT_THAT(run("Squeeze", {x, Tensor::vector_int64(Ints{0})})->dims(), ElementsAre(2, 2));
  EXPECT_THAT(run("Unsqueeze", {x, Tensor::vector_int64(Ints{-1})})->dims(),
              ElementsAre(1, 2, 2, 1));
  EXPECT_THAT(run_floats("Concat", {x, x}, {{"axis", std::int64_t{-1}}}),
              ElementsAre(1, 2, 1, 2, 3, 4, 3, 4));
  EXPECT_THAT(run_floats("Pad", {floats({2}, {1, 2}), Tensor::vector_int64(Ints{1, 2}),
                                 Tensor::scalar(9.0F)}),
              ElementsAre(9, 1, 2, 9, 9));
  EXPECT_THAT(run_floats("ReduceMean", {x, Tensor::vector_int64(Ints{-1})}), ElementsAre(1.5, 3.5));
}

TEST(Evaluate, ChoosesWithBroadcasting) {
  const Tensor condition = Tensor::from_values<bool>({2, 1}, {true, false});
  EXPECT_THAT(run_floats("Where", {condition, floats({3}, {1, 2, 3}), Tensor::scalar(9.0F)}),
              ElementsAre(1, 2, 3, 9, 9, 9));
  const auto texts = run("Where", {condition, Tensor::from_values<std::string>({1}, {"yes"}),
                                   Tensor::from_values<std::string>({2, 1}, {"no", "never"})});
  EXPECT_THAT(texts->data<std::string>(), ElementsAre("yes", "never"));
}

TEST(Evaluate, Normalisation) {
  const Tensor x = floats({1, 2, 1, 1}, {3, 5});
  const Tensor two = floats({2}, {2, 2});
  const Tensor one = floats({2}, {1, 1});
  EXPECT_THAT(run_floats("BatchNormalization", {x, two, one, one, one}, {{"epsilon", 0.0F}}),
              ElementsAre(5, 9));
  const auto softmax = run_floats("Softmax", {floats({1, 2}, {1000, 1000})});
  EXPECT_THAT(softmax, ElementsAre(0.5, 0.5));
  EXPECT_NEAR(run_floats("LogSoftmax", {floats({1, 2}, {0, 0})})[0], -std::log(2.0), 1e-6);
}

TEST(Evaluate, HalfPrecisionIsComputedInFloat32) {
  Tensor x = Tensor::zeros(DataType::kFloat16, {2});
  x.set_double(0, 1.5);
  x.set_double(1, -2);
  const auto y = run("Relu", {x});
  EXPECT_EQ(y->data_type(), DataType::kFloat16);
  EXPECT_EQ(y->get_double(0), 1.5);
  EXPECT_EQ(y->get_double(1), 0);
}

TEST(Evaluate, QuantizesHalfToEvenAndSaturates) {
  const Tensor scale = Tensor::scalar(2.0F);
  const Tensor zero = Tensor::scalar<std::int8_t>(3);
  const auto q = run("QuantizeLinear", {floats({6}, {1, 3, 5, -1000, 1000, NAN}), scale, zero});
  EXPECT_THAT(q->to_int64s(), ElementsAre(3, 5, 5, -128, 127, 3));
  EXPECT_THAT(run_floats("DequantizeLinear", {*q, scale, zero}),
              ElementsAre(0, 4, 4, -262, 248, 0));
  // Per axis.
  EXPECT_THAT(run_floats("DequantizeLinear", {int8s({2, 2}, {1, 2, 3, 4}), floats({2}, {1, 10})},
                         {{"axis", std::int64_t{0}}}),
              ElementsAre(1, 2, 30, 40));
}

TEST(Evaluate, QuantizedOperators) {
  const Tensor one = Tensor::scalar(1.0F);
  const Tensor half = Tensor::scalar(0.5F);
  const Tensor zero = Tensor::scalar<std::int8_t>(0);
  const Tensor x = int8s({1, 1, 1, 2}, {10, -3});
  const Tensor w = int8s({1, 1, 1, 1}, {3});
  const auto y =
      run("QLinearConv", {x, one, zero, w, half, zero, one, Tensor::scalar<std::int8_t>(1)});
  EXPECT_THAT(y->to_int64s(), ElementsAre(16, -3));  // 15 + 1, round(-4.5) + 1
  EXPECT_THAT(
      run("QLinearAdd", {x, one, zero, x, half, zero, one, zero}, {}, "com.microsoft")->to_int64s(),
      ElementsAre(15, -4));
  EXPECT_THAT(
      run("QLinearGlobalAveragePool", {x, one, zero, half, zero}, {}, "com.microsoft")->to_int64s(),
      ElementsAre(7));
  const Tensor a = int8s({1, 2}, {2, 4});
  const Tensor b = int8s({2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(run_floats("QGemm", {a, one, zero, b, half, zero}, {}, "com.microsoft"),
              ElementsAre(7, 10));
  EXPECT_THAT(run_floats("QMatMul", {a, one, zero, b, half, zero}, {}, "lathe"),
              ElementsAre(7, 10));
  EXPECT_THAT(run_floats("QConv", {x, one, zero, w, half, zero}, {}, "lathe"),
              ElementsAre(15, -4.5F));
}

TEST(Evaluate, QuantizedOperatorsOfOnnxRuntime) {
  const Tensor one = Tensor::scalar(1.0F);
  const Tensor half = Tensor::scalar(0.5F);
  const Tensor zero = Tensor::scalar<std::int8_t>(0);
  const Tensor two = Tensor::scalar<std::int8_t>(2);
  const auto values = [](std::string_view op, const std::vector<Tensor>& inputs,
                         ir::AttributeMap attributes = {}) {
    const auto y = run(op, inputs, std::move(attributes), "com.microsoft");
    EXPECT_TRUE(y.ok()) << y.error().message();
    return y.ok() ? y->to_int64s() : std::vector<std::int64_t>{};
  };
  const Tensor x = int8s({1, 1, 2, 2}, {10, -3, 4, 6});
  const Tensor column = int8s({2, 1}, {4, 1});
  EXPECT_THAT(values("QLinearAdd", {x, one, zero, column, one, two, one, zero}),
              ElementsAre(12, -1, 3, 5));
  EXPECT_THAT(values("QLinearMul", {x, one, zero, column, half, two, one, two}),
              ElementsAre(12, -1, 0, -1));
  EXPECT_THAT(values("QLinearLeakyRelu", {x, one, zero, half, zero}, {{"alpha", 0.5F}}),
              ElementsAre(20, -3, 8, 12));
  const ir::AttributeMap rows{{"kernel_shape", std::vector<std::int64_t>{1, 2}}};
  EXPECT_THAT(values("QLinearAveragePool", {x, one, zero, half, zero}, rows), ElementsAre(7, 10));
  // The same with channels last: two pixels of two channels.
  ir::AttributeMap last = rows;
  last.emplace("channels_last", std::int64_t{1});
  const Tensor pixels = int8s({1, 1, 2, 2}, {10, -3, 4, 6});
  EXPECT_THAT(values("QLinearAveragePool", {pixels, one, zero, half, zero}, last),
              ElementsAre(14, 3));
  EXPECT_THAT(values("QLinearGlobalAveragePool", {pixels, one, zero, half, zero},
                     {{"channels_last", std::int64_t{1}}}),
              ElementsAre(14, 3));
  EXPECT_THAT(values("QLinearConcat", {half, zero, column, one, zero, column, half, two},
                     {{"axis", std::int64_t{1}}}),
              ElementsAre(8, 2, 2, -1));
  const Tensor share = Tensor::scalar(0.01F);
  EXPECT_THAT(values("QLinearSigmoid", {int8s({1}, {0}), one, zero, share, zero}), ElementsAre(50));
  EXPECT_THAT(values("QLinearSoftmax", {int8s({1, 2}, {5, 5}), one, zero, share, zero},
                     {{"opset", std::int64_t{13}}}),
              ElementsAre(50, 50));
}

TEST(Evaluate, InterleavesChannels) {
  const auto made = [](std::int64_t group) {
    return run("Interleave", {int8s({1, 4, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7})},
               {{"blocks", std::vector<std::int64_t>{1, 2}}, {"group", group}}, "lathe")
        ->to_int64s();
  };
  EXPECT_THAT(made(1), ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
  EXPECT_THAT(made(2), ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
}

TEST(Requantize, IsDefinedForEveryInput) {
  const QuantizedRange range{-128, 127};
  EXPECT_EQ(round_to_quantized(0.5F, 0, range), 0);
  EXPECT_EQ(round_to_quantized(1.5F, 0, range), 2);
  EXPECT_EQ(round_to_quantized(INFINITY, 0, range), 127);
  EXPECT_EQ(round_to_quantized(-INFINITY, 0, range), -128);
  EXPECT_EQ(round_to_quantized(NAN, 5, range), 127);
  EXPECT_EQ(requantize(INT32_MAX, 1e30F, 0, range), 127);
}

TEST(Evaluate, ChecksGraphInputs) {
  ir::Graph g;
  const ir::Dim n = ir::Dim::symbol("N");
  const ir::ValueId a = g.add_input("a", {DataType::kFloat32, ir::Shape{n, 2}});
  const ir::ValueId b = g.add_input("b", {DataType::kFloat32, ir::Shape{n, 2}});
  g.set_outputs({g.add("Add", std::array{a, b})});
  const Tensor two = Tensor::zeros(DataType::kFloat32, {2, 2});
  const Tensor three = Tensor::zeros(DataType::kFloat32, {3, 2});
  EXPECT_TRUE(evaluate(g, std::array{two, two}).ok());
  EXPECT_THAT(evaluate(g, std::array{two, three}).error().message(),
              HasSubstr("extent N is 2 elsewhere"));
  EXPECT_THAT(evaluate(g, std::array{two}).error().message(), HasSubstr("1 inputs given"));
  EXPECT_FALSE(evaluate(g, std::array{two, Tensor::zeros(DataType::kInt8, {2, 2})}).ok());
}

}  // namespace
}  // namespace lathe::ops
