// Quantized graphs of every exporter's form: all on kernels, and the same bits on each instruction
// set as the reference has on the lowered graph.
#include "passes/quantized_forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "engine/check_plan.h"
#include "engine/native.h"
#include "engine/plan.h"
#include "engine/plan_json.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "kernels/kernel.h"
#include "passes/exporter_forms.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using Dims = std::vector<std::int64_t>;

class QuantizedFormsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  // Gives what each step computes. Outputs may differ by `tolerance`.
  static std::vector<std::string> check(const Graph& graph, double tolerance = 0) {
    const auto native = compile(native_backend(), graph);
    const auto lowered = compile(lowered_backend(), graph);
    if (native == nullptr || lowered == nullptr) return {};
    EXPECT_TRUE(native->notes().empty()) << native->notes()[0];
    std::vector<Tensor> inputs;
    for (const TensorInfo& info : native->inputs()) {
      Tensor input = random_input(*ir::known_dims(*info.type.shape), 3);
      for (float& v : input.mutable_data<float>()) v *= 1.5F;
      inputs.push_back(std::move(input));
    }
    const auto expected = run(*lowered, inputs);
    const auto actual = run(*native, inputs);
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_LE(largest_difference(expected[i], actual[i]), tolerance) << i;
    std::vector<std::string> steps;
    for (const Step& step : plan_of(*native)->steps) {
      if (step.op_type != "Reorder") steps.push_back(step.op_type);
    }
    return steps;
  }
};

TEST_F(QuantizedFormsTest, Layers) {
  for (const passes::forms::Form& form : passes::forms::all_forms()) {
    SCOPED_TRACE(passes::forms::name_of(form));
    check(passes::forms::FormGraph(form).build());
  }
}

// Each exporter's form on the kernels that it is meant for, none in float32 that multiplies, with
// the bits of the reference whatever the number of threads.
TEST_F(QuantizedFormsTest, Exporters) {
  for (const passes::forms::ExporterForm& form : passes::forms::exporter_forms()) {
    SCOPED_TRACE(form.name);
    passes::forms::Exporter exporter;
    const Graph graph = form.build(exporter);
    const auto lowered = compile(lowered_backend(), graph);
    if (lowered == nullptr) continue;
    std::vector<Tensor> inputs;
    for (const TensorInfo& info : lowered->inputs())
      inputs.push_back(random_input(*ir::known_dims(*info.type.shape), 3 + inputs.size()));
    const auto expected = run(*lowered, inputs);
    for (const int threads : {1, 2}) {
      const auto native = compile(native_backend(), graph, {.threads = threads});
      if (native == nullptr) continue;
      EXPECT_EQ(native->slow_share(), 0);
      const auto actual = run(*native, inputs);
      const double tolerance = form.has_float_kernels ? 1.001 * form.step : 0;
      EXPECT_LE(largest_difference(expected[0], actual[0]), tolerance) << threads;
      const Plan& plan = *plan_of(*native);
      EXPECT_TRUE(check_plan(plan).ok());
      const auto read = plan_from_json(plan_to_json(plan));
      ASSERT_TRUE(read.ok()) << read.error().message();
      for (std::size_t i = 0; i < plan.steps.size(); ++i)
        EXPECT_TRUE(read->steps[i].problem == plan.steps[i].problem);
      std::vector<std::string> names;
      for (const Step& step : plan.steps)
        names.emplace_back(step.kernel == kInterpreter ? "interpreter"
                                                       : kernels::kernel_of(step.kernel).name);
      for (const std::string& kernel : form.kernels)
        EXPECT_THAT(names, testing::Contains(testing::StartsWith(kernel)));
      for (const char* slow : {"interpreter", "igemm_f32", "mat_mul_igemm_f32", "depthwise_f32"})
        EXPECT_THAT(names, testing::Not(testing::Contains(testing::StartsWith(slow))));
    }
  }
}

