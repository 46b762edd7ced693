// Operators that make images larger or smaller: ConvTranspose, Resize, DepthToSpace, SpaceToDepth.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}

Result<Tensor> run(std::string_view op, const std::vector<Tensor>& inputs,
                   ir::AttributeMap attributes = {}) {
  ir::Node node{"n", "", std::string(op), {}, {0}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  ASSIGN_OR_RETURN(auto outputs, evaluate_node(node, inputs));
  return outputs[0];
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

// The type where x is an image of free extents, and the other inputs are constants.
std::string free_type(std::string_view op, const std::vector<Tensor>& constants,
                      ir::AttributeMap attributes = {}) {
  Graph g;
  std::vector<ValueId> ids{
      g.add_input("x", {DataType::kFloat32, Shape{1, 4, Dim::symbol("H"), Dim::symbol("W")}})};
  for (const Tensor& constant : constants)
    ids.push_back(constant.defined() ? g.add_constant("c", constant) : ir::kNoValue);
  g.set_outputs({g.add(op, ids, std::move(attributes))});
  const Status inferred = infer_shapes(g);
  return inferred.ok() ? g.type(g.outputs()[0]).to_string() : inferred.error().message();
}

TEST(ConvTranspose, PadsTheOutput) {
  const Tensor x = floats({1, 1, 3}, {1, 2, 3});
  const Tensor w = floats({1, 1, 2}, {1, 10});
  const auto with = [&](ir::AttributeMap attributes) {
    attributes.emplace("strides", Ints{3});
    return run("ConvTranspose", {x, w}, std::move(attributes))->to_floats();
  };
  EXPECT_THAT(with({}), ElementsAre(1, 10, 0, 2, 20, 0, 3, 30));
  EXPECT_THAT(with({{"pads", Ints{1, 2}}}), ElementsAre(10, 0, 2, 20, 0));
  EXPECT_THAT(with({{"output_padding", Ints{2}}}), ElementsAre(1, 10, 0, 2, 20, 0, 3, 30, 0, 0));
  EXPECT_THAT(with({{"auto_pad", std::string("SAME_UPPER")}}),
              ElementsAre(1, 10, 0, 2, 20, 0, 3, 30, 0));
  EXPECT_THAT(with({{"output_shape", Ints{5}}}), ElementsAre(0, 2, 20, 0, 3))
      << "the larger half of the padding comes first";
  EXPECT_THAT(with({{"output_shape", Ints{5}}, {"auto_pad", std::string("SAME_UPPER")}}),
              ElementsAre(10, 0, 2, 20, 0));
}

TEST(ConvTranspose, GroupsAndBias) {
  const Tensor x = floats({1, 2, 1}, {1, 2});
  const Tensor w = floats({2, 2, 1}, {1, 10, 100, 1000});
  const Tensor bias = floats({4}, {0.5F, 0, 0, 0.25F});
  EXPECT_THAT(run("ConvTranspose", {x, w, bias}, {{"group", std::int64_t{2}}})->to_floats(),
              ElementsAre(1.5, 10, 200, 2000.25));
}

TEST(ConvTranspose, OfFreeExtents) {
  const Tensor w = Tensor::zeros(DataType::kFloat32, {4, 2, 3, 3});
  EXPECT_EQ(free_type("ConvTranspose", {w}, {{"strides", Ints{2, 1}}}), "float32[1,2,2*H+1,W+2]");
  EXPECT_EQ(free_type("ConvTranspose", {w},
                      {{"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_LOWER")}}),
            "float32[1,2,2*H,2*W]");
}

TEST(ConvTranspose, Refuses) {
  const Tensor x = floats({1, 1, 3}, {1, 2, 3});
  const Tensor w = floats({1, 1, 2}, {1, 10});
  EXPECT_THAT(error_of("ConvTranspose", {x, floats({2, 1, 1}, {1, 2})}),
              HasSubstr("weights [2,1,1] with group 1 do not fit an input of 1 channels"));
  EXPECT_EQ(error_of("ConvTranspose", {x, w}, {{"pads", Ints{9, 9}}}), "an output extent is -14");
  EXPECT_EQ(error_of("ConvTranspose", {x, w}, {{"output_padding", Ints{1}}}),
            "output_padding has the value 1, expected less than stride or dilation");
  EXPECT_EQ(error_of("ConvTranspose", {x, w}, {{"strides", Ints{0}}}), "strides has the value 0");
  EXPECT_EQ(error_of("ConvTranspose", {x, w}, {{"kernel_shape", Ints{3}}}),
            "kernel_shape is [3], but the weights have shape [1,1,2]");
  EXPECT_EQ(error_of("ConvTranspose", {x, w}, {{"auto_pad", std::string("SAME")}}),
            "auto_pad is 'SAME'");
  EXPECT_EQ(error_of("ConvTranspose", {x, w, floats({2}, {1, 2})}),
            "input 2 (B) has shape [2], expected [1]");
  EXPECT_FALSE(
      run("ConvTranspose", {x, w}, {{"strides", Ints{1 << 30}}, {"output_shape", Ints{INT64_MAX}}})
          .ok());
}

TEST(Resize, NearestMovesElementsOfAnyType) {
  const Tensor words = Tensor::from_values<std::string>({2}, {"a", "b"});
  EXPECT_THAT(run("Resize", {words, {}, floats({1}, {2})})->data<std::string>(),
              ElementsAre("a", "a", "b", "b"));
  const auto with = [](const char* rounding, float scale) {
    return run("Resize", {floats({4}, {0, 1, 2, 3}), {}, floats({1}, {scale})},
               {{"nearest_mode", std::string(rounding)},
                {"coordinate_transformation_mode", std::string("asymmetric")}})
        ->to_floats();
  };
  EXPECT_THAT(with("floor", 2), ElementsAre(0, 0, 1, 1, 2, 2, 3, 3));
  EXPECT_THAT(with("ceil", 2), ElementsAre(0, 1, 1, 2, 2, 3, 3, 3));
  EXPECT_THAT(with("round_prefer_floor", 2), ElementsAre(0, 0, 1, 1, 2, 2, 3, 3));
  EXPECT_THAT(with("round_prefer_ceil", 2), ElementsAre(0, 1, 1, 2, 2, 3, 3, 3));
  EXPECT_THAT(with("floor", 0.6F), ElementsAre(0, 1));
  EXPECT_THAT(with("floor", 0.1F), ElementsAre());
}

TEST(Resize, IntegersAreRounded) {
  const Tensor x = Tensor::from_values<std::uint8_t>({2}, {0, 255});
  EXPECT_THAT(
      run("Resize", {x, {}, floats({1}, {2})}, {{"mode", std::string("linear")}})->to_int64s(),
      ElementsAre(0, 64, 191, 255));
}

TEST(Resize, OfFreeExtents) {
  const Tensor scales = floats({4}, {1, 1, 2, 0.5F});
  EXPECT_EQ(free_type("Resize", {{}, scales}), "float32[1,4,2*H,W/2]");
  EXPECT_EQ(free_type("Resize", {{}, floats({2}, {1.5F, 1})}, {{"axes", Ints{2, -1}}}),
            "float32[1,4,?,W]");
  EXPECT_EQ(free_type("Resize", {{}, {}, Tensor::vector_int64(Ints{7, 9})}, {{"axes", Ints{3, 2}}}),
            "float32[1,4,9,7]");
  EXPECT_EQ(
      free_type("Resize", {{}, {}, Tensor::vector_int64(Ints{7, 9})},
                {{"axes", Ints{2, 3}}, {"keep_aspect_ratio_policy", std::string("not_larger")}}),
      "float32[1,4,?,?]");
}

TEST(Resize, Refuses) {
  const Tensor x = floats({1, 2}, {1, 2});
  const Tensor sizes = Tensor::vector_int64(Ints{1, 4});
  const Tensor scales = floats({2}, {1, 2});
  EXPECT_EQ(error_of("Resize", {x}), "there are neither scales nor sizes");
  EXPECT_EQ(error_of("Resize", {x, {}, floats({0}, {})}), "there are neither scales nor sizes");
  EXPECT_EQ(error_of("Resize", {x, {}, scales, sizes}), "there are both scales and sizes");
  EXPECT_EQ(error_of("Resize", {x, {}, floats({1}, {1})}), "scales has 1 elements, expected 2");
  EXPECT_EQ(error_of("Resize", {x, {}, floats({2}, {1, -2})}), "scales has the value -2");
  EXPECT_FALSE(run("Resize", {x, {}, floats({2}, {1, INFINITY})}).ok());
  EXPECT_FALSE(run("Resize", {x, {}, floats({2}, {1e13F, 1e13F})}).ok());
  EXPECT_EQ(error_of("Resize", {x, {}, {}, Tensor::vector_int64(Ints{1, -1})}),
            "sizes has the value -1");
  EXPECT_EQ(error_of("Resize", {x, {}, scales}, {{"mode", std::string("lanczos")}}),
            "mode is 'lanczos', expected one of nearest, linear and cubic");
  EXPECT_EQ(error_of("Resize", {x, {}, scales}, {{"axes", Ints{0, -2}}}), "axis -2 appears twice");
  const ir::AttributeMap crop{
      {"coordinate_transformation_mode", std::string("tf_crop_and_resize")}};
  EXPECT_EQ(error_of("Resize", {x, {}, {}, sizes}, crop),
            "roi is missing, which tf_crop_and_resize needs");
  EXPECT_EQ(error_of("Resize", {x, floats({2}, {0, 1}), {}, sizes}, crop),
            "roi has 2 elements, expected 4");
  EXPECT_EQ(error_of("Resize", {Tensor::zeros(DataType::kString, {1, 2}), {}, {}, sizes},
                     {{"mode", std::string("linear")}}),
            "string cannot be interpolated");
  EXPECT_EQ(error_of("Resize", {Tensor::zeros(DataType::kFloat32, {0, 2}), {}, {}, sizes}),
            "axis 0 has extent 0, which cannot become 1");
}

// A region of interest that is nowhere gives what lies outside.
TEST(Resize, CropsAnywhere) {
  const Tensor x = floats({2}, {1, 2});
  const Tensor sizes = Tensor::vector_int64(Ints{2});
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const float where : {NAN, INFINITY, 1e30F, -5.0F}) {
      const auto y = run("Resize", {x, floats({2}, {where, where}), {}, sizes},
                         {{"coordinate_transformation_mode", std::string("tf_crop_and_resize")},
                          {"extrapolation_value", 9.0F},
                          {"mode", std::string(mode)}});
      EXPECT_THAT(y->to_floats(), ElementsAre(9, 9));
    }
  }
}

