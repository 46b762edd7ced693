#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/backend.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::ValueId;
using testing::AllOf;
using testing::HasSubstr;

// image [N,3,H,?] and mask [N,1,H,7].
Graph two_inputs() {
  Graph g;
  const Dim n = Dim::symbol("N");
  const Dim h = Dim::symbol("H");
  const ValueId image = g.add_input("image", {DataType::kFloat32, ir::Shape{n, 3, h, Dim()}});
  const ValueId mask = g.add_input("mask", {DataType::kFloat32, ir::Shape{n, 1, h, 7}});
  g.set_outputs({g.add("Relu", std::array{image}), g.add("Relu", std::array{mask})});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

Graph one_input() {
  Graph g;
  const ir::Shape shape{Dim::symbol("N"), 3, Dim::symbol("H"), Dim::symbol("W")};
  const ValueId x = g.add_input("x", {DataType::kFloat32, shape});
  g.set_outputs({g.add("Relu", std::array{x})});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

std::string input_type(const Result<Graph>& bound, std::size_t input = 0) {
  if (!bound.ok()) return bound.error().message();
  return bound->tensor_type(bound->inputs()[input]).to_string();
}

std::string refusal(const Graph& graph, const CompileOptions& options) {
  const auto bound = bind_shapes(graph, options);
  if (bound.ok()) return "was bound";
  EXPECT_EQ(bound.error().code(), ErrorCode::kInvalidArgument);
  return bound.error().message();
}

TEST(BindShapes, TakesAShapeOrNamedExtents) {
  EXPECT_EQ(input_type(bind_shapes(one_input(), {.shapes = {{"x", {2, 3, 8, 9}}}})),
            "float32[2,3,8,9]");
  EXPECT_EQ(input_type(bind_shapes(one_input(), {.shapes = {{"", {2, 3, 8, 9}}}})),
            "float32[2,3,8,9]");
  EXPECT_EQ(input_type(bind_shapes(one_input(), {.batch = 4, .dimensions = {{"H", 8}, {"W", 9}}})),
            "float32[4,3,8,9]");
  EXPECT_EQ(input_type(bind_shapes(one_input(),
                                   {.dimensions = {{"H", 8}}, .shapes = {{"x", {1, 3, 8, 9}}}})),
            "float32[1,3,8,9]");
}

TEST(BindShapes, AShapeGivesExtentsToOtherInputsOfTheSameNames) {
  const auto bound = bind_shapes(two_inputs(), {.shapes = {{"image", {5, 3, 8, 9}}}});
  EXPECT_EQ(input_type(bound, 1), "float32[5,1,8,7]");
}

TEST(BindShapes, NamesTheFlagForWhatNobodyGave) {
  EXPECT_THAT(refusal(one_input(), {}),
              AllOf(HasSubstr("input 'x': extent H of axis 2"), HasSubstr("--dim H=... or"),
                    HasSubstr("--shape x=1x3xHxW")));
  EXPECT_THAT(refusal(two_inputs(), {.dimensions = {{"H", 8}}}),
              AllOf(HasSubstr("extent ? of axis 3"), HasSubstr("use --shape image=1x3x8x?")));
}

TEST(BindShapes, RefusesWhatContradicts) {
  EXPECT_THAT(refusal(one_input(), {.shapes = {{"x", {1, 4, 8, 9}}}}),
              HasSubstr("axis 1 is fixed at 3, the shape 1x4x8x9 has 4"));
  EXPECT_THAT(refusal(one_input(), {.shapes = {{"x", {1, 3, 8}}}}), HasSubstr("4 axes"));
  EXPECT_THAT(refusal(one_input(), {.dimensions = {{"H", 7}}, .shapes = {{"x", {1, 3, 8, 9}}}}),
              HasSubstr("extent 'H' is given as 7 and, by the shape 1x3x8x9 of input 'x', as 8"));
  EXPECT_THAT(refusal(two_inputs(), {.shapes = {{"image", {1, 3, 8, 9}}, {"mask", {1, 1, 9, 7}}}}),
              HasSubstr("extent 'H' is given as 8 and"));
  EXPECT_THAT(refusal(one_input(), {.shapes = {{"x", {1, 3, -8, 9}}}}), HasSubstr("cannot have"));
}

TEST(BindShapes, RefusesWhatNothingCouldHold) {
  EXPECT_THAT(refusal(one_input(), {.batch = INT64_MAX, .dimensions = {{"H", 8}, {"W", 9}}}),
              HasSubstr("input 'x' is float32[9223372036854775807,3,8,9], which has too many"));
}

TEST(FixedBatch, IsWhatTheBatchCannotChange) {
  EXPECT_EQ(fixed_batch(one_input(), {}), std::nullopt);
  EXPECT_EQ(fixed_batch(one_input(), {.shapes = {{"x", {2, 3, 8, 9}}}}), 2);
  EXPECT_EQ(fixed_batch(one_input(), {.shapes = {{"", {2, 3, 8, 9}}}}), 2);
  EXPECT_EQ(fixed_batch(one_input(), {.dimensions = {{"N", 4}}}), 4);
  EXPECT_EQ(fixed_batch(one_input(), {.dimensions = {{"H", 4}}}), std::nullopt);
  EXPECT_EQ(fixed_batch(two_inputs(), {.shapes = {{"mask", {5, 1, 8, 7}}}}), 5)
      << "by the name that both share";
  EXPECT_EQ(fixed_batch(one_input(), {.shapes = {{"x", {2, 4, 8, 9}}}}), std::nullopt);
  Graph g;
  g.add_input("fixed", {DataType::kFloat32, ir::Shape{3, Dim::symbol("H")}});
  EXPECT_EQ(fixed_batch(g, {.batch = 8}), 3);
  g.add_input("open", {DataType::kFloat32, ir::Shape{Dim::symbol("M")}});
  EXPECT_EQ(fixed_batch(g, {}), std::nullopt);
  EXPECT_EQ(fixed_batch(g, {.shapes = {{"open", {7}}}}), 3);
}

TEST(BindShapes, RefusesNamesThatHaveNoEffect) {
  EXPECT_THAT(refusal(two_inputs(), {.shapes = {{"imaeg", {1, 3, 8, 9}}}}),
              AllOf(HasSubstr("no input 'imaeg'"), HasSubstr("did you mean 'image'?")));
  EXPECT_THAT(refusal(two_inputs(), {.shapes = {{"", {1, 3, 8, 9}}}}),
              HasSubstr("has 2 (image, mask)"));
  EXPECT_THAT(refusal(one_input(), {.dimensions = {{"height", 8}}}),
              HasSubstr("no input of the model has an open extent 'height' (it has N, H, W)"));
}

}  // namespace
}  // namespace lathe::engine
