// Values between the elements of a tensor.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

namespace lathe::ops {

// The piecewise cubic kernel of cubic convolution (Keys, 1981) with coefficient `a`.
inline double cubic_filter(double distance, double a) {
  const double x = std::abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Which elements of one axis a place between them is made of: up to four. Those of weight 0 are
// left out, so that what is no number counts only where it is.
class AxisTaps {
 public:
  struct Tap {
    std::int64_t index = 0;
    double weight = 0;
  };

  // Weights of one element add up.
  void add(std::int64_t index, double weight) {
    if (weight == 0) return;
    for (std::size_t i = 0; i < count_; ++i) {
      if (taps_[i].index == index) {
        taps_[i].weight += weight;
        return;
      }
    }
    taps_.at(count_++) = {index, weight};
  }
  [[nodiscard]] std::span<const Tap> taps() const { return {taps_.data(), count_}; }

 private:
  std::array<Tap, 4> taps_;
  std::size_t count_ = 0;
};

// More spatial axes than any data has; a place among n axes is made of up to 4^n elements.
inline constexpr std::size_t kMostInterpolatedAxes = 8;

// The sum of elements[first + sum of index * stride], weighted by the product of the axes' taps.
inline double interpolate(std::span<const double> elements, std::int64_t first,
                          std::span<const AxisTaps> axes, std::span<const std::int64_t> strides) {
  if (axes.empty()) return elements[static_cast<std::size_t>(first)];
  double sum = 0;
  for (const AxisTaps::Tap& tap : axes[0].taps()) {
    sum += tap.weight * interpolate(elements, first + tap.index * strides[0], axes.subspan(1),
                                    strides.subspan(1));
  }
  return sum;
}

// Adds the two elements around x, a place of a line of elements that is followed and preceded by
// zeros.
inline void add_linear_taps(AxisTaps& taps, double x, std::int64_t extent) {
  if (!(x > -1 && x < static_cast<double>(extent))) return;
  const double left = std::floor(x);
  const auto index = static_cast<std::int64_t>(left);
  if (index >= 0) taps.add(index, 1 - (x - left));
  if (index + 1 < extent) taps.add(index + 1, x - left);
}

}  // namespace lathe::ops
