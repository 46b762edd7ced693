// Gradients through the executor against finite differences of the loss.
#include <cmath>

#include "train/backend.h"
#include "train/test_support.h"

namespace lathe::train {
namespace {

using ir::Tensor;
using Ints = std::vector<std::int64_t>;

// Plain SGD of rate 1 without decay: a step moves each weight by its gradient.
SessionOptions plain_sgd() {
  return {.optimizer = Optimizer::kSgd, .nesterov = false, .weight_decay = 0};
}

// Loss in training mode, summed over the batch, as `graph` stands.
double training_loss(const ir::Graph& graph, const Tensor& inputs, const Tensor& labels) {
  const auto session = load_backend().value()->create_session(graph, plain_sgd()).value();
  EXPECT_TRUE(session->accumulate(inputs, labels, 1).ok());
  return session->take_totals().value().loss;
}

// For each initializer that is trained: the slope of the loss along a random direction, by central
// difference and by the gradient.
void expect_right_gradients(const ir::Graph& graph, const Ints& input_dims) {
  const Tensor inputs = random_tensor(input_dims, 11);
  const Tensor labels = Tensor::from_values<std::int64_t>({4}, {0, 1, 2, 1});
  const auto made = load_backend().value()->create_session(graph, plain_sgd());
  ASSERT_TRUE(made.ok()) << made.error().message();
  const auto& session = *made;
  const NamedTensors before = session->weights().value();
  const Status accumulated = session->accumulate(inputs, labels, 1);
  ASSERT_TRUE(accumulated.ok()) << accumulated.error().message();
  ASSERT_TRUE(session->update(1, 0).ok());
  const NamedTensors after = session->weights().value();

  std::uint64_t seed = 100;
  for (const auto& [name, old] : before) {
    if (name.find("mean") != std::string::npos || name.find("var") != std::string::npos) continue;
    const Tensor direction = random_tensor(old.dims(), ++seed);
    double by_gradient = 0;
    for (std::size_t i = 0; i < direction.data<float>().size(); ++i) {
      const double gradient = static_cast<double>(old.data<float>()[i]) -
                              static_cast<double>(after.at(name).data<float>()[i]);
      by_gradient += 4 * gradient * static_cast<double>(direction.data<float>()[i]);
    }
    constexpr float kStep = 2e-3F;
    const auto shifted = [&](float step) {
      ir::Graph moved = graph;
      const ir::ValueId id = *moved.find_value(name);
      Tensor weight = *moved.constant(id);
      for (std::size_t i = 0; i < direction.data<float>().size(); ++i) {
        weight.mutable_data<float>()[i] += step * direction.data<float>()[i];
      }
      moved.set_constant(id, std::move(weight));
      return training_loss(moved, inputs, labels);
    };
    const double by_difference =
        (shifted(kStep) - shifted(-kStep)) / (2 * static_cast<double>(kStep));
    EXPECT_NEAR(by_gradient, by_difference, 0.01 + 0.03 * std::abs(by_difference)) << name;
  }
}

ir::ValueId unary(ir::Graph& graph, std::string_view op, ir::ValueId x,
                  ir::AttributeMap attributes = {}) {
  return graph.add(op, std::vector{x}, std::move(attributes));
}

TEST(Gradient, OfASmoothConvolutionalNetwork) {
  LATHE_NEED_BACKEND();
  ir::Graph graph;
  const auto weight = [&](std::string_view name, Ints dims, std::uint64_t seed) {
    return graph.add_constant(name, random_tensor(std::move(dims), seed));
  };
  const auto input =
      graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 2, 6, 5}});
  ir::ValueId x =
      graph.add("Conv", std::vector{input, weight("w1", {4, 2, 3, 2}, 1), weight("b1", {4}, 2)},
                {{"pads", Ints{1, 0, 2, 1}}, {"strides", Ints{1, 1}}});
  x = graph.add("BatchNormalization",
                std::vector{x, weight("scale", {4}, 3), weight("bias", {4}, 4),
                            graph.add_constant("mean", Tensor::zeros(ir::DataType::kFloat32, {4})),
                            graph.add_constant("var", random_tensor({4}, 5, 0.5F, 1.5F))});
  x = unary(graph, "Tanh", x);
  x = graph.add("Conv", std::vector{x, weight("w2", {4, 1, 3, 3}, 6)},
                {{"group", std::int64_t{4}}, {"auto_pad", std::string("SAME_UPPER")}});
  x = graph.add("Add", std::vector{x, weight("shift", {4, 1, 1}, 7)});
  x = graph.add("Mul", std::vector{x, unary(graph, "Sigmoid", x)});
  x = unary(graph, "AveragePool", x,
            {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{0, 1, 1, 0}}, {"strides", Ints{2, 2}}});
  x = unary(graph, "Flatten", unary(graph, "GlobalAveragePool", x));
  x = graph.add("Gemm", std::vector{x, weight("w3", {3, 4}, 8), weight("b3", {3}, 9)},
                {{"transB", std::int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}});
  graph.set_outputs({x});
  expect_right_gradients(graph, {4, 2, 6, 5});
}

TEST(Gradient, OfANetworkThatEndsInSoftmaxIsThatOfItsLogits) {
  LATHE_NEED_BACKEND();
  ir::Graph graph;
  const auto input =
      graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 2, 4}});
  ir::ValueId x =
      graph.add("MatMul", std::vector{input, graph.add_constant("w1", random_tensor({4, 5}, 1))});
  x = unary(graph, "HardSwish", x);
  x = unary(graph, "Transpose", x, {{"perm", Ints{0, 2, 1}}});
  const auto shape = graph.add_constant("shape", Tensor::vector_int64(Ints{0, 10}));
  x = graph.add("Reshape", std::vector{x, shape});
  x = graph.add("Concat", std::vector{x, x}, {{"axis", std::int64_t{1}}});
  x = graph.add("MatMul", std::vector{x, graph.add_constant("w2", random_tensor({20, 3}, 2))});
  ir::Graph plain = graph;
  plain.set_outputs({x});
  graph.set_outputs({unary(graph, "Softmax", x)});
  expect_right_gradients(graph, {4, 2, 4});

  const Tensor inputs = random_tensor({4, 2, 4}, 3);
  const Tensor labels = Tensor::from_values<std::int64_t>({4}, {0, 1, 2, 1});
  EXPECT_EQ(training_loss(graph, inputs, labels), training_loss(plain, inputs, labels));
}

TEST(Gradient, PassesThroughClampsAndMaxima) {
  LATHE_NEED_BACKEND();
  ir::Graph graph;
  const auto input =
      graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 2, 6, 6}});
  ir::ValueId x = graph.add(
      "Conv", std::vector{input, graph.add_constant("w1", random_tensor({3, 2, 2, 2}, 1))});
  x = graph.add("Clip", std::vector{x, graph.add_constant("low", Tensor::scalar(-1.0F)),
                                    graph.add_constant("high", Tensor::scalar(1.5F))});
  x = unary(graph, "MaxPool", x,
            {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 0, 0, 1}}});
  x = unary(graph, "LeakyRelu", x);
  x = unary(graph, "Flatten", unary(graph, "GlobalMaxPool", x));
  x = graph.add("Gemm", std::vector{x, graph.add_constant("w2", random_tensor({3, 3}, 2))});
  graph.set_outputs({x});
  expect_right_gradients(graph, {4, 2, 6, 6});
}

}  // namespace
}  // namespace lathe::train
