// Shapes, and elements that go elsewhere: what is gathered, sliced, split, repeated and made.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"
#include "ops/run_operator.h"

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

Tensor list(const Ints& values) { return Tensor::vector_int64(values); }
ir::AttributeMap with(const char* name, std::int64_t value) { return {{name, value}}; }

// The inferred type of one node's first output; inputs that are constants have a name in front.
struct Operand {
  ir::TensorType type;
  std::optional<Tensor> constant = {};
};
Operand constant(const Ints& values) { return {{}, list(values)}; }
Operand input(DataType type, Shape shape) { return {{type, std::move(shape)}}; }

std::string inferred(std::string_view op, const std::vector<Operand>& operands,
                     ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  Graph g;
  ir::Node node{"n", "", std::string(op), {}, {}, std::move(attributes)};
  for (const Operand& operand : operands) {
    node.inputs.push_back(operand.constant ? g.add_constant("c", *operand.constant)
                                           : g.add_input("x", operand.type));
  }
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(g.add_value("y"));
  const std::vector<ValueId> made = node.outputs;
  g.add_node(std::move(node));
  g.set_outputs(made);
  const Status status = infer_shapes(g);
  if (!status.ok()) return status.error().message();
  std::string text;
  for (const ValueId id : made) text += (text.empty() ? "" : " ") + g.type(id).to_string();
  return text;
}

const Dim kN = Dim::symbol("N");

TEST(Movement, ShapesAsNumbers) {
  const Tensor x = Tensor::zeros(DataType::kFloat32, {2, 3, 4});
  EXPECT_THAT(run_ints("Shape", {x}), ElementsAre(2, 3, 4));
  EXPECT_THAT(run_ints("Shape", {x}, with("start", -2)), ElementsAre(3, 4));
  EXPECT_THAT(run_ints("Shape", {x}, with("end", -1)), ElementsAre(2, 3));
  EXPECT_THAT(run_ints("Shape", {x}, with("start", INT64_MIN)), ElementsAre(2, 3, 4));
  EXPECT_THAT(run_ints("Shape", {x}, {{"start", std::int64_t{2}}, {"end", std::int64_t{1}}}),
              ElementsAre());
  EXPECT_THAT(run_ints("Shape", {Tensor::scalar(1.0F)}), ElementsAre());
  EXPECT_THAT(run_ints("Size", {x}), ElementsAre(24));
  EXPECT_EQ(inferred("Shape", {input(DataType::kFloat32, {kN, 3})}, with("end", 1)), "int64[1]");
  EXPECT_EQ(inferred("Shape", {{{DataType::kFloat32, std::nullopt}}}), "int64[?]");
  EXPECT_EQ(inferred("Size", {{{DataType::kFloat32, std::nullopt}}}), "int64[]");
}

