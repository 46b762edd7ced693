#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Datum;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr ValueId kAbsent = ir::kNoValue;

// A body that gets iteration and condition and what it carries.
struct Body {
  Graph g;
  ValueId iteration = g.add_input("iteration", {});
  ValueId condition = g.add_input("condition", {});

  ValueId carried(std::string_view name) { return g.add_input(name, {}); }
  ValueId add(std::string_view op, std::initializer_list<ValueId> inputs,
              ir::AttributeMap attributes = {}) {
    return g.add(op, std::span(inputs.begin(), inputs.size()), std::move(attributes), "inner");
  }
  ir::Attribute done(std::vector<ValueId> outputs, std::vector<ValueId> captures = {}) {
    g.set_outputs(std::move(outputs));
    return ir::Subgraph{std::make_shared<const Graph>(std::move(g)), std::move(captures)};
  }
};

void add_loop(Graph& g, std::vector<ValueId> inputs, std::size_t outputs, ir::Attribute body) {
  ir::Node node{"loop", "", "Loop", std::move(inputs), {}, {{"body", std::move(body)}}};
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(g.add_value("y"));
  const std::vector<ValueId> made = node.outputs;
  g.add_node(std::move(node));
  g.set_outputs(made);
}

std::string types(Graph& g) {
  const Status inferred = infer_shapes(g);
  if (!inferred.ok()) return inferred.error().message();
  std::string text;
  for (const ValueId id : g.outputs()) text += (text.empty() ? "" : " ") + g.type(id).to_string();
  return text;
}

Tensor floats(std::initializer_list<float> values) {
  return Tensor::from_values<float>({static_cast<std::int64_t>(values.size())}, values);
}

// x = x + step, n times; all x are put on top of each other. `step` is captured.
Graph sums(std::optional<std::int64_t> known_count) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{ir::Dim::symbol("N")}});
  const ValueId step = g.add_input("step", {DataType::kFloat32, Shape{}});
  const ValueId count = known_count ? g.add_constant("count", Tensor::scalar(*known_count))
                                    : g.add_input("count", {DataType::kInt64, Shape{}});
  Body body;
  const ValueId outer_step = body.g.add_capture("outer_step");
  const ValueId sum = body.add("Add", {body.carried("sum"), outer_step});
  add_loop(g, {count, kAbsent, x}, 2, body.done({body.condition, sum, sum}, {step}));
  return g;
}

TEST(Loop, CarriesValuesAndScans) {
  Graph g = sums(std::nullopt);
  EXPECT_EQ(types(g), "float32[N] float32[?,N]");
  const auto run = [&](std::int64_t count) {
    auto outputs =
        evaluate(g, std::array{floats({1, 2}), Tensor::scalar(10.0F), Tensor::scalar(count)});
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    return *std::move(outputs);
  };
  EXPECT_THAT(run(2)[0].to_floats(), ElementsAre(21, 22));
  EXPECT_THAT(run(2)[1].dims(), ElementsAre(2, 2));
  EXPECT_THAT(run(2)[1].to_floats(), ElementsAre(11, 12, 21, 22));
  EXPECT_THAT(run(0)[0].to_floats(), ElementsAre(1, 2));
  EXPECT_THAT(run(0)[1].dims(), ElementsAre(0, 2));
  EXPECT_THAT(run(-3)[0].to_floats(), ElementsAre(1, 2));
}

TEST(Loop, KnowsHowOftenItRunsWhereItCanBeSeen) {
  Graph three = sums(3);
  EXPECT_EQ(types(three), "float32[N] float32[3,N]");
  Graph none = sums(0);
  EXPECT_EQ(types(none), "float32[N] float32[0,N]");
}

