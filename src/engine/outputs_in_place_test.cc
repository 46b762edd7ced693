// Runs on the caller's memory, and what comes out of shapes before they are run.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/native.h"
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
using testing::ElementsAre;

class OutputsInPlaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

// The places of what is not 0, and the double of what there is.
Graph searching_graph() {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{Dim::symbol("N")}});
  const ValueId sum = g.add("Add", std::array{x, x}, {}, "double");
  g.set_outputs({sum, g.add("NonZero", std::array{x}, {}, "places")});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

Tensor on(std::span<float> memory) {
  const std::array<std::int64_t, 1> dims{static_cast<std::int64_t>(memory.size())};
  return Tensor::borrow_writable(DataType::kFloat32, dims, std::as_writable_bytes(memory), nullptr)
      .value();
}

TEST_F(OutputsInPlaceTest, TheCallersMemoryIsReadAndWritten) {
  for (const Backend* backend : {&native_backend(), &reference_backend()}) {
    const auto context = compile(*backend, adding_graph(2, 1))->new_context();
    const std::array<float, 2> from{1, 2};
    std::array<float, 2> to{};
    const std::array<std::int64_t, 1> dims{2};
    const std::array inputs{
        Tensor::borrow(DataType::kFloat32, dims, std::as_bytes(std::span(from)), nullptr).value()};
    std::vector<Tensor> outputs{on(to)};
    ASSERT_TRUE(context->run_into(inputs, outputs).ok());
    EXPECT_THAT(to, ElementsAre(2, 3));
    EXPECT_TRUE(outputs[0].is_borrowed_writable());
  }
}

TEST_F(OutputsInPlaceTest, MemoryThatDoesNotFitIsRefused) {
  for (const Backend* backend : {&native_backend(), &reference_backend()}) {
    const auto context = compile(*backend, adding_graph(2, 1))->new_context();
    const std::array inputs{Tensor::from_values<float>({2}, {1, 2})};
    std::array<float, 3> longer{7, 7, 7};
    std::vector<Tensor> outputs{on(longer)};
    const Status refused = context->run_into(inputs, outputs);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message(),
                testing::HasSubstr("is float32[2], the memory given for it is float32[3]"));
    EXPECT_THAT(longer, ElementsAre(7, 7, 7));

    std::array<float, 2> shared{7, 7};
    outputs = {on(shared)};
    const Tensor copy = outputs[0];
    EXPECT_FALSE(context->run_into(inputs, outputs).ok());
    EXPECT_THAT(shared, ElementsAre(7, 7));
  }
}

TEST_F(OutputsInPlaceTest, AProgramOfNodesWritesThereToo) {
  CompileOptions options{.threads = 1};
  options.leave_open = true;
  const auto context = compile(native_backend(), searching_graph(), options)->new_context();
  const std::array inputs{Tensor::from_values<float>({3}, {1, 0, 2})};
  std::array<float, 3> to{};
  std::vector<Tensor> outputs{on(to), {}};
  const Status status = context->run_into(inputs, outputs);
  ASSERT_TRUE(status.ok()) << status.error().message();
  EXPECT_THAT(to, ElementsAre(2, 0, 4));
  EXPECT_THAT(outputs[1].to_int64s(), ElementsAre(0, 2));
}

TEST_F(OutputsInPlaceTest, PlansTellWhatComesOut) {
  const Graph graph =
      with_open_images(test_network("resnet8", {.channels = 3, .height = 32, .width = 32}));
  CompileOptions options{.threads = 1};
  options.leave_open = true;
  for (const Backend* backend : {&native_backend(), &reference_backend()}) {
    const auto executable = compile(*backend, graph, options);
    const std::array types{ir::TensorType{DataType::kFloat32, ir::Shape{2, 3, 24, 40}}};
    const auto outputs = executable->plan_for(types);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_EQ((*outputs)[0].type,
              run(*executable, std::array{random_input({2, 3, 24, 40}, 1)})[0].type());
    const std::array wrong{ir::TensorType{DataType::kFloat32, ir::Shape{2, 4, 24, 40}}};
    EXPECT_FALSE(executable->plan_for(wrong).ok());
    const std::array open{
        ir::TensorType{DataType::kFloat32, ir::Shape{2, 3, Dim::symbol("H"), 40}}};
    EXPECT_FALSE(executable->plan_for(open).ok());
    EXPECT_FALSE(executable->plan_for({}).ok());
  }
}

TEST_F(OutputsInPlaceTest, PlansLeaveOpenWhatOnlyARunCanTell) {
  CompileOptions options{.threads = 1};
  options.leave_open = true;
  const auto executable = compile(native_backend(), searching_graph(), options);
  const std::array types{ir::TensorType{DataType::kFloat32, ir::Shape{5}}};
  const auto outputs = executable->plan_for(types);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ((*outputs)[0].type.to_string(), "float32[5]");
  EXPECT_FALSE(ir::fully_known(*(*outputs)[1].type.shape));
}

}  // namespace
}  // namespace lathe::engine
