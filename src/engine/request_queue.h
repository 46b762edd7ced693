// Requests to one executable, several in flight at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/backend.h"

namespace lathe::engine {

// Threads that take requests in the order of submission, each with a context of its own. Safe to
// use from several threads. Destruction finishes what was submitted.
class RequestQueue {
 public:
  explicit RequestQueue(std::vector<std::unique_ptr<Context>> contexts);
  RequestQueue(const RequestQueue&) = delete;
  RequestQueue& operator=(const RequestQueue&) = delete;
  ~RequestQueue();

  std::future<Outputs> submit(std::vector<ir::Tensor> inputs, Completion completion,
                              StopFlag stop = {});

 private:
  struct Request {
    std::vector<ir::Tensor> inputs;
    StopFlag stop;
    std::promise<Outputs> promise;
    std::optional<Outputs> outputs;  // kept back until it is this request's turn
    bool in_order = false;
  };
  using RequestPtr = std::shared_ptr<Request>;

  void work(Context& context);
  void complete(const RequestPtr& request, Outputs outputs);

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<RequestPtr> waiting_;
  std::deque<RequestPtr> ordered_;  // those in order whose futures are not ready, oldest first
  bool stopping_ = false;
  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<std::thread> workers_;
};

}  // namespace lathe::engine
