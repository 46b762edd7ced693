#include "lathe/executable.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "api/test_files.h"

namespace lathe {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Executable compile(const CompileOptions& options = {.threads = 1}) {
  static const Model model = Model::load(write_mlp(test_folder("api_executable"))).value();
  return model.compile(options).value();
}

std::vector<float> expected_of(const Tensor& input) {
  const std::vector<Tensor> outputs = compile().new_context().run({&input, 1}).value();
  const std::span<const float> values = outputs[0].data<float>();
  return {values.begin(), values.end()};
}

TEST(Executable, ReadsAndWritesTheCallersMemory) {
  const Executable executable = compile();
  Context context = executable.new_context();
  const Tensor values = ramp(1);
  std::vector<float> from(values.data<float>().begin(), values.data<float>().end());
  std::array<float, 4> to{};
  const Tensor input = Tensor::borrow<float>({1, 1, 8, 8}, from).value();
  Tensor output = Tensor::borrow_writable<float>({1, 4}, to).value();
  EXPECT_EQ(input.bytes().data(), std::as_bytes(std::span(from)).data());
  for (int i = 0; i < 2; ++i) {
    to = {};
    const Expected<void> done = context.run_into({&input, 1}, {&output, 1});
    ASSERT_TRUE(done.ok()) << done.failure().message();
    EXPECT_THAT(to, ElementsAreArray(expected_of(values)));
  }
  EXPECT_EQ(output.bytes().data(), std::as_bytes(std::span(to)).data());
}

TEST(Executable, TellsOfMemoryThatDoesNotFit) {
  Context context = compile().new_context();
  const Tensor input = ramp(2);
  std::array<float, 4> to{7, 7, 7, 7};
  Tensor output = Tensor::borrow_writable<float>({1, 4}, to).value();
  const Expected<void> done = context.run_into({&input, 1}, {&output, 1});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.failure().kind(), Failure::Kind::kInvalidArgument);
  EXPECT_EQ(done.failure().message(),
            "output 'logits' is float32[2,4], the memory given for it is float32[1,4]");
  EXPECT_THAT(to, ElementsAre(7, 7, 7, 7));
  EXPECT_FALSE(context.run_into({&input, 1}, {}).ok());
}

// A tensor that was refused once still writes to the caller's memory.
TEST(Executable, FailedRunsLeaveTheCallersMemoryWhereItIs) {
  Context context = compile().new_context();
  const Tensor input = ramp(1);
  std::array<float, 4> to{};
  Tensor output = Tensor::borrow_writable<float>({1, 4}, to).value();
  {
    const Tensor copy = output;
    const Expected<void> done = context.run_into({&input, 1}, {&output, 1});
    ASSERT_FALSE(done.ok());
    EXPECT_THAT(done.failure().message(), HasSubstr("shared by a copy"));
  }
  ASSERT_TRUE(context.run_into({&input, 1}, {&output, 1}).ok());
  EXPECT_THAT(to, ElementsAreArray(expected_of(input)));
}

TEST(Executable, WritesToTensorsOfBeforeUnlessTheyAreShared) {
  Context context = compile().new_context();
  std::array<Tensor, 1> outputs;
  const Tensor first = ramp(1);
  ASSERT_TRUE(context.run_into({&first, 1}, outputs).ok());
  const std::byte* place = outputs[0].bytes().data();
  ASSERT_TRUE(context.run_into({&first, 1}, outputs).ok());
  EXPECT_EQ(outputs[0].bytes().data(), place);
  const Tensor kept = outputs[0];
  Tensor second = ramp(1);
  second.mutable_data<float>()[0] = 5;
  ASSERT_TRUE(context.run_into({&second, 1}, outputs).ok());
  EXPECT_THAT(kept.data<float>(), ElementsAreArray(expected_of(first)));
  // The context keeps none of them: writing to the input copies nothing.
  const std::byte* input = second.bytes().data();
  EXPECT_EQ(second.mutable_bytes().data(), input);
}

TEST(Executable, RunsByName) {
  const Executable executable = compile();
  EXPECT_EQ(executable.find_input("input"), executable.find_output("logits"));
  EXPECT_FALSE(executable.find_input("logits").has_value());
  Context context = executable.new_context();
  const auto outputs = context.run_named({{"input", ramp(1)}});
  ASSERT_TRUE(outputs.ok()) << outputs.failure().message();
  EXPECT_THAT(outputs->at("logits").data<float>(), ElementsAreArray(expected_of(ramp(1))));
  EXPECT_EQ(context.run_named({{"image", ramp(1)}}).failure().message(),
            "there is no input 'image', the model has 'input'");
  EXPECT_EQ(context.run_named({}).failure().message(), "input 'input' is missing");
}

