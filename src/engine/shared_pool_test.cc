// Contexts that compute with one pool of threads.
#include <array>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::Tensor;
using testing::HasSubstr;

class SharedPoolTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

CompileOptions with_pool(std::shared_ptr<ThreadPool> pool) {
  CompileOptions options;
  options.pool = std::move(pool);
  return options;
}

// Large enough to be worth two threads.
ir::Graph images_network(const char* name) {
  return test_network(name, {.channels = 3, .height = 32, .width = 32});
}

TEST_F(SharedPoolTest, ReportsTheThreadsThatItUses) {
  const auto pool = std::make_shared<ThreadPool>(2);
  const auto large = compile(native_backend(), images_network("resnet18"), with_pool(pool));
  EXPECT_EQ(large->threads(), 2);
  EXPECT_EQ(large->streams(), 1);
  const auto small = compile(native_backend(), adding_graph(2, 1), with_pool(pool));
  EXPECT_EQ(small->threads(), 1);
  CompileOptions many = with_pool(pool);
  many.preference = Preference::kThroughput;
  EXPECT_EQ(compile(native_backend(), images_network("resnet18"), many)->streams(), 2);
}

TEST_F(SharedPoolTest, OtherNumbersOfThreadsAndOtherBackendsAreRefused) {
  const auto pool = std::make_shared<ThreadPool>(2);
  CompileOptions options = with_pool(pool);
  options.threads = 3;
  const auto other = native_backend().compile(adding_graph(2, 1), options);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message(), "3 threads were asked for, and a thread pool of 2");
  const auto slow = reference_backend().compile(adding_graph(2, 1), with_pool(pool));
  ASSERT_FALSE(slow.ok());
  EXPECT_THAT(slow.error().message(), HasSubstr("thread pool of its caller's"));
}

TEST_F(SharedPoolTest, AnInferenceWakesWorkersOnceAtMost) {
  if (allowed_cores() < 2) GTEST_SKIP() << "workers have no core to look for work on";
  const auto pool = std::make_shared<ThreadPool>(2);
  const auto executable = compile(native_backend(), images_network("resnet18"), with_pool(pool));
  ASSERT_EQ(executable->threads(), 2);
  const auto context = executable->new_context();
  const std::array inputs{random_input({1, 3, 32, 32}, 1)};
  std::vector<Tensor> outputs;
  for (int i = 0; i < 10; ++i) {
    // Fast asleep, so that it has to be woken.
    while (pool->sleeps() <= pool->wake_ups())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::int64_t before = pool->wake_ups();
    ASSERT_TRUE(context->run_into(inputs, outputs).ok());
    EXPECT_EQ(pool->wake_ups(), before + 1);
  }
}

TEST_F(SharedPoolTest, InferencesOfSmallModelsTakePlacesToo) {
  const auto pool = std::make_shared<ThreadPool>(1);
  const auto executable = compile(native_backend(), adding_graph(2, 1), with_pool(pool));
  std::future<bool> done;
  {
    const ThreadPool::Turn turn(pool.get());
    done = std::async(std::launch::async, [&] {
      return executable->new_context()
          ->run(std::array{Tensor::from_values<float>({2}, {1, 2})})
          .ok();
    });
    EXPECT_EQ(done.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  }
  EXPECT_TRUE(done.get());
}

TEST_F(SharedPoolTest, EightContextsOfChangingShapesAnswerAsAlone) {
  const std::array<std::vector<std::int64_t>, 4> shapes{
      {{1, 3, 32, 32}, {2, 3, 24, 40}, {1, 3, 17, 33}, {3, 3, 32, 16}}};
  const auto pool = std::make_shared<ThreadPool>(3);
  std::vector<std::shared_ptr<const Executable>> executables;
  std::vector<std::vector<Tensor>> expected;  // by executable, then by shape
  CompileOptions alone{.threads = 1};
  CompileOptions shared = with_pool(pool);
  alone.leave_open = shared.leave_open = true;
  for (const char* name : {"resnet8", "mobilenet_v2"}) {
    const ir::Graph graph = with_open_images(images_network(name));
    const auto reference = compile(native_backend(), graph, alone);
    executables.push_back(compile(native_backend(), graph, shared));
    for (std::size_t i = 0; i < shapes.size(); ++i)
      expected.emplace_back(run(*reference, std::array{random_input(shapes[i], i)}));
  }
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      const std::size_t model = caller % 2;
      const auto context = executables[model]->new_context();
      for (std::size_t round = 0; round < 8; ++round) {
        const std::size_t shape = (round * 3 + caller) % shapes.size();
        const auto outputs = context->run(std::array{random_input(shapes[shape], shape)});
        if (!outputs.ok() || !(*outputs)[0].identical(expected[model * shapes.size() + shape][0]))
          ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace lathe::engine
