// Functions of one element each: unary, binary and of any number of inputs.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::IsNan;
using testing::Pointwise;
using Ints = std::vector<std::int64_t>;

const ir::AttributeMap kFmod{{"fmod", std::int64_t{1}}};

TEST(Elementwise, FunctionsOfFloats) {
  const Tensor x = floats({4}, {-1.5F, -0.5F, 0.5F, 2.5F});
  EXPECT_THAT(run_floats("Abs", {x}), ElementsAre(1.5, 0.5, 0.5, 2.5));
  EXPECT_THAT(run_floats("Neg", {x}), ElementsAre(1.5, 0.5, -0.5, -2.5));
  EXPECT_THAT(run_floats("Floor", {x}), ElementsAre(-2, -1, 0, 2));
  EXPECT_THAT(run_floats("Ceil", {x}), ElementsAre(-1, 0, 1, 3));
  EXPECT_THAT(run_floats("Round", {x}), ElementsAre(-2, 0, 0, 2)) << "to even";
  EXPECT_THAT(run_floats("Sign", {x}), ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(run_floats("Sign", {floats({2}, {0, NAN})}), ElementsAre(0, IsNan()));
  EXPECT_THAT(run_floats("Reciprocal", {x}), ElementsAre(1 / -1.5F, -2, 2, 0.4F));
  EXPECT_TRUE(std::signbit(run_floats("Neg", {floats({1}, {0})})[0]));
  const auto near = [](std::initializer_list<float> values) {
    return Pointwise(FloatNear(1e-6F), std::vector<float>(values));
  };
  const Tensor y = floats({2}, {0.25F, 4});
  EXPECT_THAT(run_floats("Exp", {y}), near({1.2840254F, 54.598150F}));
  EXPECT_THAT(run_floats("Log", {y}), near({-1.3862944F, 1.3862944F}));
  EXPECT_THAT(run_floats("Sqrt", {y}), near({0.5F, 2}));
  EXPECT_THAT(run_floats("Sin", {y}), near({0.2474040F, -0.7568025F}));
  EXPECT_THAT(run_floats("Cos", {y}), near({0.9689124F, -0.6536436F}));
  EXPECT_THAT(run_floats("Softsign", {x}), near({-0.6F, -1.0F / 3, 1.0F / 3, 2.5F / 3.5F}));
  EXPECT_THAT(run_floats("Elu", {x}, {{"alpha", 2.0F}}),
              near({-1.5537397F, -0.7869387F, 0.5F, 2.5F}));
  EXPECT_THAT(run_floats("Selu", {x}), near({-1.3658143F, -0.6917582F, 0.5253505F, 2.6267525F}));
  EXPECT_THAT(run_floats("Gelu", {x}), near({-0.1002108F, -0.1542688F, 0.3457312F, 2.4844758F}));
  EXPECT_THAT(run_floats("Gelu", {x}, {{"approximate", std::string("tanh")}}),
              near({-0.1004284F, -0.1542860F, 0.3457140F, 2.4849158F}));
  EXPECT_THAT(refusal_of("Gelu", {x}, {{"approximate", std::string("erf")}}),
              HasSubstr("'approximate' is 'erf', expected none or tanh"));
  // exp(1000) does not fit.
  EXPECT_THAT(run_floats("Softplus", {floats({3}, {-1000, 0, 1000})}), near({0, 0.6931472F, 1000}));
}

TEST(Elementwise, FunctionsOfIntegersWrapAround) {
  const Tensor x = Tensor::from_values<std::int8_t>({3}, {-128, -1, 5});
  EXPECT_THAT(run_ints("Abs", {x}), ElementsAre(-128, 1, 5));
  EXPECT_THAT(run_ints("Neg", {x}), ElementsAre(-128, 1, -5));
  EXPECT_THAT(run_ints("Sign", {x}), ElementsAre(-1, -1, 1));
  const Tensor large = Tensor::from_values<std::uint64_t>({2}, {0, UINT64_MAX});
  EXPECT_THAT(run_ints("Sign", {large}), ElementsAre(0, 1));
  EXPECT_TRUE(run("Abs", {large})->identical(large));
  EXPECT_THAT(refusal_of("Exp", {x}), HasSubstr("is int8[3], expected "));
}

TEST(Elementwise, HalvesAreRoundedOnce) {
  const Tensor x = floats({2}, {1, 2}).cast(DataType::kFloat16);
  EXPECT_EQ(run("Exp", {x})->data_type(), DataType::kFloat16);
  EXPECT_THAT(run_floats("Exp", {x}), ElementsAre(2.71875F, 7.390625F));
}

TEST(Elementwise, Classification) {
  const Tensor x = floats({4}, {NAN, -INFINITY, INFINITY, 1});
  EXPECT_THAT(run_ints("IsNaN", {x}), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(run_ints("IsInf", {x}), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(run_ints("IsInf", {x}, {{"detect_negative", std::int64_t{0}}}),
              ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(run_ints("IsInf", {x}, {{"detect_positive", std::int64_t{0}}}),
              ElementsAre(0, 1, 0, 0));
  EXPECT_EQ(run("IsNaN", {x})->data_type(), DataType::kBool);
  Tensor bytes = Tensor::zeros(DataType::kFloat8E5M2, {3});
  bytes.set_bits(0, 0x7c);
  bytes.set_bits(1, 0x7e);
  EXPECT_THAT(run_ints("IsInf", {bytes}), ElementsAre(1, 0, 0));
  EXPECT_THAT(run_ints("IsNaN", {bytes}), ElementsAre(0, 1, 0));
}

TEST(Elementwise, Logic) {
  const Tensor a = truths({2, 1}, {true, false});
  const Tensor b = truths({2}, {true, false});
  EXPECT_THAT(run_ints("And", {a, b}), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(run_ints("Or", {a, b}), ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(run_ints("Xor", {a, b}), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(run_ints("Not", {b}), ElementsAre(0, 1));
  EXPECT_THAT(refusal_of("And", {a, truths({3}, {true, true, true})}), "ok");
  EXPECT_THAT(refusal_of("And", {truths({2}, {true, true}), truths({3}, {true, true, true})}),
              HasSubstr("shapes [2] and [3] cannot be broadcast together"));
}

TEST(Elementwise, Comparisons) {
  const Tensor a = floats({3}, {1, 2, NAN});
  const Tensor b = floats({1}, {2});
  EXPECT_THAT(run_ints("Equal", {a, b}), ElementsAre(0, 1, 0));
  EXPECT_THAT(run_ints("Greater", {a, b}), ElementsAre(0, 0, 0));
  EXPECT_THAT(run_ints("GreaterOrEqual", {a, b}), ElementsAre(0, 1, 0));
  EXPECT_THAT(run_ints("Less", {a, b}), ElementsAre(1, 0, 0));
  EXPECT_THAT(run_ints("LessOrEqual", {a, b}), ElementsAre(1, 1, 0));
  Tensor words = Tensor::zeros(DataType::kString, {2});
  words.mutable_data<std::string>()[1] = "word";
  EXPECT_THAT(run_ints("Equal", {words, Tensor::zeros(DataType::kString, {})}), ElementsAre(1, 0));
  EXPECT_THAT(run_ints("Equal", {truths({2}, {true, false}), truths({}, {true})}),
              ElementsAre(1, 0));
  const Tensor large = Tensor::from_values<std::uint64_t>({1}, {UINT64_MAX});
  EXPECT_THAT(run_ints("Less", {Tensor::from_values<std::uint64_t>({1}, {1}), large}),
              ElementsAre(1));
  EXPECT_THAT(refusal_of("Less", {words, words}), HasSubstr("expected "));
}

TEST(Elementwise, PowersOfMixedTypes) {
  EXPECT_THAT(run_floats("Pow", {floats({3}, {2, 3, 4}), ints({3}, {3, -1, 0})}),
              ElementsAre(8, 1.0F / 3, 1));
  const Tensor roots = floats({1}, {0.5F});
  EXPECT_THAT(run_ints("Pow", {ints({3}, {4, 10, 2}), roots}), ElementsAre(2, 3, 1));
  // No double holds 3^39.
  EXPECT_THAT(run_ints("Pow", {ints({1}, {3}), ints({1}, {39})}), ElementsAre(4052555153018976267));
  EXPECT_THAT(run_ints("Pow", {ints({1}, {2}), ints({1}, {64})}), ElementsAre(0)) << "wraps";
  EXPECT_THAT(run_ints("Pow", {ints({4}, {1, -1, -1, 5}), ints({4}, {-7, -7, -8, -1})}),
              ElementsAre(1, -1, 1, 0));
  EXPECT_THAT(refusal_of("Pow", {ints({2}, {1, 0}), ints({1}, {-1})}),
              HasSubstr("0 to the power of a negative integer"));
  EXPECT_THAT(run_floats("Pow", {floats({1}, {0}), ints({1}, {-1})}), ElementsAre(INFINITY));
}

TEST(Elementwise, Remainders) {
  const Tensor a = ints({4}, {7, -7, 7, -7});
  const Tensor b = ints({4}, {3, 3, -3, -3});
  EXPECT_THAT(run_ints("Mod", {a, b}), ElementsAre(1, 2, -2, -1)) << "sign of the divisor";
  EXPECT_THAT(run_ints("Mod", {a, b}, kFmod), ElementsAre(1, -1, 1, -1));
  const Tensor x = floats({4}, {5.5F, -5.5F, 5.5F, -5.5F});
  const Tensor y = floats({4}, {2, 2, -2, -2});
  EXPECT_THAT(run_floats("Mod", {x, y}), ElementsAre(1.5, 0.5, -0.5, -1.5));
  EXPECT_THAT(run_floats("Mod", {x, y}, kFmod), ElementsAre(1.5, -1.5, 1.5, -1.5));
  const Tensor zero = floats({1}, {0});
  EXPECT_THAT(run_floats("Mod", {floats({1}, {1}), zero}), ElementsAre(IsNan()));
  EXPECT_THAT(refusal_of("Mod", {a, ints({1}, {0})}), HasSubstr("integer division by zero"));
  EXPECT_THAT(run_ints("Mod", {ints({1}, {INT64_MIN}), ints({1}, {-1})}), ElementsAre(0));
}

TEST(Elementwise, AnyNumberOfInputs) {
  const Tensor a = floats({2, 1}, {1, 5});
  const Tensor b = floats({3}, {2, 3, 4});
  const Tensor c = Tensor::scalar(3.0F);
  EXPECT_THAT(run_floats("Max", {a, b, c}), ElementsAre(3, 3, 4, 5, 5, 5));
  EXPECT_THAT(run_floats("Min", {a, b, c}), ElementsAre(1, 1, 1, 2, 3, 3));
  EXPECT_THAT(run_floats("Sum", {a, b, c}), ElementsAre(6, 7, 8, 10, 11, 12));
  EXPECT_THAT(run_floats("Mean", {a, c}), ElementsAre(2, 4));
  EXPECT_THAT(run_floats("Mean", {a}), ElementsAre(1, 5));
  for (const char* op : {"Max", "Min"}) {
    EXPECT_THAT(run_floats(op, {floats({2}, {NAN, 1}), floats({2}, {1, NAN})}),
                ElementsAre(IsNan(), IsNan()));
  }
  const Tensor large = Tensor::from_values<std::uint64_t>({2}, {UINT64_MAX, 3});
  EXPECT_EQ(
      run("Max", {large, Tensor::from_values<std::uint64_t>({}, {7})})->data<std::uint64_t>()[0],
      UINT64_MAX);
  EXPECT_THAT(refusal_of("Sum", {}), HasSubstr("0 inputs, expected at least 1"));
  EXPECT_THAT(refusal_of("Max", {a, ints({1}, {1})}), HasSubstr("both must be of one type"));
  EXPECT_EQ(run("Max", {floats({0, 1}, {}), b})->dims(), (Ints{0, 3}));
}

TEST(Elementwise, SlopesAreBroadcastToTheirInput) {
  const Tensor x = floats({2, 2}, {-1, 2, -3, 4});
  EXPECT_THAT(run_floats("PRelu", {x, floats({2, 1}, {10, 100})}), ElementsAre(-10, 2, -300, 4));
  EXPECT_THAT(run_ints("PRelu", {ints({2}, {-2, 3}), ints({}, {5})}), ElementsAre(-10, 3));
  EXPECT_THAT(refusal_of("PRelu", {x, floats({3}, {1, 1, 1})}),
              HasSubstr("shape [3] cannot be broadcast to [2,2]"));
  EXPECT_THAT(refusal_of("PRelu", {x, floats({1, 2, 2}, {1, 1, 1, 1})}),
              HasSubstr("shape [1,2,2] cannot be broadcast to [2,2]"));
  EXPECT_THAT(refusal_of("PRelu", {floats({1}, {1}), floats({2}, {1, 1})}),
              HasSubstr("shape [2] cannot be broadcast to [1]"));
}

// Symbols go through comparisons as through Add.
TEST(Elementwise, KeepsSymbolsAndTellsBooleans) {
  ir::Graph g;
  const auto x = g.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 3}});
  const auto y = g.add_input("y", {DataType::kFloat32, ir::Shape{3}});
  const auto less = g.add("Less", std::array{x, y});
  const auto max = g.add("Max", std::array{x, y, y});
  g.set_outputs({less, max, g.add("Not", std::array{less}), g.add("IsNaN", std::array{x})});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(g.type(less).to_string(), "bool[N,3]");
  EXPECT_EQ(g.type(max).to_string(), "float32[N,3]");
  EXPECT_EQ(g.type(g.outputs()[2]).to_string(), "bool[N,3]");
  EXPECT_EQ(g.type(g.outputs()[3]).to_string(), "bool[N,3]");
}

}  // namespace
}  // namespace lathe::ops
