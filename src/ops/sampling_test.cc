// Operators that read images between their elements: GridSample, AffineGrid, RoiAlign, MaxRoiPool,
// DeformConv.
#include <climits>
#include <cmath>
#include <gmock/gmock.h>

#include "ops/infer_operator.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Tensor;
using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using Ints = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

const Dim kN = Dim::symbol("N");
const Dim kH = Dim::symbol("H");

ir::AttributeMap sampling(const char* mode, const char* padding, bool align_corners) {
  return {{"mode", std::string(mode)},
          {"padding_mode", std::string(padding)},
          {"align_corners", std::int64_t{align_corners ? 1 : 0}}};
}

// Of the line 0, 10, 20, 30, whose ends are -1 and 1.
std::vector<float> sample_line(const char* mode, const char* padding, std::vector<float> places) {
  const Ints dims{1, static_cast<std::int64_t>(places.size()), 1};
  return run_floats("GridSample",
                    {floats({1, 1, 4}, {0, 10, 20, 30}), Tensor::from_values<float>(dims, places)},
                    sampling(mode, padding, true));
}

TEST(GridSample, BetweenAndBeyondElements) {
  EXPECT_THAT(sample_line("linear", "zeros", {-1, 0, 1, 2}), ElementsAre(0, 15, 30, 0));
  EXPECT_THAT(sample_line("linear", "zeros", {1.2F}), Pointwise(FloatNear(1e-5F), {21.0F}));
  EXPECT_THAT(sample_line("linear", "border", {1.2F, 9, -9}), ElementsAre(30, 30, 0));
  EXPECT_THAT(sample_line("linear", "reflection", {1.2F, 3, 5}),
              Pointwise(FloatNear(1e-5F), {27.0F, 0.0F, 30.0F}));
  EXPECT_THAT(sample_line("nearest", "zeros", {0, 0.5F, 1.2F, 1.4F}), ElementsAre(20, 20, 30, 0))
      << "halves go to the even index";
  EXPECT_THAT(sample_line("cubic", "border", {-1, 0, 1}), ElementsAre(0, 15, 30));
}

TEST(GridSample, WhatIsNoPlace) {
  for (const char* mode : {"linear", "nearest", "cubic"}) {
    EXPECT_THAT(sample_line(mode, "zeros", {NAN, INFINITY, -INFINITY, 1e38F}), Each(0));
    EXPECT_THAT(sample_line(mode, "border", {NAN, INFINITY, -INFINITY}), ElementsAre(0, 30, 0));
    EXPECT_THAT(sample_line(mode, "reflection", {NAN, INFINITY, -INFINITY}), Each(0));
    EXPECT_THAT(sample_line(mode, "reflection", {1e38F, -1e38F}),
                Each(testing::AllOf(testing::Ge(-5), testing::Le(35))));
  }
}

TEST(GridSample, TheInnermostAxisComesFirst) {
  const Tensor image = floats({1, 1, 2, 3}, {0, 1, 2, 3, 4, 5});
  const Tensor grid = floats({1, 1, 2, 2}, {1, -1, -1, 1});
  EXPECT_THAT(run_floats("GridSample", {image, grid}, sampling("linear", "zeros", true)),
              ElementsAre(2, 3));
}

TEST(GridSample, OfAnyType) {
  const Tensor words = Tensor::from_values<std::string>({1, 1, 2}, {"a", "b"});
  const Tensor grid = floats({1, 3, 1}, {1, 3, -1});
  EXPECT_THAT(
      run("GridSample", {words, grid}, sampling("nearest", "zeros", true))->data<std::string>(),
      ElementsAre("b", "", "a"));
  EXPECT_EQ(refusal_of("GridSample", {words, grid}), "string cannot be interpolated");
  const Tensor numbers = Tensor::from_values<std::int8_t>({1, 1, 2}, {-128, 127});
  EXPECT_THAT(run_ints("GridSample", {numbers, floats({1, 2, 1}, {0, 0.5F})},
                       sampling("linear", "zeros", true)),
              ElementsAre(0, 63))
      << "-0.5 and 63.25";
}