TEST(Movement, Gather) {
  const Tensor x = ints({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(run_ints("Gather", {x, list({1, -2})}), ElementsAre(4, 5, 6, 1, 2, 3));
  const Tensor one = Tensor::from_values<std::int32_t>({}, {-1});
  EXPECT_THAT(run_ints("Gather", {x, one}, with("axis", 1)), ElementsAre(3, 6));
  EXPECT_EQ(run("Gather", {x, ints({2, 1}, {0, 1})}, with("axis", -1))->dims(), (Ints{2, 2, 1}));
  EXPECT_THAT(refusal_of("Gather", {x, list({0, 2})}),
              HasSubstr("index 2 is out of range for extent 2"));
  EXPECT_THAT(refusal_of("Gather", {x, list({INT64_MIN})}), HasSubstr("out of range"));
  EXPECT_THAT(refusal_of("Gather", {x, list({0})}, with("axis", 2)),
              HasSubstr("axis 2 is out of range for rank 2"));
  EXPECT_THAT(refusal_of("Gather", {ints({}, {1}), list({0})}), HasSubstr("axis 0"));
  EXPECT_THAT(refusal_of("Gather", {Tensor::zeros(DataType::kInt8, {0}), list({0})}),
              HasSubstr("index 0 is out of range for extent 0"));
  EXPECT_EQ(run("Gather", {Tensor::zeros(DataType::kInt8, {0, 2}), list({})})->dims(),
            (Ints{0, 2}));
  EXPECT_EQ(
      inferred("Gather", {input(DataType::kFloat32, {30, 8}), input(DataType::kInt64, {kN, 5})}),
      "float32[N,5,8]");
}

TEST(Movement, GatherElements) {
  const Tensor x = ints({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(run_ints("GatherElements", {x, ints({2, 2}, {2, 0, -2, 1})}),
              ElementsAre(5, 2, 3, 4));
  EXPECT_THAT(run_ints("GatherElements", {x, ints({3, 1}, {1, 0, 1})}, with("axis", 1)),
              ElementsAre(2, 3, 6));
  EXPECT_THAT(refusal_of("GatherElements", {x, ints({1, 2}, {0, 3})}),
              HasSubstr("index 3 is out of range for extent 3"));
  EXPECT_THAT(refusal_of("GatherElements", {x, ints({1, 3}, {0, 0, 0})}),
              HasSubstr("indices have shape [1,3], which exceeds [3,2] beside axis 0"));
  EXPECT_THAT(refusal_of("GatherElements", {x, list({0})}), HasSubstr("rank 1, expected 2"));
}

TEST(Movement, GatherND) {
  const Tensor x = ints({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(run_ints("GatherND", {x, ints({2, 2}, {0, 1, 1, -2})}), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(run_ints("GatherND", {x, ints({1, 3}, {1, 0, 1})}), ElementsAre(5));
  EXPECT_THAT(run_ints("GatherND", {x, ints({2, 1}, {1, 0})}, with("batch_dims", 1)),
              ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(run_ints("GatherND", {x, ints({2, 2, 1}, {1, 0, 0, 1})}, with("batch_dims", 2)),
              ElementsAre(1, 2, 4, 7));
  EXPECT_THAT(refusal_of("GatherND", {x, ints({1, 1}, {2})}), HasSubstr("index 2 is out of range"));
  EXPECT_THAT(refusal_of("GatherND", {x, ints({1, 4}, {0, 0, 0, 0})}),
              HasSubstr("but the data only 3 axes"));
  EXPECT_THAT(refusal_of("GatherND", {x, ints({}, {0})}), HasSubstr("indices are a scalar"));
  EXPECT_THAT(refusal_of("GatherND", {x, ints({1, 1}, {0})}, with("batch_dims", 1)),
              HasSubstr("differ in batch axis 0"));
  for (const std::int64_t batch : {std::int64_t{-1}, std::int64_t{2}, INT64_MAX}) {
    EXPECT_THAT(refusal_of("GatherND", {x, ints({1, 1}, {0})}, with("batch_dims", batch)),
                HasSubstr("batch_dims is "));
  }
}

TEST(Movement, Slice) {
  const Tensor x = ints({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto slice = [&](const Ints& starts, const Ints& ends, const Ints& axes,
                         const Ints& steps) {
    return run_ints("Slice", {x, list(starts), list(ends), list(axes), list(steps)});
  };
  EXPECT_THAT(run_ints("Slice", {x, list({1}), list({1000})}), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(slice({1}, {-1}, {-1}, {1}), ElementsAre(2, 3, 6, 7));
  EXPECT_THAT(slice({0}, {INT64_MAX}, {1}, {3}), ElementsAre(1, 4, 5, 8));
  EXPECT_THAT(slice({-1, INT64_MAX}, {INT64_MIN, INT64_MIN}, {0, 1}, {-1, -2}),
              ElementsAre(8, 6, 4, 2));
  EXPECT_THAT(slice({0}, {4}, {1}, {INT64_MAX}), ElementsAre(1, 5));
  EXPECT_THAT(slice({3}, {INT64_MIN}, {1}, {INT64_MIN}), ElementsAre(4, 8));
  EXPECT_THAT(slice({3}, {1}, {1}, {1}), ElementsAre());
  const auto refused = [&](const Ints& starts, const Ints& ends, const Ints& axes,
                           const Ints& steps) {
    return refusal_of("Slice", {x, list(starts), list(ends), list(axes), list(steps)});
  };
  EXPECT_THAT(refused({0}, {1}, {0}, {0}), HasSubstr("steps has the value 0"));
  EXPECT_THAT(refused({0}, {1}, {2}, {1}), HasSubstr("axis 2 is out of range"));
  EXPECT_THAT(refused({0, 0}, {1, 1}, {1, -1}, {1, 1}), HasSubstr("axis -1"));
  EXPECT_THAT(refused({0, 0}, {1}, {0}, {1}), HasSubstr("starts has 2 values, but"));
  EXPECT_THAT(refusal_of("Slice", {x, list({0, 0, 0}), list({1, 1, 1})}),
              HasSubstr("starts has 3 values for rank 2"));
  EXPECT_EQ(run("Slice", {Tensor::zeros(DataType::kInt8, {0}), list({-1}), list({INT64_MIN}),
                          list({0}), list({-1})})
                ->dims(),
            (Ints{0}));
}

TEST(Movement, SliceOfSymbols) {
  const auto slice = [](std::int64_t start, std::int64_t end, std::int64_t step) {
    return inferred("Slice", {input(DataType::kFloat32, {kN, 4}), constant({start}),
                              constant({end}), constant({0}), constant({step})});
  };
  EXPECT_EQ(slice(0, INT64_MAX, 1), "float32[N,4]");
  EXPECT_EQ(slice(0, INT32_MAX, 2), "float32[(N+1)/2,4]");
  EXPECT_EQ(slice(1, INT64_MAX, 1), "float32[N-1,4]");
  EXPECT_EQ(slice(0, -1, 1), "float32[N-1,4]");
  EXPECT_EQ(slice(-1, INT64_MIN, -1), "float32[N,4]");
  EXPECT_EQ(slice(0, 5, 1), "float32[?,4]") << "N may be less";
  EXPECT_EQ(slice(INT64_MAX, INT64_MAX, 1), "float32[?,4]");
  // Where it begins is not known, but along which axis.
  const Operand late = input(DataType::kInt64, {1});
  EXPECT_EQ(inferred("Slice", {input(DataType::kFloat32, {kN, 4}), late, late}), "float32[?,4]");
  EXPECT_EQ(inferred("Slice", {input(DataType::kFloat32, {kN, 4}), late, late, constant({1})}),
            "float32[N,?]");
  EXPECT_EQ(inferred("Slice", {input(DataType::kFloat32, {kN, 4}), late, late, late}),
            "float32[?,?]");
}

TEST(Movement, Split) {
  const Tensor x = ints({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto axis = with("axis", 1);
  const auto parts = run_all("Split", {x, list({1, 0, 2})}, axis, "", 3);
  ASSERT_TRUE(parts.ok()) << parts.error().message();
  EXPECT_THAT(parts->at(0).to_int64s(), ElementsAre(1, 4));
  EXPECT_EQ(parts->at(1).dims(), (Ints{2, 0}));
  EXPECT_THAT(parts->at(2).to_int64s(), ElementsAre(2, 3, 5, 6));
  const ir::AttributeMap two{{"axis", std::int64_t{1}}, {"num_outputs", std::int64_t{2}}};
  const auto uneven = run_all("Split", {x}, two, "", 2);
  ASSERT_TRUE(uneven.ok()) << uneven.error().message();
  EXPECT_THAT(uneven->at(0).to_int64s(), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(uneven->at(1).to_int64s(), ElementsAre(3, 6));
  EXPECT_THAT(refusal_of("Split", {x, list({1, 1})}, axis, 2),
              HasSubstr("split [1,1] does not add up to extent 3"));
  EXPECT_THAT(refusal_of("Split", {x, list({4, -1})}, axis, 2), HasSubstr("the value -1"));
  EXPECT_THAT(refusal_of("Split", {x, list({INT64_MAX, INT64_MAX, 5})}, axis, 3),
              HasSubstr("does not add up"));
  EXPECT_THAT(refusal_of("Split", {x, list({3})}, axis, 2), HasSubstr("1 values for 2 outputs"));
  EXPECT_THAT(refusal_of("Split", {x}, axis, 2), HasSubstr("needs either"));
  EXPECT_THAT(refusal_of("Split", {x, list({3})}, two, 1), HasSubstr("needs either"));
  EXPECT_THAT(refusal_of("Split", {x}, two, 3), HasSubstr("'num_outputs' is 2 with 3 outputs"));
  EXPECT_THAT(refusal_of("Split", {Tensor::zeros(DataType::kInt8, {5})}, with("num_outputs", 4), 4),
              HasSubstr("extent 5 cannot be split into 4 parts"));
  EXPECT_EQ(inferred("Split", {input(DataType::kFloat32, {kN, 6})}, with("num_outputs", 2), 2),
            "float32[(N+1)/2,6] float32[-(N+1)/2+N,6]");
  EXPECT_EQ(
      inferred("Split", {input(DataType::kFloat32, {4, kN}), input(DataType::kInt64, {2})}, {}, 2),
      "float32[?,N] float32[?,N]");
}

TEST(Movement, ExpandAndTile) {
  const Tensor x = ints({2, 1}, {1, 2});
  EXPECT_THAT(run_ints("Expand", {x, list({3})}), ElementsAre(1, 1, 1, 2, 2, 2));
  EXPECT_EQ(run("Expand", {x, list({2, 1, 1})})->dims(), (Ints{2, 2, 1}));
  EXPECT_EQ(run("Expand", {x, list({0})})->dims(), (Ints{2, 0}));
  EXPECT_THAT(refusal_of("Expand", {x, list({3, 1})}), HasSubstr("cannot be broadcast"));
  EXPECT_THAT(refusal_of("Expand", {x, list({-1})}), HasSubstr("has the extent -1"));
  EXPECT_THAT(refusal_of("Expand", {x, list({INT64_MAX})}), HasSubstr("too many elements"));
  EXPECT_THAT(run_ints("Tile", {x, list({1, 2})}), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(run_ints("Tile", {x, list({2, 1})}), ElementsAre(1, 2, 1, 2));
  EXPECT_EQ(run("Tile", {x, list({0, 4})})->dims(), (Ints{0, 4}));
  EXPECT_THAT(refusal_of("Tile", {x, list({2})}), HasSubstr("repeats has 1 values for rank 2"));
  EXPECT_THAT(refusal_of("Tile", {x, list({-1, 1})}), HasSubstr("has the extent -1"));
  EXPECT_NE(refusal_of("Tile", {ints({4}, {1, 2, 3, 4}), list({std::int64_t{1} << 55})}), "ok");
  Tensor words = Tensor::zeros(DataType::kString, {1});
  words.mutable_data<std::string>()[0] = "word";
  EXPECT_EQ(run("Expand", {words, list({2})})->data<std::string>()[1], "word");
  const Operand batch = input(DataType::kFloat32, {kN, 1});
  EXPECT_EQ(inferred("Expand", {batch, constant({1, 5})}), "float32[N,5]");
  EXPECT_EQ(inferred("Expand", {batch, input(DataType::kInt64, {3})}), "float32[?,?,?]");
  EXPECT_EQ(inferred("Tile", {batch, constant({2, 3})}), "float32[2*N,3]");
  EXPECT_EQ(inferred("Tile", {batch, input(DataType::kInt64, {2})}), "float32[?,?]");
}

TEST(Movement, Ranges) {
  const auto range = [](auto start, auto limit, auto delta) {
    return std::vector{Tensor::scalar(start), Tensor::scalar(limit), Tensor::scalar(delta)};
  };
  EXPECT_THAT(run_ints("Range", range(std::int64_t{2}, std::int64_t{9}, std::int64_t{3})),
              ElementsAre(2, 5, 8));
  EXPECT_THAT(run_ints("Range", range(std::int32_t{3}, std::int32_t{-1}, std::int32_t{-2})),
              ElementsAre(3, 1));
  EXPECT_THAT(run_ints("Range", range(std::int64_t{2}, std::int64_t{2}, std::int64_t{1})),
              ElementsAre());
  EXPECT_THAT(run_floats("Range", range(1.0F, 2.0F, 0.5F)), ElementsAre(1, 1.5F));
  EXPECT_THAT(run_floats("Range", range(1.0F, 0.0F, 0.5F)), ElementsAre());
  EXPECT_THAT(run_ints("Range", range(INT64_MIN, INT64_MAX, std::int64_t{1} << 62)),
              ElementsAre(INT64_MIN, -(std::int64_t{1} << 62), 0, std::int64_t{1} << 62));
  EXPECT_THAT(refusal_of("Range", range(0.0F, 1.0F, 0.0F)), HasSubstr("delta is 0"));
  EXPECT_THAT(refusal_of("Range", range(0.0F, 1.0F, 1e-30F)), HasSubstr("too many numbers"));
  EXPECT_THAT(refusal_of("Range", range(0.0, 1.0, static_cast<double>(NAN))),
              HasSubstr("too many numbers"));
  EXPECT_THAT(refusal_of("Range", range(INT64_MIN, INT64_MAX, std::int64_t{1})),
              HasSubstr("too many numbers"));
  std::vector<Tensor> halves = range(0.0F, 2.0F, 1.0F);
  for (Tensor& number : halves) number = number.cast(DataType::kFloat16);
  EXPECT_THAT(run_floats("Range", halves), ElementsAre(0, 1));
  EXPECT_THAT(refusal_of("Range", halves, with("stash_type", 10)), HasSubstr("'stash_type' is 10"));
  const Operand late = input(DataType::kInt64, {});
  EXPECT_EQ(inferred("Range", {late, late, late}), "int64[?]");
}

TEST(Movement, ConstantOfShape) {
  const auto of_value = [](const Tensor& value) { return ir::AttributeMap{{"value", value}}; };
  EXPECT_EQ(run("ConstantOfShape", {list({2, 0})})->type().to_string(), "float32[2,0]");
  EXPECT_THAT(run_ints("ConstantOfShape", {list({3})}, of_value(list({7}))), ElementsAre(7, 7, 7));
  EXPECT_THAT(run_ints("ConstantOfShape", {list({})}, of_value(list({7}))), ElementsAre(7));
  const Tensor half = floats({1}, {1.5F}).cast(DataType::kBFloat16);
  EXPECT_EQ(run("ConstantOfShape", {list({2})}, of_value(half))->type().to_string(), "bfloat16[2]");
  EXPECT_THAT(refusal_of("ConstantOfShape", {list({2})}, of_value(list({1, 2}))),
              HasSubstr("attribute 'value' is int64[2], expected one number"));
  EXPECT_THAT(
      refusal_of("ConstantOfShape", {list({2})}, of_value(Tensor::zeros(DataType::kString, {1}))),
      HasSubstr("expected one number"));
  EXPECT_THAT(refusal_of("ConstantOfShape", {list({-2})}), HasSubstr("has the extent -2"));
  EXPECT_THAT(refusal_of("ConstantOfShape", {list({std::int64_t{1} << 50})}), HasSubstr("large"));
  EXPECT_THAT(refusal_of("ConstantOfShape", {Tensor::zeros(DataType::kInt64, {65})}),
              HasSubstr("65 elements, at most 64"));
  EXPECT_EQ(inferred("ConstantOfShape", {input(DataType::kInt64, {2})}), "float32[?,?]");
  EXPECT_EQ(inferred("ConstantOfShape", {input(DataType::kInt64, {1LL << 40})}), "float32[*]");
}

TEST(Movement, CumulativeSums) {
  const Tensor x = ints({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor columns = ints({}, {1});
  EXPECT_THAT(run_ints("CumSum", {x, columns}), ElementsAre(1, 3, 6, 4, 9, 15));
  EXPECT_THAT(run_ints("CumSum", {x, ints({1}, {-2})}), ElementsAre(1, 2, 3, 5, 7, 9));
  EXPECT_THAT(run_ints("CumSum", {x, columns}, with("exclusive", 1)),
              ElementsAre(0, 1, 3, 0, 4, 9));
  EXPECT_THAT(run_ints("CumSum", {x, columns}, with("reverse", 1)),
              ElementsAre(6, 5, 3, 15, 11, 6));
  EXPECT_THAT(run_ints("CumSum", {x, columns},
                       {{"reverse", std::int64_t{1}}, {"exclusive", std::int64_t{1}}}),
              ElementsAre(5, 3, 0, 11, 6, 0));
  EXPECT_THAT(refusal_of("CumSum", {x, ints({}, {2})}), HasSubstr("axis 2 is out of range"));
  EXPECT_THAT(refusal_of("CumSum", {x, list({0, 1})}), HasSubstr("expected one element"));
  EXPECT_THAT(run_ints("CumSum", {list({INT64_MAX, 1}), ints({}, {0})}),
              ElementsAre(INT64_MAX, INT64_MIN));
}

TEST(Movement, Triangles) {
  const Tensor x = ints({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  EXPECT_THAT(run_ints("Trilu", {x}), ElementsAre(1, 2, 3, 0, 5, 6, 7, 8, 9, 0, 11, 12));
  EXPECT_THAT(run_ints("Trilu", {x, ints({}, {1})}),
              ElementsAre(0, 2, 3, 0, 0, 6, 0, 8, 9, 0, 0, 12));
  EXPECT_THAT(run_ints("Trilu", {x}, with("upper", 0)),
              ElementsAre(1, 0, 0, 4, 5, 0, 7, 0, 0, 10, 11, 0));
  EXPECT_EQ(run("Trilu", {x, ints({}, {INT64_MIN})})->to_int64s(), x.to_int64s());
  EXPECT_THAT(refusal_of("Trilu", {list({1})}), HasSubstr("shape [1], expected matrices"));
}

}  // namespace
}  // namespace lathe::ops
