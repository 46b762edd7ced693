// Where layouts meet: values that are the same bytes in both, transposes between them, a value in
// two roles. The native engine answers as the evaluator does on the same graph.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_models.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using Ints = std::vector<std::int64_t>;

class LayoutsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  ValueId input(const Ints& dims) {
    input_ = random_input(dims, 1);
    return graph_.add_input("x", input_.type());
  }
  ValueId constant(const Ints& dims) { return graph_.add_constant("c", random_input(dims, 2)); }
  ValueId transpose(ValueId x, const Ints& permutation) {
    return graph_.add("Transpose", std::array{x}, {{"perm", permutation}});
  }

  // Both answers agree; gives the kernels that computed the native one.
  std::vector<std::string> check(ValueId output) {
    graph_.set_outputs({output});
    EXPECT_TRUE(ops::infer_shapes(graph_).ok());
    const auto evaluated = reference_backend().compile(graph_, {.threads = 1});
    const auto native = native_backend().compile(graph_, {.threads = 1});
    EXPECT_TRUE(evaluated.ok() && native.ok());
    const auto context = (*native)->new_context();
    context->enable_profiling();
    const auto expected = (*evaluated)->new_context()->run(std::array{input_});
    const auto actual = context->run(std::array{input_});
    EXPECT_TRUE(expected.ok() && actual.ok());
    EXPECT_EQ((*expected)[0].type(), (*actual)[0].type());
    EXPECT_LT(largest_relative_difference((*expected)[0], (*actual)[0]), 1e-5);
    std::vector<std::string> operators;
    for (const StepProfile& step : context->profile()) operators.push_back(step.op_type);
    return operators;
  }

  Graph graph_;
  Tensor input_;
};

TEST_F(LayoutsTest, TransposesWhatIsTheSameBytesInBoth) {
  const ValueId x = input({3, 4, 5, 6});
  const ValueId pooled = graph_.add("GlobalAveragePool", std::array{x});
  check(transpose(pooled, {1, 0, 2, 3}));
}

TEST_F(LayoutsTest, TransposesARowOfMeans) {
  const ValueId axes = graph_.add_constant("axes", Tensor::vector_int64(Ints{2, 3}));
  const ValueId x = input({3, 4, 5, 6});
  check(transpose(graph_.add("ReduceMean", std::array{x, axes}, {{"keepdims", std::int64_t{0}}}),
                  {1, 0}));
}

TEST_F(LayoutsTest, ReducesWhatLiesInEitherOrder) {
  const auto reduced = [&](const char* op, const Ints& axes, bool kept, bool convolved) {
    graph_ = Graph();
    ValueId x = input({2, 3, 5, 6});
    if (convolved) x = graph_.add("Conv", std::array{x, constant({4, 3, 1, 1})});
    const ValueId over = graph_.add_constant("axes", Tensor::vector_int64(axes));
    const auto operators =
        check(graph_.add(op, std::array{x, over}, {{"keepdims", std::int64_t{kept ? 1 : 0}}}));
    return std::count(operators.begin(), operators.end(), "Reorder");
  };
  for (const char* op : {"ReduceMean", "ReduceMax", "ReduceL2"}) {
    SCOPED_TRACE(op);
    EXPECT_EQ(reduced(op, {2, 3}, true, false), 0);
    EXPECT_EQ(reduced(op, {2, 3}, true, true), 1);  // the input of Conv
    EXPECT_EQ(reduced(op, {1}, true, true), 1);
    EXPECT_EQ(reduced(op, {0, 3}, true, true), 2);  // that and the output
    reduced(op, {3}, false, true);
    reduced(op, {0, 2}, false, true);
    reduced(op, {1, 2, 3}, false, true);
  }
}

TEST_F(LayoutsTest, NormalizesWhatLiesInEitherOrder) {
  for (const bool convolved : {false, true}) {
    graph_ = Graph();
    ValueId x = input({2, 3, 5, 6});
    if (convolved) x = graph_.add("Conv", std::array{x, constant({4, 3, 1, 1})});
    const ValueId row = graph_.add_constant("row", random_input({convolved ? 4 : 3}, 3));
    const auto operators = check(graph_.add("InstanceNormalization", std::array{x, row, row}));
    EXPECT_EQ(std::count(operators.begin(), operators.end(), "Reorder"), convolved ? 2 : 0);
  }
}

TEST_F(LayoutsTest, TransposesOneChannel) {
  const ValueId x = input({2, 3, 5, 6});
  check(transpose(graph_.add("Conv", std::array{x, constant({1, 3, 1, 1})}), {0, 1, 3, 2}));
}

// As models from TFLite have them: no bytes move at all.
TEST_F(LayoutsTest, TransposesAroundAConvolutionAreNoWork) {
  const ValueId x = transpose(input({2, 5, 6, 3}), {0, 3, 1, 2});
  const ValueId made = graph_.add("Conv", std::array{x, constant({4, 3, 1, 1})});
  EXPECT_THAT(check(transpose(made, {0, 2, 3, 1})), testing::ElementsAre("Conv"));
}

TEST_F(LayoutsTest, AConstantIsDataAndWeights) {
  const ValueId w = constant({3, 3, 2, 2});
  const ValueId self = graph_.add("Conv", std::array{w, w});
  check(graph_.add("Mul", std::array{input({3, 3, 1, 1}), self}));
}

TEST_F(LayoutsTest, SmallOperandsRepeatAlongChannels) {
  const ValueId x = input({2, 3, 4, 4});
  const ValueId made = graph_.add("Conv", std::array{x, constant({5, 3, 1, 1})});
  const ValueId pooled = graph_.add("GlobalAveragePool", std::array{made});
  const ValueId scaled = graph_.add("Mul", std::array{pooled, constant({5, 1, 1})});
  const ValueId one = graph_.add("Mul", std::array{made, constant({1, 5, 1, 1})});
  check(graph_.add("Add", std::array{one, graph_.add("Relu", std::array{scaled})}));
}

TEST_F(LayoutsTest, ADequantizedConstantKeepsTheNameOfTheOutput) {
  const ValueId x = input({2});
  const ValueId q = graph_.add_constant("q", Tensor::from_values<std::int8_t>({2}, {3, -4}));
  const ValueId scale = graph_.add_constant("scale", Tensor::scalar(0.5F));
  const ValueId y = graph_.add("DequantizeLinear", std::array{q, scale}, {}, "weights");
  graph_.set_outputs({graph_.add("Relu", std::array{x}), y});
  ASSERT_TRUE(ops::infer_shapes(graph_).ok());
  const auto native = native_backend().compile(graph_, {.threads = 1});
  ASSERT_TRUE(native.ok()) << native.error().message();
  EXPECT_EQ((*native)->outputs()[1].name, "weights");
  const auto outputs = (*native)->new_context()->run(std::array{input_});
  EXPECT_THAT((*outputs)[1].to_floats(), testing::ElementsAre(1.5F, -2.0F));
}

}  // namespace
}  // namespace lathe::engine
