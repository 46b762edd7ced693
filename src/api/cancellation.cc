#include "lathe/cancellation.h"

#include "api/access.h"

namespace lathe {

Cancellation::Cancellation() : impl_(std::make_shared<Impl>()) {}
void Cancellation::cancel() const noexcept {
  impl_->cancelled.store(true, std::memory_order_relaxed);
}
bool Cancellation::cancelled() const noexcept {
  return impl_->cancelled.load(std::memory_order_relaxed);
}

engine::StopFlag Access::stop_flag(const std::optional<Cancellation>& cancellation) {
  if (!cancellation) return {};
  return {cancellation->impl_, &cancellation->impl_->cancelled};
}

}  // namespace lathe