// Values of 8 bits between Quantize- and DequantizeLinear.
class Builder {
 public:
  ValueId input(const Dims& dims, float scale, DataType type = DataType::kUint8,
                std::int64_t zero = 100) {
    const ValueId x = g.add_input("x", {DataType::kFloat32, ir::make_shape(dims)});
    return through(x, scale, type, zero);
  }
  ValueId through(ValueId x, float scale, DataType type = DataType::kUint8,
                  std::int64_t zero = 100) {
    const ValueId s = g.add_constant("scale", Tensor::scalar(scale));
    const ValueId z = g.add_constant("zero", passes::forms::integers(type, {}, zero));
    return g.add("DequantizeLinear",
                 std::array{g.add("QuantizeLinear", std::array{x, s, z}), s, z});
  }
  Graph finish(std::vector<ValueId> outputs) {
    g.set_outputs(std::move(outputs));
    EXPECT_TRUE(ops::infer_shapes(g).ok());
    return std::move(g);
  }

  Graph g;
};

TEST_F(QuantizedFormsTest, FunctionsOfOneElementAreTables) {
  for (const char* op :
       {"Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "LeakyRelu", "Relu", "Erf"}) {
    for (const DataType type : {DataType::kUint8, DataType::kInt8}) {
      SCOPED_TRACE(op);
      Builder b;
      const std::int64_t zero = type == DataType::kUint8 ? 100 : -20;
      const ValueId x = b.input({1, 3, 5, 7}, 0.03F, type, zero);
      const ValueId y = b.through(b.g.add(op, std::array{x}), 0.01F, type, zero);
      EXPECT_THAT(check(b.finish({y})),
                  testing::ElementsAre("QuantizeLinear", "Lookup", "DequantizeLinear"));
    }
  }
}

TEST_F(QuantizedFormsTest, AChainOfFunctionsIsOneTable) {
  Builder b;
  const ValueId x = b.input({2, 9}, 0.03F);
  const ValueId gate = b.g.add("HardSigmoid", std::array{b.g.add("Tanh", std::array{x})});
  EXPECT_THAT(check(b.finish({b.through(gate, 0.004F, DataType::kInt8, -100)})),
              testing::ElementsAre("QuantizeLinear", "Lookup", "DequantizeLinear"));
}

TEST_F(QuantizedFormsTest, ConcatOfDifferentScales) {
  Builder b;
  const ValueId x = b.input({1, 4, 3, 3}, 0.03F);
  const ValueId y = b.through(x, 0.05F, DataType::kInt8, 3);
  const ValueId both = b.g.add("Concat", std::array{x, y}, {{"axis", std::int64_t{1}}});
  const std::vector<std::string> steps = check(b.finish({b.through(both, 0.04F)}));
  EXPECT_THAT(steps, testing::Contains("Concat"));
  EXPECT_THAT(steps, testing::Contains("Lookup").Times(3));
}

TEST_F(QuantizedFormsTest, WhatMovesMayChangeItsScale) {
  Builder b;
  const ValueId x = b.input({1, 4, 6, 6}, 0.03F);
  const ValueId most = b.through(
      b.g.add("MaxPool", std::array{x}, {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}}),
      0.05F);
  const ValueId turned = b.through(b.g.add("Transpose", std::array{most}), 0.05F);
  EXPECT_THAT(check(b.finish({turned})), testing::ElementsAre("QuantizeLinear", "MaxPool", "Lookup",
                                                              "Transpose", "DequantizeLinear"));
}

// In float32 between integer layers, on kernels all the same.
TEST_F(QuantizedFormsTest, OperatorsThatStayFloat) {
  for (const char* op : {"Mul", "Sub", "Div", "Max"}) {
    SCOPED_TRACE(op);
    Builder b;
    const ValueId x = b.input({1, 4, 6, 6}, 0.03F);
    const ValueId c = b.g.add_constant("c", Tensor::from_values<float>({4, 1, 1}, {1, 2, 3, 4}));
    check(b.finish({b.through(b.g.add(op, std::array{x, c}), 0.05F)}));
  }
  Builder b;
  const ValueId x = b.input({1, 4, 6, 6}, 0.03F);
  const ValueId mean = b.g.add("AveragePool", std::array{x}, {{"kernel_shape", Dims{3, 3}}});
  const ValueId shares =
      b.g.add("Softmax", std::array{b.through(mean, 0.02F)}, {{"axis", std::int64_t{-1}}});
  // Float32 kernels differ from the reference in the last bits, and so in one step of the output.
  const float step = 1.0F / 256;
  check(b.finish({b.through(shares, step, DataType::kUint8, 0)}), step);
}

}  // namespace
}  // namespace lathe::engine