// While the condition holds: x doubles as long as it is not `limit`. Without M.
TEST(Loop, EndsWithItsCondition) {
  for (const bool begins : {true, false}) {
    Graph g;
    const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{}});
    const ValueId condition = g.add_constant("begins", Tensor::scalar(begins));
    Body body;
    const ValueId sum = body.carried("sum");
    const ValueId twice = body.add("Add", {sum, sum});
    const ValueId limit = body.g.add_constant("limit", Tensor::scalar(16.0F));
    // 16 - x is no bool, but Cast makes one.
    const ValueId left = body.add("Sub", {limit, twice});
    const ValueId goes_on =
        body.add("Cast", {left}, {{"to", static_cast<std::int64_t>(DataType::kBool)}});
    add_loop(g, {kAbsent, condition, x}, 2, body.done({goes_on, twice, body.iteration}));
    EXPECT_EQ(types(g), begins ? "float32[] int64[?]" : "float32[] int64[0]");
    const auto outputs = evaluate(g, std::array{Tensor::scalar(1.0F)});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_EQ(outputs->at(0).get_double(0), begins ? 16 : 1);
    EXPECT_EQ(outputs->at(1).num_elements(), begins ? 4 : 0);
  }
}

// The list grows by what the loop before it made; both of unlike extents each time.
TEST(Loop, LeavesOpenWhatChanges) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{1, 3}});
  const ValueId count = g.add_input("count", {DataType::kInt64, Shape{1}});
  Body body;
  const ValueId list = body.carried("list");
  const ValueId before = body.carried("before");
  const ValueId longer = body.add("Concat", {list, list}, {{"axis", std::int64_t{0}}});
  const ValueId kept = body.add("Identity", {list});
  add_loop(g, {count, kAbsent, x, x}, 2, body.done({body.condition, longer, kept}));
  (void)before;
  EXPECT_EQ(types(g), "float32[?,3] float32[?,3]");
  ASSERT_TRUE(infer_shapes(g).ok());
  const auto outputs =
      evaluate(g, std::array{floats({1, 2, 3}).reshaped({1, 3}),
                             Tensor::vector_int64(std::array<std::int64_t, 1>{3})});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).dims(), ElementsAre(8, 3));
  EXPECT_THAT(outputs->at(1).dims(), ElementsAre(4, 3));
}

// Shapes that take many rounds to change are given up, not waited for.
TEST(Loop, ComesToRest) {
  Graph g;
  std::vector<ValueId> inputs{g.add_input("count", {DataType::kInt64, Shape{}}), kAbsent};
  Body body;
  std::vector<ValueId> outputs{body.condition};
  std::vector<ValueId> chain;
  for (int i = 0; i < 8; ++i) {
    inputs.push_back(g.add_input("x", {DataType::kFloat32, Shape{1}}));
    chain.push_back(body.carried("c"));
  }
  outputs.push_back(body.add("Concat", {chain[0], chain[0]}, {{"axis", std::int64_t{0}}}));
  for (int i = 0; i < 7; ++i) outputs.push_back(body.add("Identity", {chain[std::size_t(i)]}));
  add_loop(g, inputs, 8, body.done(outputs));
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(g.type(g.outputs()[7]).to_string(), "float32[*]");
}

// Neither M nor a condition: the body alone says when it ends.
TEST(Loop, WithoutMAndCondition) {
  Graph g;
  Body body;
  const ValueId two = body.g.add_constant("two", Tensor::scalar(std::int64_t{2}));
  const ValueId left = body.add("Sub", {two, body.iteration});
  const ValueId goes_on =
      body.add("Cast", {left}, {{"to", static_cast<std::int64_t>(DataType::kBool)}});
  add_loop(g, {}, 1, body.done({goes_on, left}));
  EXPECT_EQ(types(g), "int64[?]");
  const auto outputs = evaluate(g, std::span<const Tensor>{});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).to_int64s(), ElementsAre(2, 1, 0));
}

