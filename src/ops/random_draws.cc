#include "ops/random_draws.h"

#include <bit>
#include <random>
#include <variant>

namespace lathe::ops {

Random random_of(const Attributes& attributes) {
  if (const ir::Attribute* seed = attributes.find("seed"))
    return Random(mix_seed(std::bit_cast<std::uint32_t>(std::get<float>(*seed)), 0));
  std::random_device device;
  return Random(mix_seed(device(), device()));
}

double uniform_double(Random& random) {
  const std::uint64_t high = random.next() >> 5;
  const std::uint64_t low = random.next() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

}  // namespace lathe::ops
