// Sequences and optionals: SequenceAt and its like, SequenceMap, SplitToSequence,
// ConcatFromSequence, Optional and its like.
#include "ops/sequence.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Datum;
using ir::Dim;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using ir::Type;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

const Type kFloats(DataType::kFloat32, std::nullopt);
const Type kFloatSequence = Type::sequence(kFloats);

Tensor floats(std::initializer_list<float> values) {
  return Tensor::from_values<float>({static_cast<std::int64_t>(values.size())}, values);
}
Tensor position(std::int64_t value) { return Tensor::scalar(value); }
Datum sequence_of_tensors(std::vector<Datum> items) {
  return make_sequence(kFloats, std::move(items));
}
// Of 1, 2 and 3 elements.
Datum three() { return sequence_of_tensors({floats({1}), floats({2, 3}), floats({4, 5, 6})}); }

ir::Node node_of(std::string_view op, std::size_t inputs, ir::AttributeMap attributes) {
  ir::Node node{"n", "", std::string(op), {}, {0}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs; ++i) node.inputs.push_back(static_cast<ValueId>(i));
  return node;
}

Result<Datum> run(std::string_view op, const std::vector<Datum>& inputs,
                  ir::AttributeMap attributes = {}) {
  ASSIGN_OR_RETURN(Values outputs,
                   evaluate_node(node_of(op, inputs.size(), std::move(attributes)), inputs));
  return outputs[0];
}

