#include "engine/request_queue.h"

#include <exception>
#include <system_error>

namespace lathe::engine {
namespace {

// A library behind a context may throw where memory ends; a worker's thread must survive that.
Outputs run_guarded(Context& context, std::span<const ir::Tensor> inputs, const StopFlag& stop) {
  RETURN_IF_ERROR(check_stop(stop.get()));
  try {
    context.set_stop(stop);
    return context.run(inputs);
  } catch (const std::exception& problem) {
    return error(ErrorCode::kResourceExhausted, "the inference failed: {}", problem.what());
  }
}

}  // namespace

RequestQueue::RequestQueue(std::vector<std::unique_ptr<Context>> contexts)
    : contexts_(std::move(contexts)) {
  LATHE_CHECK(!contexts_.empty());
  try {
    workers_.reserve(contexts_.size());
    for (const auto& context : contexts_)
      workers_.emplace_back([this, &context] { work(*context); });
  } catch (const std::system_error&) {
    // The system refuses to start more: those that run do the work, or else the callers.
  }
}

RequestQueue::~RequestQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

std::future<Outputs> RequestQueue::submit(std::vector<ir::Tensor> inputs, Completion completion,
                                          StopFlag stop) {
  auto request = std::make_shared<Request>();
  request->inputs = std::move(inputs);
  request->stop = std::move(stop);
  request->in_order = completion == Completion::kInOrder;
  std::future<Outputs> future = request->promise.get_future();
  if (workers_.empty()) {
    const std::lock_guard lock(mutex_);
    request->promise.set_value(run_guarded(*contexts_.front(), request->inputs, request->stop));
    return future;
  }
  {
    const std::lock_guard lock(mutex_);
    if (request->in_order) ordered_.push_back(request);
    waiting_.push_back(std::move(request));
  }
  arrived_.notify_one();
  return future;
}

void RequestQueue::work(Context& context) {
  for (;;) {
    RequestPtr request;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      request = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Outputs outputs = run_guarded(context, request->inputs, request->stop);
    request->inputs.clear();
    complete(request, std::move(outputs));
  }
}

void RequestQueue::complete(const RequestPtr& request, Outputs outputs) {
  if (!request->in_order) {
    request->promise.set_value(std::move(outputs));
    return;
  }
  // Under the lock, so that two workers cannot overtake each other between taking requests off the
  // front and making their futures ready.
  const std::lock_guard lock(mutex_);
  request->outputs = std::move(outputs);
  while (!ordered_.empty() && ordered_.front()->outputs) {
    ordered_.front()->promise.set_value(*std::move(ordered_.front()->outputs));
    ordered_.pop_front();
  }
}

}  // namespace lathe::engine