TEST(Loop, CarriesSequences) {
  Graph g;
  const ir::Type type = ir::Type::sequence({DataType::kFloat32, Shape{2}});
  const ValueId x = g.add_input("x", type);
  const ValueId count = g.add_constant("count", Tensor::scalar(std::int64_t{2}));
  Body body;
  const ValueId list = body.carried("list");
  add_loop(g, {count, kAbsent, x}, 1, body.done({body.condition, body.add("Identity", {list})}));
  EXPECT_EQ(types(g), "seq(float32[2])");
  const Datum sequence(ir::Datum::Sequence{{DataType::kFloat32, Shape{2}}, {floats({1, 2})}});
  const auto outputs = evaluate_values(g, std::array{sequence});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_TRUE(outputs->at(0).identical(sequence));
}

TEST(Loop, Refuses) {
  const auto with = [](std::vector<ValueId> (*outputs)(Body&, ValueId), std::size_t count) {
    Graph g;
    const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{2}});
    const ValueId most = g.add_constant("count", Tensor::scalar(std::int64_t{2}));
    Body body;
    const ValueId carried = body.carried("carried");
    const std::vector<ValueId> made = outputs(body, carried);
    add_loop(g, {most, kAbsent, x}, count, body.done(made));
    return types(g);
  };
  EXPECT_EQ(with([](Body& b, ValueId) { return std::vector{b.condition}; }, 1),
            "node loop (Loop): body has 1 outputs, expected a condition and 1 more");
  EXPECT_EQ(with(
                [](Body& b, ValueId c) {
                  return std::vector{b.condition, c};
                },
                2),
            "node loop (Loop): body has 2 outputs, expected a condition and 2 more");
  EXPECT_EQ(with(
                [](Body& b, ValueId c) {
                  return std::vector{b.iteration, c};
                },
                1),
            "node loop (Loop): body: its condition is int64[], expected bool[]");
  EXPECT_EQ(with(
                [](Body& b, ValueId) {
                  return std::vector{b.condition, b.iteration};
                },
                1),
            "node loop (Loop): carried value 0 is float32[2] before the body, and int64[] behind "
            "it");
  Graph g;
  Body body;
  add_loop(g, {}, 1, body.done({body.condition, body.carried("much")}));
  EXPECT_EQ(types(g),
            "node loop (Loop): body has 3 inputs, expected iteration, condition and 0 carried "
            "values");
}

TEST(Loop, ScansWhatIsAlike) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{1}});
  const ValueId most = g.add_constant("count", Tensor::scalar(std::int64_t{2}));
  Body body;
  const ValueId list = body.carried("list");
  const ValueId longer = body.add("Concat", {list, list}, {{"axis", std::int64_t{0}}});
  add_loop(g, {most, kAbsent, x}, 2, body.done({body.condition, longer, longer}));
  EXPECT_EQ(types(g), "float32[?] float32[2,?]");
  EXPECT_THAT(evaluate(g, std::array{floats({1})}).error().message(),
              HasSubstr("iteration 1: scan output 0 is float32[4], but was float32[2] before"));
}

TEST(Loop, NestsSoDeepAndNoDeeper) {
  const auto nested = [](int depth) {
    Graph inner;
    for (int i = 0; i < depth; ++i) {
      Body body;
      const ValueId carried = body.carried("carried");
      ValueId made = carried;
      if (i > 0) {
        ir::Node node{"inner", "", "Loop", {kAbsent, body.condition, carried}, {}, {}};
        node.attributes.emplace("body",
                                ir::Subgraph{std::make_shared<const Graph>(std::move(inner)), {}});
        made = body.g.add_value("made");
        node.outputs = {made};
        body.g.add_node(std::move(node));
      }
      const ValueId stop = body.g.add_constant("stop", Tensor::scalar(false));
      body.g.set_outputs({stop, made});
      inner = std::move(body.g);
    }
    Graph g;
    const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{1}});
    add_loop(g, {kAbsent, kAbsent, x}, 1,
             ir::Subgraph{std::make_shared<const Graph>(std::move(inner)), {}});
    return types(g);
  };
  EXPECT_EQ(nested(6), "float32[1]");
  EXPECT_EQ(nested(7), "node loop (Loop): more than 6 loops inside each other");
}

}  // namespace
}  // namespace lathe::ops