TEST(GridSample, Infers) {
  const ir::Shape image{kN, 3, kH, 5};
  EXPECT_EQ(inferred("GridSample", {image, ir::Shape{kN, kH, 7, 2}}), "float32[N,3,H,7]");
  EXPECT_EQ(inferred("GridSample", {image, {DataType::kFloat32, std::nullopt}}),
            "float32[N,3,?,?]");
  EXPECT_EQ(inferred("GridSample", {{DataType::kFloat32, std::nullopt}, ir::Shape{2, 4, 7, 2}}),
            "float32[2,?,4,7]");
  EXPECT_EQ(inferred("GridSample", {image, ir::Shape{2, 4, 7, 3}}),
            "input 1 (grid) has shape [2,4,7,3], expected [N,D1_out,D2_out,2]");
  EXPECT_EQ(inferred("GridSample", {ir::Shape{1, 2, 3}, ir::Shape{2, 4, 1}}),
            "input 1 (grid) has shape [2,4,1], expected [1,D1_out,1]");
  EXPECT_EQ(inferred("GridSample", {ir::Shape{1, 2}, ir::Shape{2, 4}}),
            "input 0 (X) has shape [1,2], expected [N,C,spatial...]");
  EXPECT_EQ(inferred("GridSample", {ir::Shape(12, 1), ir::Shape(12, 1)}),
            "10 spatial axes, expected at most 8");
  EXPECT_EQ(inferred("GridSample", {image, ir::Shape{2, 4, 7, 2}}, {{"mode", std::string("x")}}),
            "mode is 'x', expected one of linear, nearest and cubic");
  EXPECT_EQ(
      inferred("GridSample", {image, ir::Shape{2, 4, 7, 2}}, {{"padding_mode", std::string("x")}}),
      "padding_mode is 'x', expected one of zeros, border and reflection");
  EXPECT_EQ(inferred("GridSample", {ir::Shape{1, 1, 0}, ir::Shape{1, 2, 1}},
                     {{"padding_mode", std::string("border")}}),
            "input 0 (X) has shape [1,1,0]: without elements there is no padding_mode 'border'");
}

TEST(AffineGrid, Identity) {
  const Tensor theta = floats({1, 2, 3}, {1, 0, 0, 0, 1, 0});
  const Tensor size = ints({4}, {1, 1, 2, 2});
  EXPECT_THAT(run_floats("AffineGrid", {theta, size}, {{"align_corners", std::int64_t{1}}}),
              ElementsAre(-1, -1, 1, -1, -1, 1, 1, 1));
  EXPECT_THAT(run_floats("AffineGrid", {theta, size}),
              ElementsAre(-0.5F, -0.5F, 0.5F, -0.5F, -0.5F, 0.5F, 0.5F, 0.5F));
}

TEST(AffineGrid, InfersAndRefuses) {
  const ir::Shape theta{kN, 2, 3};
  EXPECT_EQ(inferred("AffineGrid", {theta, ints({4}, {2, 1, 5, 6})}), "float32[2,5,6,2]");
  EXPECT_EQ(inferred("AffineGrid", {theta, {DataType::kInt64, ir::Shape{4}}}), "float32[N,?,?,2]");
  EXPECT_EQ(inferred("AffineGrid", {theta, {DataType::kInt64, std::nullopt}}), "float32[N,?,?,2]");
  EXPECT_EQ(inferred("AffineGrid",
                     {{DataType::kFloat32, std::nullopt}, {DataType::kInt64, ir::Shape{kN}}}),
            "float32[*]");
  EXPECT_EQ(inferred("AffineGrid", {theta, ints({5}, {1, 1, 2, 3, 4})}),
            "input 0 (theta) has shape [N,2,3], expected [1,3,4]");
  EXPECT_EQ(inferred("AffineGrid", {theta, ints({3}, {1, 1, 2})}),
            "size has 3 elements, expected 4 or 5");
  EXPECT_EQ(inferred("AffineGrid", {theta, ints({4}, {1, 1, 2, -3})}), "size has the value -3");
  EXPECT_EQ(inferred("AffineGrid", {theta, {DataType::kInt64, ir::Shape{1}}}),
            "input 1 (size) has shape [1], expected [4] or [5]");
  EXPECT_EQ(inferred("AffineGrid", {ir::Shape{2, 4, 5}, {DataType::kInt64, std::nullopt}}),
            "input 0 (theta) has shape [2,4,5], expected [N,2,3] or [N,3,4]");
  EXPECT_FALSE(run("AffineGrid",
                   {floats({1, 2, 3}, {1, 0, 0, 0, 1, 0}), ints({4}, {1, 1, INT64_MAX, INT64_MAX})})
                   .ok());
}

