#include "base/random.h"

#include <cmath>
#include <numbers>

namespace lathe {

Random::Random(std::uint64_t seed, std::uint64_t stream) : increment_((stream << 1) | 1) {
  next();
  state_ += seed;
  next();
}

std::uint32_t Random::next() {
  const std::uint64_t old = state_;
  state_ = old * 6364136223846793005ULL + increment_;
  const auto xorshifted = static_cast<std::uint32_t>(((old >> 18) ^ old) >> 27);
  const auto rotation = static_cast<std::uint32_t>(old >> 59);
  return (xorshifted >> rotation) | (xorshifted << ((32 - rotation) & 31));
}

std::uint32_t Random::below(std::uint32_t bound) {
  const std::uint32_t threshold = (0U - bound) % bound;
  for (;;) {
    const std::uint32_t draw = next();
    if (draw >= threshold) return draw % bound;
  }
}

float Random::uniform() { return static_cast<float>(next() >> 8) * 0x1p-24F; }

float Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - static_cast<double>(uniform())));
  return static_cast<float>(radius *
                            std::cos(2.0 * std::numbers::pi * static_cast<double>(uniform())));
}

std::uint64_t mix_seed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a + 0x9e3779b97f4a7c15ULL * (b + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace lathe
