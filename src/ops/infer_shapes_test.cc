#include "ops/infer_shapes.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/graph_builder.h"
#include "ir/print.h"

namespace lathe::ops {
namespace {

using ir::Dim;
using ir::Graph;
using ir::Tensor;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

Graph small_network() {
  ir::GraphBuilder b("small", 1);
  ir::ValueId x = b.input("input", {Dim::symbol("N"), 3, 32, 32});
  x = b.relu(b.batch_norm(b.conv(x, 16, {.kernel = 3, .stride = 2, .padding = 1})));
  x = b.max_pool(x, 2, 2);
  return b.finish(b.linear(b.flatten(b.global_average_pool(x)), 10), "logits");
}

TEST(InferShapes, KeepsTheSymbolicBatch) {
  Graph g = small_network();
  ASSERT_TRUE(infer_shapes(g).ok());
  const auto type = [&](const char* name) {
    return g.tensor_type(*g.find_value(name)).to_string();
  };
  EXPECT_EQ(type("conv1"), "float32[N,16,16,16]");
  EXPECT_EQ(type("pool1"), "float32[N,16,8,8]");
  EXPECT_EQ(type("flatten1"), "float32[N,16]");
  EXPECT_EQ(type("logits"), "float32[N,10]");
}

TEST(InferShapes, BindsDimensionsAndCountsMacs) {
  Graph g = small_network();
  ASSERT_TRUE(bind_dimensions(g, {{"N", 2}}).ok());
  EXPECT_EQ(g.tensor_type(g.outputs()[0]).to_string(), "float32[2,10]");
  EXPECT_EQ(count_macs(g), 2 * (16 * 16 * 16 * 27 + 160));
}

TEST(InferShapes, SaysWhereMacsAreTooManyToCount) {
  const auto count = [](std::int64_t rows, std::int64_t inner) {
    Graph g;
    const ir::ValueId a = g.add_input("a", {ir::DataType::kFloat32, ir::Shape{rows, inner}});
    const ir::ValueId b = g.add_input("b", {ir::DataType::kFloat32, ir::Shape{inner, 1LL << 30}});
    g.set_outputs({g.add("MatMul", std::array{a, b}), g.add("Gemm", std::array{a, b})});
    EXPECT_TRUE(infer_shapes(g).ok());
    for (const ir::NodeId id : g.node_ids()) {
      EXPECT_EQ(count_node_macs(g, id).has_value(), rows < (1LL << 20));
    }
    return count_macs(g);
  };
  EXPECT_EQ(count(2, 3), 12LL << 30);
  EXPECT_EQ(count(1LL << 19, 1LL << 13), std::nullopt) << "the sum alone is too large";
  EXPECT_EQ(count(1LL << 20, 1LL << 26), std::nullopt);
}

TEST(InferShapes, RefusesInputsOfTooManyElements) {
  for (const ir::Shape& shape : {ir::Shape{1LL << 40, 1LL << 40}, ir::Shape{INT64_MAX},
                                 ir::Shape{Dim::symbol("N"), 1LL << 40, 1LL << 40}}) {
    for (const char* op : {"Flatten", "Relu"}) {
      Graph g;
      const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, shape});
      g.set_outputs({g.add(op, std::array{x}, {{"axis", std::int64_t{0}}})});
      EXPECT_FALSE(infer_shapes(g).ok());
    }
  }
  Graph g = small_network();
  const Status bound = bind_dimensions(g, {{"N", INT64_MAX}});
  ASSERT_FALSE(bound.ok());
  EXPECT_THAT(bound.error().message(), HasSubstr("too many elements"));
}

// One node on inputs of the given types; the message of the error, or "ok".
std::string check(std::string_view op, const std::vector<Tensor>& inputs,
                  ir::AttributeMap attributes = {}) {
  Graph g;
  std::vector<ir::ValueId> ids;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ids.push_back(inputs[i].rank() == 1 ? g.add_constant("c", inputs[i])
                                        : g.add_input("x", inputs[i].type()));
  }
  g.set_outputs({g.add(op, ids, std::move(attributes), "node")});
  const Status status = infer_shapes(g);
  return status.ok() ? "ok" : status.error().message();
}

