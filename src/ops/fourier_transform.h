// Discrete Fourier transforms of any length in double precision, for DFT and STFT.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace lathe::ops {

// Takes time O(n log n) for every length n: mixed radix (Cooley and Tukey 1965) where n has small
// prime factors alone, else a convolution (Bluestein 1970). Not to be shared between threads.
class FourierTransform {
 public:
  using Complex = std::complex<double>;
  // More than any signal has, and few enough for the memory of a machine.
  static constexpr std::int64_t kMostPoints = std::int64_t{1} << 28;

  // Fails for lengths other than 1 to kMostPoints, and where there is no memory.
  static Result<FourierTransform> create(std::int64_t length);

  // What is transformed: `length` elements, zeros at first; elsewhere after run().
  [[nodiscard]] std::span<Complex> points() { return points_; }
  // y[k] = sum of x[n] exp(-2 pi i k n / length), or with a positive exponent the inverse without
  // its factor of 1 / length; in place of the points.
  void run(bool inverse = false);

 private:
  explicit FourierTransform(std::size_t length);
  void mix(const Complex* in, std::size_t stride, Complex* out, std::size_t count,
           std::size_t level);
  void convolve();

  std::size_t length_;
  std::vector<Complex> points_;
  std::vector<std::size_t> factors_;  // primes; empty where the length has large ones
  std::vector<Complex> roots_;        // exp(-2 pi i k / length)
  std::vector<Complex> mixed_;
  // Of Bluestein's: exp(-pi i k^2 / length), and the transform of its conjugate.
  std::vector<Complex> chirp_;
  std::vector<Complex> kernel_;
  std::unique_ptr<FourierTransform> convolution_;
};

// Element i of a signal of real numbers (parts = 1) or of complex ones (parts = 2).
template <typename T>
std::complex<double> complex_at(std::span<const T> signal, std::int64_t i, std::int64_t parts) {
  const auto at = static_cast<std::size_t>(i * parts);
  return {static_cast<double>(signal[at]), parts == 2 ? static_cast<double>(signal[at + 1]) : 0};
}

// Puts both parts of an element.
template <typename T>
void put_complex(std::span<T> signal, std::int64_t i, std::complex<double> value) {
  const auto at = static_cast<std::size_t>(i * 2);
  signal[at] = static_cast<T>(value.real());
  signal[at + 1] = static_cast<T>(value.imag());
}

}  // namespace lathe::ops
