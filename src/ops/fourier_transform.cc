#include "ops/fourier_transform.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <new>
#include <numbers>

namespace lathe::ops {
namespace {

using Complex = FourierTransform::Complex;

// Above this prime factors are left to the convolution, whose cost does not grow with them.
constexpr std::size_t kLargestRadix = 13;

// Without the care that operator* takes of infinities.
Complex multiply(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// exp(-2 pi i k / n) for k < n, exact at quarters of the circle.
Complex root_of_unity(std::uint64_t k, std::uint64_t n) {
  const double rest = static_cast<double>(4 * k % n) / static_cast<double>(n);  // of a quarter
  const double cosine = std::cos(rest * std::numbers::pi / 2);
  const double sine = std::sin(rest * std::numbers::pi / 2);
  switch (4 * k / n) {
    case 0:
      return {cosine, -sine};
    case 1:
      return {-sine, -cosine};
    case 2:
      return {-cosine, sine};
    default:
      return {sine, cosine};
  }
}

// The prime factors, smallest first; empty where one is larger than kLargestRadix.
std::vector<std::size_t> small_factors(std::size_t n) {
  std::vector<std::size_t> factors;
  for (std::size_t p = 2; p <= kLargestRadix; ++p) {
    for (; n % p == 0; n /= p) factors.push_back(p);
  }
  return n == 1 ? factors : std::vector<std::size_t>{};
}

}  // namespace

Result<FourierTransform> FourierTransform::create(std::int64_t length) {
  if (length < 1 || length > kMostPoints)
    return invalid_data("a transform of {} points, expected 1 to {}", length, kMostPoints);
  try {
    return FourierTransform(static_cast<std::size_t>(length));
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "no memory for a transform of {} points", length);
  }
}

FourierTransform::FourierTransform(std::size_t length)
    : length_(length), points_(length), factors_(small_factors(length)) {
  if (length_ == 1) return;
  if (!factors_.empty()) {
    roots_.resize(length_);
    for (std::size_t k = 0; k < length_; ++k) roots_[k] = root_of_unity(k, length_);
    mixed_.resize(length_);
    return;
  }
  const std::size_t padded = std::bit_ceil(2 * length_ - 1);
  convolution_.reset(new FourierTransform(padded));
  chirp_.resize(length_);
  for (std::size_t k = 0; k < length_; ++k) {
    chirp_[k] = root_of_unity(k * k % (2 * length_), 2 * length_);
    const Complex tap = std::conj(chirp_[k]);
    convolution_->points_[k] = tap;
    if (k > 0) convolution_->points_[padded - k] = tap;
  }
  convolution_->run();
  kernel_ = convolution_->points_;
}

void FourierTransform::run(bool inverse) {
  if (length_ == 1) return;
  const auto mirror = [&] {
    for (Complex& point : points_) point = std::conj(point);
  };
  if (inverse) mirror();
  if (convolution_ != nullptr) {
    convolve();
  } else {
    mix(points_.data(), 1, mixed_.data(), length_, 0);
    points_.swap(mixed_);
  }
  if (inverse) mirror();
}

// The transform of every stride-th point: those of every p-th of these, put together.
void FourierTransform::mix(const Complex* in, std::size_t stride, Complex* out, std::size_t count,
                           std::size_t level) {
  if (count == 1) {
    *out = *in;
    return;
  }
  const std::size_t radix = factors_[level];
  const std::size_t part = count / radix;
  for (std::size_t r = 0; r < radix; ++r)
    mix(in + r * stride, stride * radix, out + r * part, part, level + 1);
  std::array<Complex, kLargestRadix> turned;
  for (std::size_t k = 0; k < part; ++k) {
    for (std::size_t r = 0; r < radix; ++r)
      turned[r] = multiply(out[r * part + k], roots_[r * k * stride]);
    for (std::size_t q = 0; q < radix; ++q) {
      Complex sum = turned[0];
      for (std::size_t r = 1; r < radix; ++r)
        sum += multiply(turned[r], roots_[q * r % radix * (length_ / radix)]);
      out[q * part + k] = sum;
    }
  }
}

// With k n = (k^2 + n^2 - (k - n)^2) / 2 the transform is a convolution with a chirp.
void FourierTransform::convolve() {
  const std::span<Complex> padded = convolution_->points();
  std::fill(padded.begin(), padded.end(), Complex{});
  for (std::size_t k = 0; k < length_; ++k) padded[k] = multiply(points_[k], chirp_[k]);
  convolution_->run();
  const std::span<Complex> spectrum = convolution_->points();
  for (std::size_t k = 0; k < spectrum.size(); ++k) spectrum[k] = multiply(spectrum[k], kernel_[k]);
  convolution_->run(true);
  const std::span<const Complex> result = convolution_->points();
  const double scale = 1 / static_cast<double>(result.size());
  for (std::size_t k = 0; k < length_; ++k) points_[k] = multiply(result[k], chirp_[k]) * scale;
}

}  // namespace lathe::ops