Tensor counted_image() {
  Tensor image = Tensor::zeros(DataType::kFloat32, {1, 1, 4, 4});
  for (std::int64_t i = 0; i < 16; ++i) image.set_double(i, static_cast<double>(i));
  return image;
}

ir::AttributeMap two_by_two(const char* coordinates) {
  return {{"output_height", std::int64_t{2}},
          {"output_width", std::int64_t{2}},
          {"coordinate_transformation_mode", std::string(coordinates)}};
}

TEST(RoiAlign, AveragesOfSamples) {
  const Tensor whole = floats({1, 4}, {0, 0, 4, 4});
  EXPECT_THAT(
      run_floats("RoiAlign", {counted_image(), whole, ints({1}, {0})}, two_by_two("half_pixel")),
      ElementsAre(2.5F, 4.5F, 10.5F, 12.5F));
  EXPECT_THAT(run_floats("RoiAlign", {counted_image(), whole, ints({1}, {0})},
                         two_by_two("output_half_pixel")),
              ElementsAre(5, 6.75F, 12, 13.75F));
  // A region turned round has no samples, one of no extent is at least 1 where it is not shifted.
  const Tensor odd = floats({2, 4}, {3, 3, 1, 1, 1, 1, 1, 1});
  EXPECT_THAT(run_floats("RoiAlign", {counted_image(), odd, ints({2}, {0, 0})}), ElementsAre(0, 0));
  EXPECT_THAT(run_floats("RoiAlign", {counted_image(), odd, ints({2}, {0, 0})},
                         {{"coordinate_transformation_mode", std::string("output_half_pixel")}}),
              ElementsAre(15, 7.5F));
}

// Of which nearly all samples are outside.
TEST(RoiAlign, LargeRegionsTakeNoTime) {
  const Tensor far = floats({1, 4}, {-1e8F, -1e8F, 1e8F, 1e8F});
  for (const char* mode : {"avg", "max"}) {
    const auto y =
        run("RoiAlign", {counted_image(), far, ints({1}, {0})}, {{"mode", std::string(mode)}});
    ASSERT_TRUE(y.ok());
    EXPECT_THAT(y->to_floats(), Each(testing::AllOf(testing::Ge(0), testing::Le(15))));
  }
}

TEST(RoiAlign, InfersAndRefuses) {
  const ir::Shape image{kN, 3, kH, 5};
  const InferredInput batches(DataType::kInt64, ir::Shape{7});
  EXPECT_EQ(inferred("RoiAlign", {image, ir::Shape{kN, 4}, batches}), "float32[7,3,1,1]");
  EXPECT_EQ(inferred("RoiAlign", {image, ir::Shape{6, 4}, batches}),
            "input 2 (batch_indices) has shape [7], expected [6]");
  EXPECT_EQ(inferred("RoiAlign", {image, ir::Shape{7, 5}, batches}),
            "input 1 (rois) has shape [7,5], expected [num_rois,4]");
  const auto refused = [&](ir::AttributeMap attributes) {
    return inferred("RoiAlign", {image, ir::Shape{7, 4}, batches}, std::move(attributes));
  };
  EXPECT_EQ(refused({{"output_height", std::int64_t{0}}}), "output_height is 0");
  EXPECT_EQ(refused({{"output_width", std::int64_t{-1}}}), "output_width is -1");
  EXPECT_EQ(refused({{"sampling_ratio", std::int64_t{-2}}}),
            "sampling_ratio is -2, expected 0 to 1024");
  EXPECT_EQ(refused({{"sampling_ratio", INT64_MAX}}),
            "sampling_ratio is 9223372036854775807, expected 0 to 1024");
  EXPECT_EQ(refused({{"spatial_scale", INFINITY}}), "spatial_scale is inf");
  EXPECT_EQ(refused({{"mode", std::string("sum")}}), "mode is 'sum', expected one of avg and max");
  const auto hostile = [&](float place, std::int64_t batch) {
    return refusal_of("RoiAlign",
                      {counted_image(), floats({1, 4}, {0, 0, place, 4}), ints({1}, {batch})});
  };
  EXPECT_EQ(hostile(4, 1), "batch_indices has the value 1, expected 0 to 0");
  EXPECT_EQ(hostile(4, INT64_MIN),
            "batch_indices has the value -9223372036854775808, expected 0 to 0");
  EXPECT_EQ(hostile(1e30F, 0), "rois has the value 1.0000000150474662e+30, which is in no image");
  EXPECT_EQ(hostile(NAN, 0), "rois has the value nan, which is in no image");
  EXPECT_FALSE(run("RoiAlign", {counted_image(), floats({1, 4}, {0, 0, 1, 1}), ints({1}, {0})},
                   {{"output_height", INT64_MAX}, {"output_width", INT64_MAX}})
                   .ok());
}

