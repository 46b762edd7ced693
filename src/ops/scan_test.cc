#include <array>
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
using ir::Type;
using ir::ValueId;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}

// sum += x; gives the sum and twice x.
ir::Subgraph sums() {
  Graph body;
  const ValueId sum = body.add_input("sum", {});
  const ValueId x = body.add_input("x", {});
  body.set_outputs({body.add("Add", std::array{sum, x}), body.add("Add", std::array{x, x})});
  return {std::make_shared<const Graph>(std::move(body)), {}};
}

struct Scanning {
  explicit Scanning(const std::vector<Type>& inputs, ir::AttributeMap attributes = {},
                    std::size_t outputs = 2, ir::Subgraph body = sums()) {
    attributes.try_emplace("num_scan_inputs", std::int64_t{1});
    attributes.emplace("body", std::move(body));
    ir::Node node{"scan", "", "Scan", {}, {}, std::move(attributes)};
    for (const Type& type : inputs) node.inputs.push_back(g.add_input("x", type));
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(g.add_value("y"));
    const std::vector<ValueId> made = node.outputs;
    g.add_node(std::move(node));
    g.set_outputs(made);
  }
  std::string types() {
    const Status status = infer_shapes(g);
    if (!status.ok()) return status.error().message();
    std::string text;
    for (const ValueId id : g.outputs()) text += (text.empty() ? "" : " ") + g.type(id).to_string();
    return text;
  }
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) {
    auto outputs = evaluate(g, inputs);
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    return outputs.ok() ? *std::move(outputs) : std::vector<Tensor>{};
  }
  Graph g;
};

Type of(Shape shape) { return {DataType::kFloat32, std::move(shape)}; }

TEST(Scan, CarriesAndStacks) {
  Scanning scan({of({2}), of({3, 2})});
  EXPECT_EQ(scan.types(), "float32[2] float32[3,2]");
  const auto outputs = scan.run({floats({2}, {10, 20}), floats({3, 2}, {1, 2, 3, 4, 5, 6})});
  EXPECT_THAT(outputs[0].to_floats(), ElementsAre(19, 32));
  EXPECT_THAT(outputs[1].to_floats(), ElementsAre(2, 4, 6, 8, 10, 12));
}

TEST(Scan, AlongOtherAxesAndBackwards) {
  Scanning scan({of({2}), of({2, 3})}, {{"scan_input_axes", Ints{-1}},
                                        {"scan_output_axes", Ints{1}},
                                        {"scan_input_directions", Ints{1}}});
  EXPECT_EQ(scan.types(), "float32[2] float32[2,3]");
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto outputs = scan.run({floats({2}, {0, 0}), x});
  EXPECT_THAT(outputs[0].to_floats(), ElementsAre(6, 15));
  EXPECT_THAT(outputs[1].to_floats(), ElementsAre(6, 4, 2, 12, 10, 8));
  Scanning back({of({2}), of({2, 3})}, {{"scan_input_axes", Ints{1}},
                                        {"scan_output_axes", Ints{-1}},
                                        {"scan_output_directions", Ints{1}}});
  EXPECT_THAT(back.run({floats({2}, {0, 0}), x})[1].to_floats(), ElementsAre(6, 4, 2, 12, 10, 8));
}

TEST(Scan, SymbolicLengths) {
  const Dim t = Dim::symbol("T");
  const Dim n = Dim::symbol("N");
  Scanning scan({of({n}), of({t, n})});
  EXPECT_EQ(scan.types(), "float32[N] float32[T,N]");
  const auto outputs = scan.run({floats({1}, {7}), Tensor::zeros(DataType::kFloat32, {0, 1})});
  EXPECT_THAT(outputs[0].to_floats(), ElementsAre(7));
  EXPECT_THAT(outputs[1].dims(), ElementsAre(0, 1));
  Scanning open({of({n}), {DataType::kFloat32, std::nullopt}});
  EXPECT_EQ(open.types(), "float32[*] float32[*]");
  EXPECT_THAT(open.run({floats({1}, {7}), floats({2, 1}, {1, 2})})[0].to_floats(), ElementsAre(10));
  EXPECT_THAT(
      evaluate(open.g, std::array{floats({1}, {7}), Tensor::scalar(1.0F)}).error().message(),
      HasSubstr("scan input 0: axis 0 is out of range for rank 0"));
}

