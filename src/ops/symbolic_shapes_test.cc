// Extents that are not known yet, through inference: as expressions of the inputs' symbols.
#include <array>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using ir::ValueId;

// Images of any number, height and width through what changes extents.
struct FreeImages {
  using Ints = std::vector<std::int64_t>;
  Graph g;
  ValueId conv, pool, joined, stacked, sum, biased, flat, rows, pixels, padded, logits;

  FreeImages() {
    const ValueId x = g.add_input(
        "x", {DataType::kFloat32, Shape{Dim::symbol("N"), 3, Dim::symbol("H"), Dim::symbol("W")}});
    const auto weights = [&](std::initializer_list<std::int64_t> dims) {
      return g.add_constant("w", Tensor::zeros(DataType::kFloat32, dims));
    };
    const auto ints = [&](const Ints& values) {
      return g.add_constant("ints", Tensor::vector_int64(values));
    };
    conv = g.add("Conv", std::array{x, weights({8, 3, 3, 3})},
                 {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}, "conv");
    pool = g.add("MaxPool", std::array{conv},
                 {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}, "pool");
    joined = g.add("Concat", std::array{pool, pool}, {{"axis", std::int64_t{1}}}, "joined");
    stacked = g.add("Concat", std::array{pool, pool}, {{"axis", std::int64_t{2}}}, "stacked");
    sum = g.add("Add", std::array{pool, g.add("Relu", std::array{pool})}, {}, "sum");
    biased = g.add("Add", std::array{weights({8, 1, 1}), pool}, {}, "biased");
    flat = g.add("Flatten", std::array{pool}, {}, "flat");
    rows = g.add("Reshape", std::array{pool, ints({0, -1})}, {}, "rows");
    pixels = g.add("Reshape", std::array{pool, ints({0, 8, -1})}, {}, "pixels");
    padded = g.add("Pad", std::array{conv, ints({0, 0, 1, 2, 0, 0, 3, 4})}, {}, "padded");
    const ValueId mean = g.add("GlobalAveragePool", std::array{pool});
    logits = g.add("Gemm", std::array{g.add("Flatten", std::array{mean}), weights({8, 10})}, {},
                   "logits");
    g.set_outputs({joined, stacked, sum, biased, flat, rows, pixels, padded, logits});
  }

  [[nodiscard]] std::string type(ValueId id) const { return g.type(id).to_string(); }
};

TEST(SymbolicShapes, SurviveArithmetic) {
  FreeImages m;
  const Status inferred = infer_shapes(m.g);
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_EQ(m.type(m.conv), "float32[N,8,(H+1)/2,(W+1)/2]");
  EXPECT_EQ(m.type(m.pool), "float32[N,8,(H+1)/4,(W+1)/4]");
  EXPECT_EQ(m.type(m.joined), "float32[N,16,(H+1)/4,(W+1)/4]");
  EXPECT_EQ(m.type(m.stacked), "float32[N,8,2*((H+1)/4),(W+1)/4]");
  EXPECT_EQ(m.type(m.sum), m.type(m.pool)) << "equal expressions are equal extents";
  EXPECT_EQ(m.type(m.biased), m.type(m.pool));
  EXPECT_EQ(m.type(m.flat), "float32[N,8*((H+1)/4)*((W+1)/4)]");
  EXPECT_EQ(m.type(m.rows), m.type(m.flat));
  EXPECT_EQ(m.type(m.pixels), "float32[N,8,((H+1)/4)*((W+1)/4)]");
  EXPECT_EQ(m.type(m.padded), "float32[N,8,(H+1)/2+4,(W+1)/2+6]");
  EXPECT_EQ(m.type(m.logits), "float32[N,10]");
}

// Numbers put into the expressions are what inference tells with these numbers.
TEST(SymbolicShapes, AgreeWithNumbers) {
  FreeImages m;
  ASSERT_TRUE(infer_shapes(m.g).ok());
  for (const std::int64_t height : {3, 4, 5, 6, 7, 32, 33, 224}) {
    for (const std::int64_t width : {3, 8, 31}) {
      const ir::SymbolValues extents{{"N", 2}, {"H", height}, {"W", width}};
      Graph bound = m.g;
      ASSERT_TRUE(bind_dimensions(bound, extents).ok());
      for (std::size_t v = 0; v < bound.value_count(); ++v) {
        const auto id = static_cast<ValueId>(v);
        const Shape& numbers = *bound.tensor_type(id).shape;
        const Shape& symbolic = *m.g.tensor_type(id).shape;
        ASSERT_EQ(numbers.size(), symbolic.size());
        for (std::size_t axis = 0; axis < numbers.size(); ++axis) {
          EXPECT_EQ(symbolic[axis].symbolic().evaluate(extents), numbers[axis].value())
              << bound.value(id).name << " for " << height << 'x' << width;
        }
      }
    }
  }
}

std::string sum_type(const Shape& a, const Shape& b) {
  Graph g;
  const ValueId x = g.add_input("a", {DataType::kFloat32, a});
  const ValueId y = g.add_input("b", {DataType::kFloat32, b});
  g.set_outputs({g.add("Add", std::array{x, y})});
  const Status inferred = infer_shapes(g);
  return inferred.ok() ? g.type(g.outputs()[0]).to_string() : inferred.error().message();
}