TEST(DepthToSpace, AndBack) {
  const Tensor x = floats({1, 4, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  const Tensor x8 = floats({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(run("DepthToSpace", {x}, {{"blocksize", std::int64_t{2}}})->to_floats(),
              ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
  for (const char* mode : {"DCR", "CRD"}) {
    const ir::AttributeMap attributes{{"blocksize", std::int64_t{2}}, {"mode", std::string(mode)}};
    const Tensor wide = *run("DepthToSpace", {x8}, attributes);
    EXPECT_EQ(wide.get_double(1), *mode == 'D' ? 2 : 1);
    EXPECT_TRUE(run("SpaceToDepth", {wide}, attributes)->identical(x8)) << mode;
  }
  EXPECT_EQ(free_type("DepthToSpace", {}, {{"blocksize", std::int64_t{2}}}),
            "float32[1,1,2*H,2*W]");
  EXPECT_EQ(free_type("SpaceToDepth", {}, {{"blocksize", std::int64_t{2}}}),
            "float32[1,16,H/2,W/2]");
  EXPECT_EQ(error_of("DepthToSpace", {x}, {{"blocksize", std::int64_t{3}}}),
            "extent 4 of axis 1 is no multiple of 9, as blocksize asks for");
  EXPECT_EQ(error_of("SpaceToDepth", {x}, {{"blocksize", std::int64_t{2}}}),
            "extent 1 of axis 2 is no multiple of 2, as blocksize asks for");
  EXPECT_EQ(error_of("DepthToSpace", {x}, {{"blocksize", INT64_MAX}}),
            "blocksize is 9223372036854775807");
  EXPECT_EQ(
      error_of("DepthToSpace", {x}, {{"blocksize", std::int64_t{2}}, {"mode", std::string("X")}}),
      "mode is 'X', expected DCR or CRD");
}

}  // namespace
}  // namespace lathe::ops