TEST(Scan, AStateThatGrowsIsLeftOpen) {
  Graph body;
  const ValueId state = body.add_input("state", {});
  const ValueId x = body.add_input("x", {});
  body.set_outputs({body.add("Concat", std::array{state, x}, {{"axis", std::int64_t{0}}})});
  Scanning scan({of({1}), of({3, 2})}, {}, 1, {std::make_shared<const Graph>(std::move(body)), {}});
  EXPECT_EQ(scan.types(), "float32[?]");
  EXPECT_THAT(scan.run({floats({1}, {0}), floats({3, 2}, {1, 2, 3, 4, 5, 6})})[0].to_floats(),
              ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(Scan, Refusals) {
  const std::vector<Type> good{of({2}), of({3, 2})};
  const auto with = [&](ir::AttributeMap attributes) {
    const std::string text = Scanning(good, std::move(attributes)).types();
    EXPECT_THAT(text, HasSubstr("node scan (Scan): "));
    return text.substr(text.find(": ") + 2);
  };
  EXPECT_EQ(with({{"num_scan_inputs", std::int64_t{0}}}), "num_scan_inputs is 0, expected 1 to 2");
  EXPECT_EQ(with({{"num_scan_inputs", INT64_MIN}}),
            "num_scan_inputs is -9223372036854775808, expected 1 to 2");
  EXPECT_EQ(with({{"num_scan_inputs", std::int64_t{3}}}), "num_scan_inputs is 3, expected 1 to 2");
  EXPECT_EQ(with({{"scan_input_axes", Ints{0, 0}}}), "scan_input_axes has 2 values, expected 1");
  EXPECT_EQ(with({{"scan_input_axes", Ints{2}}}),
            "scan input 0: axis 2 is out of range for rank 2");
  EXPECT_EQ(with({{"scan_output_axes", Ints{INT64_MIN}}}),
            "scan output 0: axis -9223372036854775808 is out of range for rank 2");
  EXPECT_EQ(with({{"scan_input_directions", Ints{2}}}),
            "scan_input_directions has the value 2, expected 0 or 1");
  EXPECT_EQ(with({{"scan_output_directions", Ints{}}}),
            "scan_output_directions has 0 values, expected 1");
  EXPECT_THAT(Scanning({of({2})}).types(), HasSubstr("body has 2 inputs, the node has 1"));
  EXPECT_THAT(Scanning(good, {}, 3).types(), HasSubstr("body has 2 outputs, expected 3"));
  EXPECT_THAT(Scanning({of({3, 2}), of({4, 2})}, {{"num_scan_inputs", std::int64_t{2}}}).types(),
              HasSubstr("scan input 1 has 4 slices, those before have 3"));
  EXPECT_THAT(Scanning({{DataType::kFloat64, Shape{2}}, of({3, 2})}).types(),
              HasSubstr("attribute 'body'"));
}

TEST(Scan, LengthsThatTurnOutToDiffer) {
  Scanning scan({{DataType::kFloat32, std::nullopt}, {DataType::kFloat32, std::nullopt}},
                {{"num_scan_inputs", std::int64_t{2}}});
  ASSERT_EQ(scan.types(), "float32[*] float32[*]");
  const auto outputs = evaluate(scan.g, std::array{floats({2}, {1, 2}), floats({1}, {1})});
  EXPECT_THAT(outputs.error().message(),
              HasSubstr("scan input 1 has 1 slices, those before have 2"));
}

// Each level infers its body several times.
TEST(Scan, DeeplyNested) {
  ir::Subgraph body = sums();
  for (int depth = 0; depth < 8; ++depth) {
    Graph around;
    const ValueId sum = around.add_input("sum", {});
    const ValueId x = around.add_input("x", {});
    ir::Node node{"", "", "Scan", {sum, x}, {}, {{"num_scan_inputs", std::int64_t{1}}}};
    node.attributes.emplace("body", std::move(body));
    for (int i = 0; i < 2; ++i) node.outputs.push_back(around.add_value("y"));
    const std::vector<ValueId> made = node.outputs;
    around.add_node(std::move(node));
    around.set_outputs(made);
    body = {std::make_shared<const Graph>(std::move(around)), {}};
  }
  EXPECT_THAT(Scanning({of({2}), of({3, 2})}, {}, 2, std::move(body)).types(),
              HasSubstr("more than 6 loops inside each other"));
}

}  // namespace
}  // namespace lathe::ops
