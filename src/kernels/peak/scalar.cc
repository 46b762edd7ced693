#include "kernels/peak/args.h"

namespace lathe::kernels {

float fma_loop_scalar(std::size_t turns, float factor, float addend) {
  float x[32];
  for (int i = 0; i < 32; ++i) x[i] = static_cast<float>(i);
  for (; turns > 0; --turns) {
    for (float& value : x) value = value * factor + addend;
  }
  float sum = 0;
  for (const float value : x) sum += value;
  return sum;
}

std::int32_t int8_loop_scalar(std::size_t turns, std::int8_t factor) {
  std::uint32_t x[32];
  for (std::uint32_t i = 0; i < 32; ++i) x[i] = i;
  for (; turns > 0; --turns) {
    for (std::uint32_t& sum : x)
      sum += static_cast<std::uint32_t>(static_cast<std::int8_t>(sum) * factor);
  }
  std::uint32_t sum = 0;
  for (const std::uint32_t value : x) sum += value;
  return static_cast<std::int32_t>(sum);
}

std::uint64_t read_loop_scalar(const void* data, std::size_t bytes) {
  constexpr std::size_t kSums = 16;
  const auto* words = static_cast<const std::uint64_t*>(data);
  std::uint64_t x[kSums] = {};
  for (std::size_t i = 0; i < bytes / sizeof *words; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) x[k] += words[i + k];
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t value : x) sum += value;
  return sum;
}

}  // namespace lathe::kernels
