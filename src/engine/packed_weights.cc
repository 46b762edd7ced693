#include "engine/packed_weights.h"

namespace lathe::engine {

std::optional<WeightsId> PackedWeights::find(PackingKey& key,
                                             const kernels::Problem& problem) const {
  const std::lock_guard lock(mutex_);
  if (const auto exact = ids_.find(key); exact != ids_.end()) return exact->second;
  for (const auto& [other, id] : ids_) {
    if (other.constants != key.constants || other.parameters != key.parameters ||
        !kernels::kernel_of(other.kernel).fits(problem)) {
      continue;
    }
    key.kernel = other.kernel;
    return id;
  }
  return std::nullopt;
}

const std::byte* PackedWeights::data(WeightsId id) const {
  const std::lock_guard lock(mutex_);
  return id == kNoWeights ? nullptr : buffers_[static_cast<std::size_t>(id)].data();
}

std::size_t PackedWeights::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace lathe::engine