std::string error_of(std::string_view op, const std::vector<Datum>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

// Extents of the items: "[1] [2] [3]".
std::string shapes(const Result<Datum>& sequence) {
  if (!sequence.ok()) return sequence.error().message();
  std::string text;
  for (const Datum& item : items_of(*sequence))
    text += (text.empty() ? "" : " ") + ir::to_string(item.tensor()->dims());
  return text;
}

// The type that inference gives the output of one node whose inputs have these types.
std::string inferred(std::string_view op, const std::vector<Type>& inputs,
                     ir::AttributeMap attributes = {}) {
  Graph g;
  std::vector<ValueId> ids;
  for (const Type& type : inputs) ids.push_back(g.add_input("x", type));
  g.set_outputs({g.add(op, ids, std::move(attributes))});
  const Status status = infer_shapes(g);
  return status.ok() ? g.type(g.outputs()[0]).to_string() : status.error().message();
}

TEST(Sequence, PositionsCountFromBothEnds) {
  const auto at = [](std::int64_t i) {
    return run("SequenceAt", {three(), position(i)})->tensor()->num_elements();
  };
  EXPECT_THAT((std::array{at(0), at(2), at(-1), at(-3)}), ElementsAre(1, 3, 3, 1));
  EXPECT_EQ(shapes(run("SequenceErase", {three()})), "[1] [2]");
  EXPECT_EQ(shapes(run("SequenceErase", {three(), position(-3)})), "[2] [3]");
  EXPECT_EQ(shapes(run("SequenceInsert", {three(), floats({})})), "[1] [2] [3] [0]");
  EXPECT_EQ(shapes(run("SequenceInsert", {three(), floats({}), position(3)})), "[1] [2] [3] [0]");
  EXPECT_EQ(shapes(run("SequenceInsert", {three(), floats({}), position(-1)})), "[1] [2] [0] [3]");
  EXPECT_EQ(shapes(run("SequenceInsert", {three(), floats({}), position(-3)})), "[0] [1] [2] [3]");
  EXPECT_EQ(run("SequenceLength", {three()})->tensor()->get_int64(0), 3);
}

TEST(Sequence, PositionsThatAreNone) {
  for (const std::int64_t i : {std::int64_t{3}, std::int64_t{-4}, INT64_MIN, INT64_MAX}) {
    const std::string message = fmt::format("position is {}, but the sequence has 3 items", i);
    EXPECT_EQ(error_of("SequenceAt", {three(), position(i)}), message);
    EXPECT_EQ(error_of("SequenceErase", {three(), position(i)}), message);
    if (i != 3) {
      EXPECT_EQ(error_of("SequenceInsert", {three(), floats({}), position(i)}), message);
    }
  }
  const Datum empty = sequence_of_tensors({});
  EXPECT_EQ(error_of("SequenceErase", {empty}), "the sequence has no items");
  EXPECT_EQ(error_of("SequenceAt", {empty, position(0)}),
            "position is 0, but the sequence has 0 items");
  EXPECT_EQ(error_of("SequenceAt", {three(), Tensor::vector_int64(Ints{0, 1})}),
            "input 1 (position) has shape [2], expected one element");
}

TEST(Sequence, HasOneElementType) {
  EXPECT_THAT(error_of("SequenceConstruct", {floats({1}), Tensor::scalar(1.0)}),
              HasSubstr("is float64[], but inputs is float32[1]: both must be of one type"));
  EXPECT_EQ(error_of("SequenceInsert", {three(), Tensor::scalar(1.0)}),
            "input 1 (tensor) is float64[], but input 0 (input_sequence) is seq(float32[*])");
  EXPECT_EQ(error_of("SequenceEmpty", {}, {{"dtype", std::int64_t{99}}}),
            "dtype is 99, which is no element type of a sequence");
  EXPECT_EQ(error_of("SequenceEmpty", {}, {{"dtype", std::int64_t{INT64_MIN}}}),
            "dtype is -9223372036854775808, which is no element type of a sequence");
  // Float8E5M2
  EXPECT_EQ(error_of("SequenceEmpty", {}, {{"dtype", std::int64_t{19}}}),
            "dtype is 19, which is no element type of a sequence");
  EXPECT_EQ(run("SequenceEmpty", {}, {{"dtype", std::int64_t{8}}})->type().to_string(),
            "seq(string[*])");
}

TEST(Sequence, TypesKeepWhatItemsHaveInCommon) {
  const Dim n = Dim::symbol("N");
  const Type a(DataType::kFloat32, Shape{n, 3});
  const Type b(DataType::kFloat32, Shape{n, 4});
  const Type scalar(DataType::kFloat32, Shape{});
  const Type index(DataType::kInt64, Shape{});
  EXPECT_EQ(inferred("SequenceConstruct", {a, a}), "seq(float32[N,3])");
  EXPECT_EQ(inferred("SequenceConstruct", {a, b}), "seq(float32[N,?])");
  EXPECT_EQ(inferred("SequenceConstruct", {a, scalar}), "seq(float32[*])");
  EXPECT_EQ(inferred("SequenceInsert", {Type::sequence(a), b}), "seq(float32[N,?])");
  EXPECT_EQ(inferred("SequenceErase", {Type::sequence(a)}), "seq(float32[N,3])");
  EXPECT_EQ(inferred("SequenceAt", {Type::sequence(a), index}), "float32[N,3]");
  EXPECT_EQ(inferred("SequenceLength", {Type::sequence(a)}), "int64[]");
  EXPECT_EQ(inferred("SequenceEmpty", {}), "seq(float32[*])");
}

TEST(Split, ByParts) {
  const Tensor x = Tensor::from_values<float>({5, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(shapes(run("SplitToSequence", {x})), "[1,2] [1,2] [1,2] [1,2] [1,2]");
  EXPECT_EQ(shapes(run("SplitToSequence", {x}, {{"keepdims", std::int64_t{0}}})),
            "[2] [2] [2] [2] [2]");
  const auto parts = run("SplitToSequence", {x, position(2)}, {{"keepdims", std::int64_t{0}}});
  EXPECT_EQ(shapes(parts), "[2,2] [2,2] [1,2]");
  EXPECT_THAT(items_of(*parts)[2].tensor()->to_floats(), ElementsAre(8, 9));
  EXPECT_EQ(shapes(run("SplitToSequence", {x, Tensor::vector_int64(Ints{0, 5})})), "[0,2] [5,2]");
  const auto columns = run("SplitToSequence", {x}, {{"axis", std::int64_t{-1}}});
  EXPECT_THAT(items_of(*columns)[1].tensor()->to_floats(), ElementsAre(1, 3, 5, 7, 9));
  EXPECT_EQ(shapes(run("SplitToSequence", {Tensor::zeros(DataType::kFloat32, {0, 2})})), "");
}

TEST(Split, Refusals) {
  const Tensor x = Tensor::zeros(DataType::kFloat32, {5, 2});
  const auto with = [&](const Tensor& split) { return error_of("SplitToSequence", {x, split}); };
  EXPECT_EQ(with(position(0)), "split is 0, expected a positive number");
  EXPECT_EQ(with(position(INT64_MIN)), "split is -9223372036854775808, expected a positive number");
  EXPECT_EQ(with(Tensor::vector_int64(Ints{2, 2})),
            "the parts of split are 4 together, but the axis has extent 5");
  EXPECT_EQ(with(Tensor::vector_int64(Ints{6, -1})), "split has a part of -1, expected 0 or more");
  EXPECT_EQ(with(Tensor::vector_int64(Ints{INT64_MAX, INT64_MAX})),
            "the parts of split are too large");
  EXPECT_EQ(with(Tensor::from_values<std::int64_t>({1, 1}, {5})),
            "input 1 (split) has shape [1,1], expected a scalar or a vector");
  EXPECT_EQ(error_of("SplitToSequence", {x}, {{"axis", std::int64_t{2}}}),
            "axis 2 is out of range for rank 2");
  EXPECT_EQ(error_of("SplitToSequence", {Tensor::scalar(1.0F)}),
            "axis 0 is out of range for rank 0");
  // No memory is asked for in vain.
  EXPECT_THAT(
      error_of("SplitToSequence", {Tensor::zeros(DataType::kFloat32, {std::int64_t{1} << 40, 0})}),
      HasSubstr("are too many"));
}

TEST(Split, TypesOfParts) {
  const Type x(DataType::kFloat32, Shape{6, Dim::symbol("N")});
  const Type one(DataType::kInt64, Shape{});
  EXPECT_EQ(inferred("SplitToSequence", {x}), "seq(float32[1,N])");
  EXPECT_EQ(inferred("SplitToSequence", {x}, {{"keepdims", std::int64_t{0}}}), "seq(float32[N])");
  EXPECT_EQ(inferred("SplitToSequence", {x, one}), "seq(float32[?,N])");
  EXPECT_EQ(inferred("SplitToSequence", {kFloats, one}), "seq(float32[*])");
  Graph g;
  const ValueId input = g.add_input("x", x);
  std::vector<ValueId> outputs;
  for (const Tensor& split : {position(3), position(4), Tensor::vector_int64(Ints{2, 2, 2}),
                              Tensor::vector_int64(Ints{1, 5})})
    outputs.push_back(g.add("SplitToSequence", std::array{input, g.add_constant("split", split)}));
  g.set_outputs(outputs);
  ASSERT_TRUE(infer_shapes(g).ok());
  const auto type = [&](std::size_t i) { return g.type(g.outputs()[i]).to_string(); };
  EXPECT_EQ(type(0), "seq(float32[3,N])");
  EXPECT_EQ(type(1), "seq(float32[?,N])");
  EXPECT_EQ(type(2), "seq(float32[2,N])");
  EXPECT_EQ(type(3), "seq(float32[?,N])");
}

TEST(ConcatFromSequence, JoinsOrStacks) {
  const ir::AttributeMap joined{{"axis", std::int64_t{0}}};
  ir::AttributeMap stacked{{"axis", std::int64_t{1}}, {"new_axis", std::int64_t{1}}};
  EXPECT_THAT(run("ConcatFromSequence", {three()}, joined)->tensor()->to_floats(),
              ElementsAre(1, 2, 3, 4, 5, 6));
  const Datum pairs = sequence_of_tensors({floats({1, 2}), floats({3, 4})});
  EXPECT_THAT(run("ConcatFromSequence", {pairs}, stacked)->tensor()->to_floats(),
              ElementsAre(1, 3, 2, 4));
  EXPECT_EQ(error_of("ConcatFromSequence", {three()}, stacked),
            "tensor 1 is float32[2,1], which differs from float32[1,1] beside axis 1");
  const Datum unlike = sequence_of_tensors({floats({1}), Tensor::scalar(2.0F)});
  stacked["axis"] = std::int64_t{-1};
  EXPECT_EQ(error_of("ConcatFromSequence", {unlike}, stacked),
            "tensor 1 is float32[1], which differs from float32[1,1] beside axis 1");
  EXPECT_EQ(error_of("ConcatFromSequence", {unlike}, joined), "axis 0 is out of range for rank 0");
  EXPECT_EQ(error_of("ConcatFromSequence", {sequence_of_tensors({})}, joined),
            "the sequence has no items");
  EXPECT_EQ(error_of("ConcatFromSequence", {three()}), "attribute 'axis' is missing");
  stacked["new_axis"] = std::int64_t{2};
  EXPECT_EQ(error_of("ConcatFromSequence", {three()}, stacked), "new_axis is 2, expected 0 or 1");
  // Extents of tensors without elements may add up to more than there is.
  std::vector<Datum> long_ones(200, Tensor::zeros(DataType::kFloat32, {std::int64_t{1} << 56, 0}));
  EXPECT_EQ(error_of("ConcatFromSequence", {sequence_of_tensors(long_ones)}, joined),
            "the extents' sum is too large");
}

TEST(ConcatFromSequence, TypesOfWhatIsJoined) {
  const Type items = Type::sequence({DataType::kFloat32, Shape{Dim::symbol("N"), 3}});
  const ir::AttributeMap last{{"axis", std::int64_t{-1}}};
  EXPECT_EQ(inferred("ConcatFromSequence", {items}, last), "float32[N,?]");
  EXPECT_EQ(inferred("ConcatFromSequence", {items},
                     {{"axis", std::int64_t{0}}, {"new_axis", std::int64_t{1}}}),
            "float32[?,N,3]");
  EXPECT_EQ(inferred("ConcatFromSequence", {kFloatSequence}, last), "float32[*]");
  EXPECT_THAT(inferred("ConcatFromSequence", {items}, {{"axis", std::int64_t{2}}}),
              HasSubstr("axis 2 is out of range for rank 2"));
}

TEST(Optional, HoldsOneOrNone) {
  const Datum held = *run("Optional", {three()});
  EXPECT_EQ(held.type().to_string(), "optional(seq(float32[*]))");
  EXPECT_TRUE(run("OptionalGetElement", {held})->identical(three()));
  EXPECT_TRUE(run("OptionalHasElement", {held})->tensor()->data<bool>()[0]);

  const ir::AttributeMap of_ints{{"type", Type(DataType::kInt32, Shape{3})}};
  const Datum none = *run("Optional", {}, of_ints);
  EXPECT_EQ(none.type().to_string(), "optional(int32[*])");
  EXPECT_EQ(error_of("OptionalGetElement", {none}), "the optional is empty");
  EXPECT_FALSE(run("OptionalHasElement", {none})->tensor()->data<bool>()[0]);
  EXPECT_FALSE(run("OptionalHasElement", {})->tensor()->data<bool>()[0]);
  EXPECT_FALSE(run("OptionalHasElement", {Datum()})->tensor()->data<bool>()[0]);

  // What is no optional is as good as one that holds it.
  EXPECT_TRUE(run("OptionalHasElement", {three()})->tensor()->data<bool>()[0]);
  EXPECT_TRUE(run("OptionalGetElement", {floats({1})})->identical(floats({1})));
}

TEST(Optional, Types) {
  const Type a(DataType::kFloat32, Shape{Dim::symbol("N")});
  EXPECT_EQ(inferred("Optional", {a}), "optional(float32[N])");
  EXPECT_EQ(inferred("OptionalGetElement", {Type::optional(a)}), "float32[N]");
  EXPECT_EQ(inferred("OptionalGetElement", {a}), "float32[N]");
  EXPECT_EQ(inferred("OptionalHasElement", {Type::optional(a)}), "bool[]");
  EXPECT_EQ(inferred("Optional", {}, {{"type", Type::sequence(a)}}), "optional(seq(float32[*]))");
  EXPECT_THAT(inferred("Optional", {}), HasSubstr("has neither an input nor the attribute 'type'"));
  EXPECT_THAT(inferred("Optional", {a}, {{"type", Type(DataType::kInt32, std::nullopt)}}),
              HasSubstr("input 0 (input) is float32[N], but attribute 'type' is int32[*]"));
  for (const Type& type : {Type(), Type::optional(a), Type::sequence(Type::sequence(a)),
                           Type::sequence(Type()), Type::map(DataType::kInt64, a)}) {
    EXPECT_THAT(inferred("Optional", {}, {{"type", type}}),
                HasSubstr(", expected a tensor or a sequence of tensors"));
  }
}

// a + b, and the shape of a.
ir::AttributeMap sum_and_shape() {
  Graph body;
  const ValueId a = body.add_input("a", {DataType::kFloat32, Shape{Dim::symbol("own")}});
  const ValueId b = body.add_input("b", {});
  const ValueId shape = body.add("Shape", std::array{a});
  body.set_outputs({body.add("Add", std::array{a, b}), shape});
  return {{"body", ir::Subgraph{std::make_shared<const Graph>(std::move(body)), {}}}};
}

struct Mapping {
  explicit Mapping(const std::vector<Type>& inputs, std::size_t outputs = 2) {
    ir::Node node{"map", "", "SequenceMap", {}, {}, sum_and_shape()};
    for (const Type& type : inputs) node.inputs.push_back(g.add_input("x", type));
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(g.add_value("y"));
    const std::vector<ValueId> made = node.outputs;
    g.add_node(std::move(node));
    g.set_outputs(made);
  }
  std::string types() {
    const Status status = infer_shapes(g);
    if (!status.ok()) return status.error().message();
    return g.type(g.outputs()[0]).to_string() + " " + g.type(g.outputs()[1]).to_string();
  }
  Graph g;
};

TEST(SequenceMap, RunsItsBodyOnEachItem) {
  Mapping map({kFloatSequence, kFloats});
  // The extent that the body names is another one for each item.
  EXPECT_EQ(map.types(), "seq(float32[*]) seq(int64[1])");
  const auto outputs = evaluate_values(map.g, std::array{three(), Datum(Tensor::scalar(1.0F))});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ(shapes(outputs->at(0)), "[1] [2] [3]");
  EXPECT_THAT(items_of(outputs->at(0))[2].tensor()->to_floats(), ElementsAre(5, 6, 7));
  EXPECT_THAT(items_of(outputs->at(1))[2].tensor()->to_int64s(), ElementsAre(3));

  const auto none =
      evaluate_values(map.g, std::array{sequence_of_tensors({}), Datum(Tensor::scalar(1.0F))});
  ASSERT_TRUE(none.ok()) << none.error().message();
  EXPECT_EQ(none->at(1).type().to_string(), "seq(int64[*])");
  EXPECT_TRUE(items_of(none->at(1)).empty());
}

TEST(SequenceMap, SequencesAreAsLongAsTheFirst) {
  Mapping map({kFloatSequence, kFloatSequence});
  EXPECT_EQ(map.types(), "seq(float32[*]) seq(int64[1])");
  EXPECT_TRUE(evaluate_values(map.g, std::array{three(), three()}).ok());
  const auto outputs =
      evaluate_values(map.g, std::array{three(), sequence_of_tensors({floats({1})})});
  EXPECT_EQ(outputs.error().message(),
            "node map (SequenceMap): input 1 has 1 items, input 0 has 3");
}

TEST(SequenceMap, Refusals) {
  EXPECT_EQ(Mapping({kFloatSequence}).types(),
            "node map (SequenceMap): attribute 'body': its graph has 2 inputs, expected 1");
  EXPECT_EQ(Mapping({kFloatSequence, kFloats}, 3).types(),
            "node map (SequenceMap): body has 2 outputs, the node has 3");
  EXPECT_THAT(Mapping({kFloats, kFloats}).types(),
              HasSubstr("input 0 (input_sequence): is float32"));
  Mapping map({kFloatSequence, kFloats});
  ASSERT_EQ(map.types(), "seq(float32[*]) seq(int64[1])");
  const auto outputs = evaluate_values(map.g, std::array{three(), Datum(floats({1, 2}))});
  EXPECT_THAT(outputs.error().message(), HasSubstr("item 2: body: node Add (Add)"));
}

// Every operator gets what it does not want: an error, and no more than that.
TEST(Sequence, HostileOperands) {
  const Datum halves =
      make_sequence({DataType::kFloat16, std::nullopt}, {Tensor::zeros(DataType::kFloat16, {2})});
  const std::vector<Datum> damaged{
      Datum(),
      three(),
      sequence_of_tensors({}),
      halves,
      Datum(Datum::Optional{kFloatSequence, {}}),
      Datum(Datum::Optional{kFloats, {floats({1})}}),
      Datum(Datum::Map{Tensor::vector_int64(Ints{1}), kFloats, {floats({1})}}),
      Tensor::scalar(std::int64_t{1}),
      Tensor::vector_int64(Ints{}),
      Tensor::vector_int64(Ints{INT64_MAX, INT64_MIN}),
      Tensor::zeros(DataType::kFloat16, {2}),
      Tensor::zeros(DataType::kInt4, {3}),
      Tensor::zeros(DataType::kString, {0, 2}),
      Tensor::zeros(DataType::kFloat32, {0, std::int64_t{1} << 50})};
  const ir::AttributeMap axis{{"axis", std::int64_t{0}}};
  for (const char* op : {"SequenceAt", "SequenceConstruct", "SequenceErase", "SequenceInsert",
                         "SequenceLength", "SplitToSequence", "ConcatFromSequence", "Optional",
                         "OptionalGetElement", "OptionalHasElement"}) {
    const bool has_axis = op == std::string_view("ConcatFromSequence");
    for (const Datum& a : damaged) {
      (void)run(op, {a}, has_axis ? axis : ir::AttributeMap());
      for (const Datum& b : damaged) {
        (void)run(op, {a, b}, has_axis ? axis : ir::AttributeMap());
        for (const Datum& c : damaged) (void)run(op, {a, b, c});
      }
    }
  }
}

}  // namespace
}  // namespace lathe::ops