TEST(SymbolicShapes, BroadcastWhereTheyAreEqual) {
  const Dim h = Dim::symbol("H");
  const Dim w = Dim::symbol("W");
  EXPECT_EQ(sum_type({h, w}, {h, w}), "float32[H,W]");
  EXPECT_EQ(sum_type({h, w}, {w}), "float32[H,W]");
  EXPECT_EQ(sum_type({h, 1}, {1, w}), "float32[H,W]");
  EXPECT_EQ(sum_type({h}, {w}), "float32[?]") << "either may be 1";
  EXPECT_EQ(sum_type({h}, {5}), "float32[5]");
}

TEST(SymbolicShapes, KernelsThatDoNotFitAnswerWhenTheyAreBound) {
  FreeImages m;
  ASSERT_TRUE(infer_shapes(m.g).ok());
  EXPECT_FALSE(bind_dimensions(m.g, {{"N", 1}, {"H", 1}, {"W", 9}}).ok());
}

// As exporters write a Reshape, an Expand and a Slice by what they know of a tensor's shape.
struct ShapeArithmetic {
  using Ints = std::vector<std::int64_t>;
  Graph g;
  ValueId x = g.add_input(
      "x", {DataType::kFloat32, Shape{Dim::symbol("N"), 3, Dim::symbol("H"), Dim::symbol("W")}});

  ValueId ints(const Ints& values) { return g.add_constant("ints", Tensor::vector_int64(values)); }
  ValueId extent(std::int64_t axis) {
    const ValueId shape = g.add("Shape", std::array{x});
    return g.add("Gather", std::array{shape, ints({axis})}, {{"axis", std::int64_t{0}}});
  }
  ValueId joined(const std::vector<ValueId>& parts) {
    return g.add("Concat", parts, {{"axis", std::int64_t{0}}});
  }
  std::string inferred(ValueId output) {
    g.set_outputs({output});
    const Status status = infer_shapes(g);
    return status.ok() ? g.type(output).to_string() : status.error().message();
  }
};

TEST(SymbolicShapes, ReshapeByShapeArithmetic) {
  ShapeArithmetic m;
  EXPECT_EQ(m.inferred(m.g.add("Reshape", std::array{m.x, m.joined({m.extent(0), m.ints({-1})})})),
            "float32[N,3*H*W]");
  const ValueId heads = m.g.add("Div", std::array{m.extent(1), m.ints({3})});
  EXPECT_EQ(m.inferred(m.g.add("Reshape", std::array{m.x, m.joined({m.extent(0), heads, m.ints({3}),
                                                                    m.extent(2), m.ints({-1})})})),
            "float32[N,1,3,H,W]");
  const ValueId area = m.g.add("Mul", std::array{m.extent(2), m.extent(3)});
  EXPECT_EQ(m.inferred(m.g.add("Reshape", std::array{m.x, m.joined({m.ints({-1}), area})})),
            "float32[3*N,H*W]");
  EXPECT_EQ(
      m.inferred(m.g.add("Reshape", std::array{m.x, m.joined({m.extent(1), m.ints({7, -2})})})),
      "node Reshape_37 (Reshape): shape has the extent -2");
}

TEST(SymbolicShapes, OfWhatIsKnownThoughTheRestIsNot) {
  ShapeArithmetic m;
  const ValueId filled =
      m.g.add("ConstantOfShape", std::array{m.joined({m.extent(1), m.ints({4})})});
  EXPECT_EQ(m.inferred(filled), "float32[3,4]");
  const ValueId wanted = m.joined({m.extent(0), m.ints({-1})});
  const ValueId is_open = m.g.add("Equal", std::array{wanted, m.ints({-1})});
  const ValueId ones = m.g.add("ConstantOfShape", std::array{m.ints({2})},
                               {{"value", Tensor::vector_int64(std::array<std::int64_t, 1>{1})}});
  const ValueId shape = m.g.add("Where", std::array{is_open, ones, wanted});
  EXPECT_EQ(m.inferred(m.g.add("Expand",
                               std::array{m.g.add("ReduceMean", std::array{m.x, m.ints({1, 2, 3})},
                                                  {{"keepdims", std::int64_t{0}}}),
                                          shape})),
            "float32[N,N]");
}

TEST(SymbolicShapes, SliceByShapeArithmetic) {
  ShapeArithmetic m;
  const ValueId half = m.g.add("Div", std::array{m.extent(3), m.ints({2})});
  EXPECT_EQ(m.inferred(m.g.add("Slice", std::array{m.x, m.ints({0}), half, m.ints({3})})),
            "float32[N,3,H,W/2]");
  EXPECT_EQ(m.inferred(m.g.add("Slice", std::array{m.x, half, m.extent(3), m.ints({3})})),
            "float32[N,3,H,W-W/2]");
  EXPECT_EQ(m.inferred(m.g.add("Slice", std::array{m.x, m.ints({1}), m.extent(1), m.ints({1})})),
            "float32[N,2,H,W]");
}

}  // namespace
}  // namespace lathe::ops
