// Inferences that somebody no longer wants.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <thread>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;

class CancellationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

// Adds 1 to x for ever.
Graph endless_graph() {
  const ir::TensorType scalar{DataType::kInt64, ir::Shape{}};
  const ir::TensorType flag{DataType::kBool, ir::Shape{}};
  Graph body;
  body.add_input("iteration", scalar);
  const ValueId goes_on = body.add_input("goes_on", flag);
  const ValueId x = body.add_input("x_in", {DataType::kFloat32, ir::Shape{2}});
  const ValueId one = body.add_constant("one", Tensor::scalar(1.0F));
  body.set_outputs(
      {body.add("Identity", std::array{goes_on}), body.add("Add", std::array{x, one})});
  Graph g;
  ir::Node loop;
  loop.op_type = "Loop";
  loop.inputs = {g.add_constant("count", Tensor::scalar(std::numeric_limits<std::int64_t>::max())),
                 ir::kNoValue, g.add_input("x", {DataType::kFloat32, ir::Shape{2}})};
  loop.outputs = {g.add_value("y")};
  loop.attributes.emplace("body", ir::Subgraph{std::make_shared<const Graph>(std::move(body)), {}});
  const std::vector<ValueId> outputs = loop.outputs;
  g.add_node(std::move(loop));
  g.set_outputs(outputs);
  const Status inferred = ops::infer_shapes(g);
  EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  return g;
}

const std::array<Tensor, 1>& two_values() {
  static const std::array<Tensor, 1> inputs{Tensor::from_values<float>({2}, {1, 2})};
  return inputs;
}

TEST_F(CancellationTest, StepsAreNotBegunOnceTheFlagIsSet) {
  const auto context = compile(native_backend(), adding_graph(2, 1))->new_context();
  const auto flag = std::make_shared<std::atomic<bool>>(true);
  context->set_stop(flag);
  const auto stopped = context->run(two_values());
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kInterrupted);
  EXPECT_EQ(stopped.error().message(), "the inference was cancelled");
  *flag = false;
  EXPECT_TRUE(context->run(two_values()).ok());
  *flag = true;
  context->set_stop({});
  EXPECT_TRUE(context->run(two_values()).ok());
}

TEST_F(CancellationTest, EndsARunThatWouldNotEnd) {
  const auto context = compile(native_backend(), endless_graph())->new_context();
  const auto flag = std::make_shared<std::atomic<bool>>(false);
  context->set_stop(flag);
  std::thread watch([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    *flag = true;
  });
  const auto stopped = context->run(two_values());
  watch.join();
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kInterrupted);
}

TEST_F(CancellationTest, EndsRequestsInFlightAndThoseThatWait) {
  const auto executable = compile(native_backend(), endless_graph());
  const auto first = std::make_shared<std::atomic<bool>>(false);
  const auto second = std::make_shared<std::atomic<bool>>(false);
  const std::vector<Tensor> inputs(two_values().begin(), two_values().end());
  auto running = executable->submit(inputs, Completion::kInOrder, first);
  auto waiting = executable->submit(inputs, Completion::kInOrder, second);
  *second = true;
  *first = true;
  EXPECT_EQ(running.get().error().code(), ErrorCode::kInterrupted);
  EXPECT_EQ(waiting.get().error().code(), ErrorCode::kInterrupted);
}

}  // namespace
}  // namespace lathe::engine
