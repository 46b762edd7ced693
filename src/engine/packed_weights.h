// The weights of a model as its kernels read them: packed once, and shared by all plans and
// contexts.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "engine/plan.h"
#include "kernels/aligned_buffer.h"

namespace lathe::engine {

// What a packing depends on.
struct PackingKey {
  KernelId kernel = kInterpreter;
  std::vector<ir::ValueId> constants;    // of the lowered graph; the weights come first
  std::vector<std::int64_t> parameters;  // attributes that change how they are read
  auto operator<=>(const PackingKey&) const = default;
};

// Thread-safe. Nothing that was packed ever moves or goes away.
class PackedWeights {
 public:
  PackedWeights() = default;
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  // The packing of this key, made by `weights()` where there is none yet: a function that gives
  // what stays valid until it is packed.
  template <typename MakeWeights>
  WeightsId find_or_pack(const PackingKey& key, const kernels::Problem& problem,
                         const MakeWeights& weights, ThreadPool& pool) {
    const std::lock_guard lock(mutex_);
    const auto [it, is_new] = ids_.try_emplace(key, static_cast<WeightsId>(buffers_.size()));
    if (is_new) {
      const kernels::Kernel& kernel = kernels::kernel_of(key.kernel);
      kernels::AlignedBuffer<std::byte>& packed =
          buffers_.emplace_back(kernel.packed_bytes(problem));
      kernel.pack(problem, weights(), packed.data(), pool);
      bytes_ += packed.size();
    }
    return it->second;
  }
  // The packing of this key for its kernel, or for any other that takes the problem; sets the
  // key's kernel to that.
  std::optional<WeightsId> find(PackingKey& key, const kernels::Problem& problem) const;

  [[nodiscard]] const std::byte* data(WeightsId id) const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::map<PackingKey, WeightsId> ids_;
  std::deque<kernels::AlignedBuffer<std::byte>> buffers_;
  std::size_t bytes_ = 0;
};

}  // namespace lathe::engine