TEST(Executable, PlansForShapes) {
  const Executable executable = compile();
  EXPECT_THAT(executable.inputs()[0].shape, ElementsAre(1, 1, 8, 8));
  EXPECT_THAT(executable.inputs()[0].dimensions, ElementsAre("N", "", "", ""));
  const std::vector<std::vector<std::int64_t>> shapes{{3, 1, 8, 8}};
  const auto outputs = executable.plan(shapes);
  ASSERT_TRUE(outputs.ok()) << outputs.failure().message();
  EXPECT_EQ((*outputs)[0].name, "logits");
  EXPECT_THAT((*outputs)[0].shape, ElementsAre(3, 4));
  const std::vector<std::vector<std::int64_t>> wrong{{3, 1, 8, 9}};
  EXPECT_THAT(executable.plan(wrong).failure().message(), HasSubstr("expected float32[N,1,8,8]"));
  EXPECT_FALSE(executable.plan({}).ok());
  CompileOptions fixed{.threads = 1};
  fixed.shapes = {{"input", {2, 1, 8, 8}}};
  EXPECT_THAT(compile(fixed).outputs()[0].shape, ElementsAre(2, 4));
}

TEST(Executable, RunsAndRequestsCanBeCancelled) {
  const Executable executable = compile();
  Context context = executable.new_context();
  const Tensor input = ramp(1);
  const Cancellation cancellation;
  EXPECT_TRUE(context.run({&input, 1}, {.cancellation = cancellation}).ok());
  cancellation.cancel();
  EXPECT_TRUE(cancellation.cancelled());
  const auto outputs = context.run({&input, 1}, {.cancellation = cancellation});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.failure().kind(), Failure::Kind::kCancelled);
  EXPECT_TRUE(context.run({&input, 1}).ok());
  Request cancelled = executable.submit({input}, Completion::kAny, {.cancellation = cancellation});
  EXPECT_EQ(cancelled.get().failure().kind(), Failure::Kind::kCancelled);
  Request request = executable.submit({input});
  request.cancel();  // it may be done already
  const auto answer = request.get();
  EXPECT_TRUE(answer.ok() || answer.failure().kind() == Failure::Kind::kCancelled);
  EXPECT_EQ(request.get().failure().kind(), Failure::Kind::kInvalidArgument);
}

TEST(Executable, ProfilesItsSteps) {
  Context context = compile().new_context();
  EXPECT_THAT(context.profile(), SizeIs(0));
  context.enable_profiling();
  const Tensor input = ramp(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(context.run({&input, 1}).ok());
  const std::vector<StepTime> steps = context.profile();
  ASSERT_FALSE(steps.empty());
  for (const StepTime& step : steps) {
    EXPECT_EQ(step.runs, 3);
    EXPECT_GE(step.total_ms, 0);
    EXPECT_FALSE(step.operators.empty() || step.kernel.empty());
  }
}

TEST(Executable, ComputesWithAPoolOfItsCallers) {
  const WorkerPool pool(2);
  EXPECT_EQ(pool.threads(), 2);
  std::vector<Executable> executables;
  for (int i = 0; i < 2; ++i) executables.push_back(compile({.pool = pool}));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Context context = executables[i % 2].new_context();
      for (std::int64_t batch = 1; batch < 4; ++batch) {
        const Tensor input = ramp(batch);
        EXPECT_THAT(context.run({&input, 1}).value()[0].data<float>(),
                    ElementsAreArray(expected_of(input)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CompileOptions other{.threads = 3};
  other.pool = pool;
  const Model model = Model::load(write_mlp(test_folder("api_pool"))).value();
  EXPECT_EQ(model.compile(other).failure().kind(), Failure::Kind::kInvalidArgument);
}

TEST(Devices, TellsOfProcessorAndBackends) {
  const Expected<Devices> found = devices();
  if (!found.ok()) GTEST_SKIP() << found.failure().message();
  EXPECT_GE(found->cores, 1);
  EXPECT_THAT(found->instruction_sets, ::testing::Contains(found->instruction_set));
  ASSERT_FALSE(found->backends.empty());
  EXPECT_EQ(found->backends[0].name, "native");
  for (const BackendInfo& backend : found->backends)
    EXPECT_EQ(backend.available, backend.reason.empty()) << backend.name;
}

}  // namespace
}  // namespace lathe
