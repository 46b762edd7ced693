#include "kernels/convolution_shape.h"

#include <gtest/gtest.h>

namespace lathe::kernels {
namespace {

TEST(ConvolutionShape, CountsMultiplyAccumulates) {
  ConvolutionShape shape{.batch = 2, .in_h = 8, .in_w = 8, .in_c = 6, .out_h = 8, .out_w = 8};
  shape.out_c = 9;
  shape.kernel_h = shape.kernel_w = 3;
  shape.pad_top = shape.pad_left = 1;
  shape.groups = 3;
  EXPECT_TRUE(shape.valid());
  EXPECT_EQ(shape.macs(), 2 * 8 * 8 * 9 * 9 * 2);
  EXPECT_FALSE(shape.is_pointwise());
  EXPECT_FALSE(shape.is_depthwise());
}

TEST(ConvolutionShape, TellsPointwiseAndDepthwise) {
  EXPECT_TRUE((ConvolutionShape{.batch = 5, .in_c = 7, .out_c = 3}.is_pointwise()));
  ConvolutionShape strided{.in_h = 4, .in_w = 4, .in_c = 7, .out_h = 2, .out_w = 2, .out_c = 3};
  strided.stride_h = strided.stride_w = 2;
  EXPECT_FALSE(strided.is_pointwise());
  EXPECT_TRUE((ConvolutionShape{.in_c = 4, .out_c = 8, .groups = 4}.is_depthwise()));
}

TEST(ConvolutionShape, RefusesNonsense) {
  EXPECT_FALSE((ConvolutionShape{.in_c = 4, .out_c = 6, .groups = 4}.valid()));
  EXPECT_FALSE((ConvolutionShape{.out_h = 0}.valid()));
  EXPECT_FALSE((ConvolutionShape{.pad_left = -1}.valid()));
}

}  // namespace
}  // namespace lathe::kernels
