#include "engine/packed_weights.h"

namespace lathe::engine {

const std::byte* PackedWeights::data(WeightsId id) const {
  const std::lock_guard lock(mutex_);
  return id == kNoWeights ? nullptr : buffers_[static_cast<std::size_t>(id)].data();
}

std::size_t PackedWeights::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace lathe::engine