TEST(MaxRoiPool, RoundsToElements) {
  const auto pool = [](std::initializer_list<float> region, Ints shape, float scale) {
    return run_floats("MaxRoiPool", {counted_image(), floats({1, 5}, region)},
                      {{"pooled_shape", std::move(shape)}, {"spatial_scale", scale}});
  };
  EXPECT_THAT(pool({0, 0, 0, 3, 3}, {2, 2}, 1), ElementsAre(5, 7, 13, 15));
  EXPECT_THAT(pool({0, 0, 0, 6, 6}, {1, 1}, 0.5F), ElementsAre(15));
  EXPECT_THAT(pool({0, 0.5F, 0.4F, 2.4F, 1}, {1, 2}, 1), ElementsAre(5, 6));
  EXPECT_THAT(pool({0, 2, 2, 0, 0}, {1, 1}, 1), ElementsAre(10)) << "at least one element";
  EXPECT_THAT(pool({0, 9, 9, 20, 20}, {1, 1}, 1), ElementsAre(0)) << "nothing";
  // Windows of more outputs than elements overlap.
  EXPECT_THAT(pool({0, 0, 0, 1, 0}, {1, 3}, 1), ElementsAre(0, 1, 1));
}

TEST(MaxRoiPool, Refuses) {
  const auto refused = [](float batch, float place) {
    return refusal_of("MaxRoiPool", {counted_image(), floats({1, 5}, {batch, 0, 0, place, 4})},
                      {{"pooled_shape", Ints{1, 1}}});
  };
  EXPECT_EQ(refused(1, 2), "rois names the batch 1, expected 0 to 0");
  EXPECT_EQ(refused(NAN, 2), "rois names the batch nan, expected 0 to 0");
  EXPECT_EQ(refused(0, -INFINITY), "rois has the value -inf, which is in no image");
  const ir::Shape image{kN, 3, kH, 5};
  EXPECT_EQ(inferred("MaxRoiPool", {image, ir::Shape{kH, 5}}, {{"pooled_shape", Ints{2, 4}}}),
            "float32[H,3,2,4]");
  EXPECT_EQ(inferred("MaxRoiPool", {image, ir::Shape{kH, 4}}, {{"pooled_shape", Ints{2, 4}}}),
            "input 1 (rois) has shape [H,4], expected [num_rois,5]");
  EXPECT_EQ(inferred("MaxRoiPool", {image, ir::Shape{kH, 5}}, {{"pooled_shape", Ints{2}}}),
            "pooled_shape has 1 values, expected 2");
  EXPECT_EQ(inferred("MaxRoiPool", {image, ir::Shape{kH, 5}}, {{"pooled_shape", Ints{2, 0}}}),
            "pooled_shape has the value 0");
}