Tensor floats(std::initializer_list<std::int64_t> dims) {
  return Tensor::zeros(ir::DataType::kFloat32, dims);
}

TEST(InferShapes, ErrorsNameTheNodeAndTheFault) {
  const Tensor image = floats({1, 3, 8, 8});
  const Tensor weights = floats({4, 3, 3, 3});
  EXPECT_EQ(check("Conv", {image, weights}), "ok");
  EXPECT_EQ(check("Conv", {image, weights}, {{"pads", Ints{1, 1, 1}}}),
            "node node (Conv): pads has 3 values, expected 4");
  EXPECT_THAT(check("Conv", {image, floats({4, 2, 3, 3})}), HasSubstr("do not fit an input of 3"));
  EXPECT_THAT(check("Conv", {image, weights}, {{"group", std::int64_t{3}}}),
              HasSubstr("not divisible"));
  EXPECT_THAT(check("Conv", {image, weights}, {{"group", std::int64_t{0}}}),
              HasSubstr("group is 0"));
  EXPECT_THAT(check("Conv", {image, weights}, {{"strides", Ints{0, 1}}}),
              HasSubstr("strides has the value 0"));
  EXPECT_THAT(check("Conv", {image, weights}, {{"group", 1.0F}}),
              HasSubstr("kind float, expected int"));
  EXPECT_THAT(check("Conv", {image, weights}, {{"grp", std::int64_t{1}}}),
              HasSubstr("unknown attribute 'grp'"));
  EXPECT_THAT(check("Conv", {image}), HasSubstr("1 input, expected 2 to 3"));
  EXPECT_THAT(check("Conv", {image, floats({4, 3, 11, 11})}), HasSubstr("does not fit"));
  EXPECT_THAT(check("Conv", {image, weights, floats({5})}), HasSubstr("bias has shape [5]"));
  EXPECT_THAT(check("Blur", {image}), HasSubstr("node node (Blur): operator is not supported"));
  EXPECT_THAT(check("Add", {image, floats({2, 8})}), HasSubstr("cannot be broadcast"));
  EXPECT_THAT(check("Where", {image, image, image}), HasSubstr("expected bool"));
  EXPECT_THAT(check("Where", {Tensor::zeros(ir::DataType::kBool, {3, 1}), image, floats({2, 8})}),
              HasSubstr("cannot be broadcast"));
  EXPECT_THAT(check("Gemm", {floats({2, 3}), floats({4, 5})}),
              HasSubstr("inner extents 3 and 4 differ"));
  EXPECT_THAT(check("MaxPool", {image}), HasSubstr("attribute 'kernel_shape' is missing"));
  EXPECT_THAT(check("Softmax", {image}, {{"axis", std::int64_t{7}}}), HasSubstr("out of range"));
  EXPECT_THAT(check("Transpose", {image}, {{"perm", Ints{0, 1, 1, 2}}}),
              HasSubstr("appears twice"));
  EXPECT_THAT(check("Reshape", {image, Tensor::vector_int64(Ints{5, -1})}),
              HasSubstr("cannot be reshaped"));
  EXPECT_THAT(check("Reshape", {image, Tensor::vector_int64(Ints{-1, -1})}),
              HasSubstr("more than one -1"));
  EXPECT_THAT(check("Concat", {image, floats({1, 3, 9, 8})}, {{"axis", std::int64_t{1}}}),
              HasSubstr("differs"));
}

TEST(InferShapes, DeclaredTypesMustAgree) {
  Graph g = small_network();
  g.set_type(*g.find_value("conv1"), {ir::DataType::kFloat32, ir::Shape{1, 17, 16, 16}});
  EXPECT_THAT(infer_shapes(g).error().message(), HasSubstr("is declared float32[1,17,16,16]"));
}

TEST(Registry, EveryOperatorIsComplete) {
  for (const OpDef& op : all_ops()) {
    EXPECT_NE(op.infer, nullptr) << op.name;
    EXPECT_NE(op.evaluate, nullptr) << op.name;
    EXPECT_EQ(find_op(op.domain, op.name), &op);
  }
  EXPECT_EQ(find_op("", "NoSuchOperator"), nullptr);
}

}  // namespace
}  // namespace lathe::ops
