// Models that take and make sequences and optionals.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_backends.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Datum;
using ir::Graph;
using ir::Tensor;
using ir::Type;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;

const Type kFloats(DataType::kFloat32, std::nullopt);

Datum sequence(std::vector<Datum> items) { return Datum::Sequence{kFloats, std::move(items)}; }

// xs with Relu(x) at its end, as an optional, and their number.
Graph longer_sequence() {
  Graph g;
  const ValueId xs = g.add_input("xs", Type::sequence(kFloats));
  const ValueId x = g.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 2}});
  const ValueId longer =
      g.add("SequenceInsert", std::array{xs, g.add("Relu", std::array{x})}, {}, "longer");
  g.set_outputs({g.add("Optional", std::array{longer}, {}, "held"),
                 g.add("SequenceLength", std::array{longer}, {}, "length")});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

class ContainersTest : public testing::TestWithParam<const Backend*> {};

TEST_P(ContainersTest, GoInAndComeOut) {
  const auto executable = compile(*GetParam(), longer_sequence(), {.threads = 1});
  ASSERT_NE(executable, nullptr);
  EXPECT_EQ(executable->inputs()[0].container, Type::sequence(kFloats));
  EXPECT_FALSE(executable->inputs()[1].container.known());
  EXPECT_EQ(executable->outputs()[0].container.kind(), Type::Kind::kOptional);
  const auto context = executable->new_context();
  const Tensor x = Tensor::from_values<float>({1, 2}, {-1, 2});
  for (const std::size_t count : {std::size_t{0}, std::size_t{3}}) {
    const std::vector<Datum> items(count, Tensor::scalar(1.0F));
    const auto outputs = context->run_values(std::array{sequence(items), Datum(x)});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    const auto& made = outputs->at(0).optional()->item.at(0).sequence()->items;
    ASSERT_EQ(made.size(), count + 1);
    EXPECT_THAT(made.back().tensor()->to_floats(), ElementsAre(0, 2));
    EXPECT_EQ(outputs->at(1).tensor()->get_int64(0), static_cast<std::int64_t>(count) + 1);
  }
}

TEST_P(ContainersTest, AreRefusedWhereTheyDoNotFit) {
  const auto executable = compile(*GetParam(), longer_sequence(), {.threads = 1});
  ASSERT_NE(executable, nullptr);
  const auto context = executable->new_context();
  const Tensor x = Tensor::zeros(DataType::kFloat32, {1, 2});
  const auto error_of = [&](std::vector<Datum> inputs) {
    const auto outputs = context->run_values(inputs);
    return outputs.ok() ? "ok" : outputs.error().message();
  };
  const Datum ints = Datum::Sequence{Type(DataType::kInt32, std::nullopt), {}};
  EXPECT_EQ(error_of({ints, x}), "input 'xs' is seq(int32[*]), expected seq(float32[*])");
  EXPECT_EQ(error_of({x, x}), "input 'xs' is float32[1,2], expected seq(float32[*])");
  EXPECT_EQ(error_of({sequence({}), sequence({})}),
            "input 'x' is seq(float32[*]), expected float32[N,2]");
  EXPECT_EQ(error_of({sequence({})}), "1 inputs given, the model has 2");
  EXPECT_EQ(error_of({sequence({}), Tensor::scalar(1.0F)}),
            "input 'x' is float32[], expected float32[N,2]");
  EXPECT_EQ(context->run(std::array{x, x}).error().message(),
            "input 'xs' is float32[1,2], expected seq(float32[*])");
  CompileOptions shaped{.threads = 1};
  shaped.shapes = {{"xs", {1}}};
  EXPECT_THAT(GetParam()->compile(longer_sequence(), shaped).error().message(),
              HasSubstr("input 'xs' is seq(float32[*]), which has no shape"));
}

// What a Loop carries may begin as an optional and go on as what that holds.
TEST_P(ContainersTest, AnOptionalThatALoopFills) {
  Graph body;
  body.add_input("iteration", {});
  const ValueId goes_on = body.add_input("condition", {});
  const ValueId carried = body.add_input("carried", {});
  const ValueId x = body.add_capture("x");
  const ValueId had = body.add("OptionalHasElement", std::array{carried});
  body.set_outputs({goes_on, body.add("Identity", std::array{x}), had});
  Graph g;
  const ValueId count = g.add_input("count", {DataType::kInt64, ir::Shape{}});
  const ValueId maybe = g.add_input("maybe", Type::optional(kFloats));
  const ValueId given = g.add_input("x", {DataType::kFloat32, ir::Shape{2}});
  ir::Node loop{"loop", "", "Loop", {count, ir::kNoValue, maybe}, {}, {}};
  loop.attributes = {
      {"body", ir::Subgraph{std::make_shared<const Graph>(std::move(body)), {given}}}};
  loop.outputs = {g.add_value("last"), g.add_value("had")};
  const std::vector<ValueId> outputs = loop.outputs;
  g.add_node(std::move(loop));
  g.set_outputs(outputs);
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_EQ(g.type(outputs[0]).to_string(), "float32[*]");

  const auto executable = compile(*GetParam(), g);
  ASSERT_NE(executable, nullptr);
  const auto run = [&](std::int64_t times, std::vector<Datum> item) {
    return executable->new_context()->run_values(
        std::array{Datum(Tensor::scalar(times)), Datum(Datum::Optional{kFloats, std::move(item)}),
                   Datum(Tensor::from_values<float>({2}, {1, 2}))});
  };
  const auto twice = run(2, {});
  ASSERT_TRUE(twice.ok()) << twice.error().message();
  EXPECT_THAT(twice->at(0).tensor()->to_floats(), ElementsAre(1, 2));
  EXPECT_THAT(twice->at(1).tensor()->to_int64s(), ElementsAre(0, 1));
  EXPECT_EQ(run(0, {Tensor::scalar(7.0F)})->at(0).tensor()->get_double(0), 7);
  EXPECT_THAT(run(0, {}).error().message(),
              HasSubstr("a result is an empty optional after no run"));
}

INSTANTIATE_TEST_SUITE_P(Backends, ContainersTest,
                         testing::Values(&reference_backend(), &lowered_backend(),
                                         &native_backend()),
                         [](const auto& tested) { return std::string(tested.param->name()); });

}  // namespace
}  // namespace lathe::engine