TEST(DeformConv, WithoutOffsetsIsConv) {
  const Tensor w = floats({1, 1, 2, 2}, {1, -1, 2, 0.5F});
  const ir::AttributeMap attributes{
      {"strides", Ints{2, 1}}, {"pads", Ints{1, 0, 1, 1}}, {"dilations", Ints{2, 1}}};
  const auto conv = run("Conv", {counted_image(), w}, attributes);
  ASSERT_TRUE(conv.ok());
  const Tensor offset = Tensor::zeros(DataType::kFloat32, {1, 8, conv->dim(2), conv->dim(3)});
  EXPECT_EQ(run_floats("DeformConv", {counted_image(), w, offset}, attributes), conv->to_floats());
}

TEST(DeformConv, MovesEachSample) {
  const Tensor image = floats({1, 1, 1, 4}, {1, 2, 4, 8});
  const Tensor w = floats({1, 1, 1, 2}, {1, 10});
  // The second sample, half an element further on; up and away; nowhere.
  const auto with = [&](float up, float on, const Tensor& mask = {}) {
    const Tensor offset = floats({1, 4, 1, 3}, {0, 0, 0, 0, 0, 0, up, up, up, on, on, on});
    return run_floats("DeformConv", {image, w, offset, floats({1}, {100}), mask});
  };
  EXPECT_THAT(with(0, 0.5F), ElementsAre(131, 162, 144));
  EXPECT_THAT(with(0.5F, 0), ElementsAre(111, 122, 144));
  EXPECT_THAT(with(-1, 0), ElementsAre(101, 102, 104));
  EXPECT_THAT(with(NAN, INFINITY), ElementsAre(101, 102, 104));
  EXPECT_THAT(with(0, 0, floats({1, 2, 1, 3}, {1, 0, 1, 0.5F, 1, 0})), ElementsAre(111, 140, 104));
}

TEST(DeformConv, InfersAndRefuses) {
  const ir::Shape x{kN, 4, kH, 6};
  const ir::Shape w{8, 2, 3, 3};
  const InferredInput open(DataType::kFloat32, std::nullopt);
  const auto with = [&](const InferredInput& weights, const InferredInput& offset,
                        ir::AttributeMap attributes) {
    return inferred("DeformConv", {x, weights, offset}, std::move(attributes));
  };
  const ir::AttributeMap groups{{"group", std::int64_t{2}}};
  EXPECT_EQ(with(w, open, groups), "float32[N,8,H-2,4]");
  EXPECT_EQ(with(open, open, {}), "float32[N,?,?,?]");
  EXPECT_EQ(with(open, ir::Shape{2, 18, 5, 4}, {{"kernel_shape", Ints{3, 3}}}), "float32[2,?,5,4]");
  EXPECT_EQ(with(w, ir::Shape{2, 9, 5, 4}, groups),
            "input 2 (offset) has shape [2,9,5,4], expected [N,18,o1,4]");
  EXPECT_EQ(with(w, open, {}), "weights of 2 channels with group 1 do not fit an input of 4");
  EXPECT_EQ(with(w, open, {{"group", std::int64_t{3}}}),
            "4 input channels are not divisible by group 3");
  EXPECT_EQ(with(w, open, {{"group", std::int64_t{0}}}), "group is 0");
  EXPECT_EQ(with(w, open, {{"group", std::int64_t{2}}, {"offset_group", std::int64_t{3}}}),
            "4 input channels are not divisible by offset_group 3");
  EXPECT_EQ(with(w, open, {{"group", std::int64_t{2}}, {"kernel_shape", Ints{3, 2}}}),
            "kernel_shape is [3,2], but the weights have shape [8,2,3,3]");
  EXPECT_EQ(with(w, open, {{"group", std::int64_t{2}}, {"pads", Ints{-1, 0, 0, 0}}}),
            "pads has the value -1");
  EXPECT_EQ(inferred("DeformConv", {ir::Shape{1, 2}, ir::Shape{1, 2}, ir::Shape{1, 2}}),
            "input 0 (X) has shape [1,2], expected [N,C,spatial...]");
  EXPECT_EQ(inferred("DeformConv", {ir::Shape(11, 1), open, open}),
            "9 spatial axes, expected at most 8");
}

}  // namespace
}  // namespace lathe::ops
