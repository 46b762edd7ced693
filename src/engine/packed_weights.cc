#include "engine/packed_weights.h"

#include <new>

namespace lathe::engine {

void PackedWeights::check_before_packing(std::function<Status()> check) {
  const std::lock_guard lock(mutex_);
  check_ = std::move(check);
}

Status PackedWeights::check_once() {
  if (check_ == nullptr) return {};
  RETURN_IF_ERROR(check_());
  check_ = nullptr;
  return {};
}

Result<kernels::AlignedBuffer<std::byte>> PackedWeights::allocate(std::size_t bytes) {
  try {
    return kernels::AlignedBuffer<std::byte>(bytes);
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "no memory for {} bytes of packed weights", bytes);
  }
}

WeightsId PackedWeights::add(const PackingKey& key, kernels::AlignedBuffer<std::byte> buffer) {
  bytes_ += buffer.size();
  const std::span<const std::byte> bytes = buffer.span();
  packings_.push_back({bytes, std::move(buffer), nullptr});
  const auto id = static_cast<WeightsId>(packings_.size()) - 1;
  ids_.insert_or_assign(key, id);
  return id;
}

void PackedWeights::adopt(const PackingKey& key, std::span<const std::byte> bytes,
                          std::shared_ptr<const void> lender) {
  const std::lock_guard lock(mutex_);
  if (!ids_.try_emplace(key, static_cast<WeightsId>(packings_.size())).second) return;
  bytes_ += bytes.size();
  packings_.push_back({bytes, {}, std::move(lender)});
}

std::optional<WeightsId> PackedWeights::find(PackingKey& key,
                                             const kernels::Problem& problem) const {
  const std::lock_guard lock(mutex_);
  return find_locked(key, problem);
}

std::optional<WeightsId> PackedWeights::find_locked(PackingKey& key,
                                                    const kernels::Problem& problem) const {
  // What was adopted may be of a file that lies.
  const auto serves = [&](KernelId kernel, WeightsId id) {
    return kernels::kernel_of(kernel).packed_bytes(problem) == packing(id).bytes.size();
  };
  const auto exact = ids_.find(key);
  if (exact != ids_.end() && serves(key.kernel, exact->second)) return exact->second;
  for (const auto& [other, id] : ids_) {
    if (other.constants != key.constants || other.parameters != key.parameters ||
        !kernels::kernel_of(other.kernel).fits(problem) || !serves(other.kernel, id)) {
      continue;
    }
    key.kernel = other.kernel;
    return id;
  }
  return std::nullopt;
}

const std::byte* PackedWeights::data(WeightsId id) const {
  const std::lock_guard lock(mutex_);
  return id == kNoWeights ? nullptr : packing(id).bytes.data();
}

std::size_t PackedWeights::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::vector<std::pair<PackingKey, std::span<const std::byte>>> PackedWeights::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<PackingKey, std::span<const std::byte>>> list;
  for (const auto& [key, id] : ids_) list.emplace_back(key, packing(id).bytes);
  return list;
}

}  // namespace lathe::engine
