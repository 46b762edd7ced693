#include "lathe/worker_pool.h"

#include "api/access.h"
#include "base/thread_pool.h"

namespace lathe {

WorkerPool::WorkerPool(int threads)
    : impl_(std::make_shared<Impl>(Impl{std::make_shared<ThreadPool>(threads)})) {}
int WorkerPool::threads() const { return impl_->pool->threads(); }

}  // namespace lathe
