// The weights of a model as its kernels read them: packed once, and shared by all plans and
// contexts.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
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

  // The packing of this key for its kernel or for any other that takes the problem, and then sets
  // the key's kernel to that; or made by `weights()` where there is none yet: a function that gives
  // what stays valid until it is packed. Fails where that has to be checked and is damaged.
  template <typename MakeWeights>
  Result<WeightsId> find_or_pack(PackingKey& key, const kernels::Problem& problem,
                                 const MakeWeights& weights, ThreadPool& pool) {
    const std::lock_guard lock(mutex_);
    if (const auto known = find_locked(key, problem)) return *known;
    const kernels::Kernel& kernel = kernels::kernel_of(key.kernel);
    RETURN_IF_ERROR(check_once());
    ASSIGN_OR_RETURN(kernels::AlignedBuffer<std::byte> buffer,
                     allocate(kernel.packed_bytes(problem)));
    kernel.pack(problem, weights(), buffer.data(), pool);
    return add(key, std::move(buffer));
  }
  // Asked once, before anything is packed: whether constants are what they should be.
  void check_before_packing(std::function<Status()> check);
  // A packing of this key that was made before and lies in the memory of others, which `lender`
  // keeps; it may be of any size. One that is there already stays.
  void adopt(const PackingKey& key, std::span<const std::byte> bytes,
             std::shared_ptr<const void> lender);
  // The packing of this key for its kernel, or for any other that takes the problem; sets the
  // key's kernel to that.
  std::optional<WeightsId> find(PackingKey& key, const kernels::Problem& problem) const;

  [[nodiscard]] const std::byte* data(WeightsId id) const;
  [[nodiscard]] std::size_t bytes() const;
  // All that there are, by key.
  [[nodiscard]] std::vector<std::pair<PackingKey, std::span<const std::byte>>> all() const;

 private:
  struct Packing {
    std::span<const std::byte> bytes;
    kernels::AlignedBuffer<std::byte> buffer = {};  // what they lie in, or
    std::shared_ptr<const void> lender = nullptr;
  };
  [[nodiscard]] const Packing& packing(WeightsId id) const {
    return packings_[static_cast<std::size_t>(id)];
  }
  std::optional<WeightsId> find_locked(PackingKey& key, const kernels::Problem& problem) const;
  Status check_once();
  static Result<kernels::AlignedBuffer<std::byte>> allocate(std::size_t bytes);
  WeightsId add(const PackingKey& key, kernels::AlignedBuffer<std::byte> buffer);

  mutable std::mutex mutex_;
  std::map<PackingKey, WeightsId> ids_;
  std::deque<Packing> packings_;
  std::size_t bytes_ = 0;
  std::function<Status()> check_;  // null once it has passed
};

}  // namespace lathe::engine
