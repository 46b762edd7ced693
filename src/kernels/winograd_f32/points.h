// The interpolation points of the Winograd transforms F(2, 3) and F(4, 3) for 3x3 kernels (Lavin
// and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"), from which the matrices
// follow by the construction of Toom and Cook:
//
//   F(2, 3): 0, 1, -1 and infinity
//   F(4, 3): 0, a, -a, b, -b and infinity
//
// Any a and b are right; these, of all with denominators up to 8, round least. On activations after
// a Relu and random weights the error of F(4, 3), root mean square against the exact result, is
// twice that of the sum in order; with the usual points 0, 1, -1, 2, -2 it is four times that. That
// of F(2, 3) is less than that of the sum in order.
#pragma once

namespace lathe::kernels {

struct WinogradPoints {
  static constexpr float kA = 0.625F;
  static constexpr float kB = 1.5F;
};

}  // namespace lathe::kernels
