// Looking up keys, whatever they are: hashing would be slow for keys that are chosen to be so.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

namespace lathe::ops {

// Where keys are in a list: the last of those that are equal. What is no number equals itself. The
// list must outlive the index.
template <typename T>
class KeyIndex {
 public:
  explicit KeyIndex(std::span<const T> keys) : keys_(keys), order_(keys.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return before(keys_[a], keys_[b]); });
  }

  [[nodiscard]] std::optional<std::size_t> find(const T& key) const {
    const auto behind =
        std::upper_bound(order_.begin(), order_.end(), key,
                         [&](const T& wanted, std::size_t i) { return before(wanted, keys_[i]); });
    if (behind == order_.begin()) return std::nullopt;
    const std::size_t last = *(behind - 1);
    if (before(keys_[last], key)) return std::nullopt;
    return last;
  }

 private:
  static bool before(const T& a, const T& b) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    }
    return a < b;
  }

  std::span<const T> keys_;
  std::vector<std::size_t> order_;
};

}  // namespace lathe::ops
