// Requests in flight: each answer belongs to its request, whatever the order.
#include "engine/request_queue.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/native.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::Tensor;
using testing::HasSubstr;

Tensor vector_of(float value) { return Tensor::from_values<float>({2}, {value, -value}); }

std::shared_ptr<const Executable> adding_executable(int streams) {
  CompileOptions options{.threads = 1};
  options.streams = streams;
  auto executable = native_backend().compile(adding_graph(2, 0.5F), options);
  LATHE_CHECK(executable.ok());
  return *std::move(executable);
}

TEST(RequestQueueTest, TenThousandRequestsOverFourContextsGetTheirOwnAnswers) {
  constexpr int kRequests = 10'000;
  const auto executable = adding_executable(4);
  std::vector<std::future<Outputs>> futures;
  for (int i = 0; i < kRequests; ++i) {
    futures.push_back(executable->submit({vector_of(static_cast<float>(i))},
                                         i % 2 == 0 ? Completion::kAny : Completion::kInOrder));
  }
  for (int i = 0; i < kRequests; ++i) {
    const Outputs outputs = futures[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    const auto value = static_cast<float>(i);
    ASSERT_EQ((*outputs)[0].to_floats(), (std::vector<float>{value + 0.5F, 0.5F - value})) << i;
  }
}

TEST(RequestQueueTest, ManyThreadsSubmitAtOnce) {
  const auto executable = adding_executable(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 200; ++i) {
        const auto value = static_cast<float>(caller * 1000 + i);
        const Outputs outputs = executable->submit({vector_of(value)}).get();
        if (!outputs.ok() || (*outputs)[0].to_floats()[0] != value + 0.5F) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

// A context that answers when it is told to, so that tests decide which request is done first.
class Gate {
 public:
  void open(int request) {
    const std::scoped_lock lock(mutex_);
    open_.push_back(request);
    changed_.notify_all();
  }
  void wait(int request) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return std::find(open_.begin(), open_.end(), request) != open_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> open_;
};

class GatedContext final : public Context {
 public:
  explicit GatedContext(Gate& gate) : gate_(gate) {}
  Outputs run(std::span<const Tensor> inputs) override {
    gate_.wait(static_cast<int>(inputs[0].get_int64(0)));
    return std::vector<Tensor>(inputs.begin(), inputs.end());
  }

 private:
  Gate& gate_;
};

bool is_ready(const std::future<Outputs>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

TEST(RequestQueueTest, InOrderRequestsWaitForThoseBeforeThem) {
  Gate gate;
  std::vector<std::unique_ptr<Context>> contexts;
  for (int i = 0; i < 3; ++i) contexts.push_back(std::make_unique<GatedContext>(gate));
  RequestQueue queue(std::move(contexts));
  auto first = queue.submit({Tensor::scalar(std::int64_t{0})}, Completion::kInOrder);
  auto second = queue.submit({Tensor::scalar(std::int64_t{1})}, Completion::kInOrder);
  auto any = queue.submit({Tensor::scalar(std::int64_t{2})}, Completion::kAny);
  gate.open(1);
  gate.open(2);
  any.wait();  // passes the first request, which is not done
  EXPECT_FALSE(is_ready(first));
  // The second was done no later than now or soon; it must not be handed out before the first.
  EXPECT_FALSE(is_ready(second));
  gate.open(0);
  EXPECT_EQ((*first.get())[0].get_int64(0), 0);
  EXPECT_EQ((*second.get())[0].get_int64(0), 1);
}

TEST(RequestQueueTest, DestructionFinishesWhatWasSubmitted) {
  std::vector<std::future<Outputs>> futures;
  {
    const auto executable = adding_executable(2);
    for (int i = 0; i < 100; ++i) {
      futures.push_back(executable->submit({vector_of(static_cast<float>(i))}));
    }
  }
  for (auto& future : futures) EXPECT_TRUE(future.get().ok());
}

TEST(RequestQueueTest, WrongInputsAreThatRequestsError) {
  const auto executable = adding_executable(2);
  auto good = executable->submit({vector_of(1)}, Completion::kInOrder);
  auto bad = executable->submit({Tensor::from_values<float>({3}, {1, 2, 3})}, Completion::kInOrder);
  auto also_good = executable->submit({vector_of(2)}, Completion::kInOrder);
  EXPECT_TRUE(good.get().ok());
  EXPECT_THAT(bad.get().error().message(), HasSubstr("input 'x' is float32[3]"));
  EXPECT_TRUE(also_good.get().ok());
}

TEST(ConcurrencyTest, SharesCoresOutAmongStreams) {
  CompileOptions options;
  options.threads = 3;
  options.streams = 2;
  EXPECT_EQ(resolve_concurrency(options).threads, 3);
  EXPECT_EQ(resolve_concurrency(options).streams, 2);
  options = {};
  EXPECT_EQ(resolve_concurrency(options).streams, 1);
  options.preference = Preference::kThroughput;
  const Concurrency throughput = resolve_concurrency(options);
  EXPECT_EQ(throughput.threads, 1);
  EXPECT_GE(throughput.streams, 1);
}

}  // namespace
}  // namespace lathe::engine
