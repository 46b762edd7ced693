// A small deterministic random generator: the same seed gives the same numbers on every machine and
// standard library, which std::normal_distribution and std::shuffle do not promise.
// Not for cryptography. Not safe to share between threads.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace lathe {

// PCG32 (O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms
// for Random Number Generation"). `stream` selects an independent sequence under the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint32_t next();
  // Uniform in [0, bound), without bias; bound > 0.
  std::uint32_t below(std::uint32_t bound);
  // Uniform in [0, 1), 24 bits.
  float uniform();
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  // Standard normal (Box and Muller 1958).
  float normal();

  template <typename T>
  void shuffle(std::span<T> items) {  // Fisher and Yates
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
    }
  }

 private:
  std::uint64_t state_ = 0;
  std::uint64_t increment_;
};

// Mixes two numbers into one seed, e.g. an epoch and a sample index (SplitMix64's finaliser).
std::uint64_t mix_seed(std::uint64_t a, std::uint64_t b);

}  // namespace lathe
