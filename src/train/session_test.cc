#include <cmath>

#include "train/backend.h"
#include "train/test_support.h"

namespace lathe::train {
namespace {

using ir::Tensor;

std::unique_ptr<Session> session_of(const ir::Graph& graph, const SessionOptions& options) {
  auto session = load_backend().value()->create_session(graph, options);
  EXPECT_TRUE(session.ok()) << session.error().message();
  return std::move(session).value();
}

// logits = x * w, for two classes.
ir::Graph linear_graph(float first, float second) {
  ir::Graph graph;
  const auto x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 1}});
  const auto w = graph.add_constant("w", Tensor::from_values<float>({1, 2}, {first, second}));
  graph.set_outputs({graph.add("MatMul", std::vector{x, w})});
  return graph;
}

const Tensor kOne = Tensor::from_values<float>({1, 1}, {1});
const Tensor kFirstClass = Tensor::from_values<std::int64_t>({1}, {0});

TEST(Session, LabelSmoothingSpreadsTheTarget) {
  LATHE_NEED_BACKEND();
  const auto session = session_of(linear_graph(2, 0), {.label_smoothing = 0.2});
  ASSERT_TRUE(session->accumulate(kOne, kFirstClass, 0).ok());
  const double first = -std::log(std::exp(2.0) / (std::exp(2.0) + 1));
  const double second = -std::log(1 / (std::exp(2.0) + 1));
  EXPECT_NEAR(session->take_totals().value().loss, 0.9 * first + 0.1 * second, 1e-5);
  ASSERT_TRUE(session->evaluate(kOne, kFirstClass).ok());
  const Totals evaluated = session->take_totals().value();
  EXPECT_NEAR(evaluated.loss, first, 1e-5);
  EXPECT_EQ(evaluated.correct, 1);
  EXPECT_EQ(evaluated.samples, 1);
  EXPECT_EQ(session->take_totals().value().samples, 0);
}

std::vector<float> weights_after(Session& session, double rate, double momentum, int steps) {
  for (int i = 0; i < steps; ++i) {
    EXPECT_TRUE(session.accumulate(kOne, kFirstClass, 0).ok());
    EXPECT_TRUE(session.update(rate, momentum).ok());
  }
  return session.weights().value().at("w").to_floats();
}

// The gradient of the cross entropy by the first weight is p - 1.
double gradient_at(double first, double second) { return 1 / (1 + std::exp(second - first)) - 1; }

TEST(Session, SgdWithNesterovMomentumAndDecay) {
  LATHE_NEED_BACKEND();
  const auto session = session_of(linear_graph(1, 0), {.nesterov = true, .weight_decay = 0.1});
  double w0 = 1;
  double w1 = 0;
  double m0 = 0;
  double m1 = 0;
  for (int i = 0; i < 3; ++i) {
    const double g = gradient_at(w0, w1);
    const double g0 = g + 0.1 * w0;
    const double g1 = -g + 0.1 * w1;
    m0 = 0.9 * m0 + g0;
    m1 = 0.9 * m1 + g1;
    w0 -= 0.5 * (g0 + 0.9 * m0);
    w1 -= 0.5 * (g1 + 0.9 * m1);
  }
  const std::vector<float> weights = weights_after(*session, 0.5, 0.9, 3);
  EXPECT_NEAR(weights[0], w0, 1e-5);
  EXPECT_NEAR(weights[1], w1, 1e-5);
}

TEST(Session, AdamWDecaysApartFromTheGradient) {
  LATHE_NEED_BACKEND();
  const auto session =
      session_of(linear_graph(1, 0), {.optimizer = Optimizer::kAdamW, .weight_decay = 0.1});
  double w[2] = {1, 0};
  double m[2] = {0, 0};
  double v[2] = {0, 0};
  for (int t = 1; t <= 3; ++t) {
    const double g = gradient_at(w[0], w[1]);
    const double gradients[2] = {g, -g};
    for (int i = 0; i < 2; ++i) {
      w[i] *= 1 - 0.05 * 0.1;
      m[i] = 0.9 * m[i] + 0.1 * gradients[i];
      v[i] = 0.999 * v[i] + 0.001 * gradients[i] * gradients[i];
      w[i] -= 0.05 * (m[i] / (1 - std::pow(0.9, t))) /
              (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
    }
  }
  const std::vector<float> weights = weights_after(*session, 0.05, 0, 3);
  EXPECT_NEAR(weights[0], w[0], 1e-5);
  EXPECT_NEAR(weights[1], w[1], 1e-5);
}

TEST(Session, ClipsTheNormOfTheGradient) {
  LATHE_NEED_BACKEND();
  const auto session = session_of(linear_graph(0, 4), {.gradient_clip_norm = 0.01});
  const std::vector<float> weights = weights_after(*session, 1, 0, 1);
  EXPECT_NEAR(std::hypot(weights[0], weights[1] - 4), 0.01, 1e-6);
}

NamedTensors weights_from_batches(const std::vector<std::int64_t>& sizes) {
  const auto session = session_of(small_mlp(1), {});
  const Tensor points = random_tensor({12, 4}, 5);
  std::int64_t begin = 0;
  for (const std::int64_t size : sizes) {
    std::vector<float> values = points.to_floats();
    const std::vector<float> part(values.begin() + begin * 4, values.begin() + (begin + size) * 4);
    std::vector<std::int64_t> labels;
    for (std::int64_t i = begin; i < begin + size; ++i) labels.push_back(i % 4);
    const std::vector<std::int64_t> dims = {size, 4};
    EXPECT_TRUE(session
                    ->accumulate(Tensor::from_values<float>(dims, std::span<const float>(part)),
                                 Tensor::vector_int64(labels), 0)
                    .ok());
    begin += size;
  }
  EXPECT_TRUE(session->update(0.5, 0.9).ok());
  return session->weights().value();
}

TEST(Session, AccumulatedBatchesAreOneLargeBatch) {
  LATHE_NEED_BACKEND();
  const NamedTensors whole = weights_from_batches({12});
  for (const auto& [name, tensor] : weights_from_batches({5, 4, 3})) {
    const std::vector<float> expected = whole.at(name).to_floats();
    const std::vector<float> actual = tensor.to_floats();
    for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-6);
  }
}

TEST(Session, RunningStatisticsMoveByOneMinusTheMomentum) {
  LATHE_NEED_BACKEND();
  ir::GraphBuilder b("bn", 1);
  ir::ValueId x = b.input("x", {ir::Dim::symbol("N"), 1, 1, 1});
  x = b.flatten(b.global_average_pool(b.batch_norm(x, 0.75F)));
  const auto session = session_of(b.finish(b.linear(x, 2), "logits"), {});
  const Tensor inputs = Tensor::from_values<float>({2, 1, 1, 1}, {1, 5});
  ASSERT_TRUE(session->accumulate(inputs, Tensor::from_values<std::int64_t>({2}, {0, 1}), 0).ok());
  const NamedTensors weights = session->weights().value();
  EXPECT_NEAR(weights.at("bn1.mean").to_floats()[0], 0.25 * 3, 1e-6);
  EXPECT_NEAR(weights.at("bn1.var").to_floats()[0], 0.75 * 1 + 0.25 * 8, 1e-6);
}

TEST(Session, DropoutDependsOnTheSeedAlone) {
  LATHE_NEED_BACKEND();
  ir::GraphBuilder b("dropout", 1);
  ir::ValueId x = b.input("x", {ir::Dim::symbol("N"), 64});
  const ir::Graph graph = b.finish(b.linear(b.dropout(x, 0.5F), 2), "logits");
  const auto session = session_of(graph, {});
  const Tensor inputs = random_tensor({1, 64}, 2);
  const auto loss = [&](std::uint64_t seed) {
    EXPECT_TRUE(session->accumulate(inputs, kFirstClass, seed).ok());
    return session->take_totals().value().loss;
  };
  const double first = loss(1);
  EXPECT_NE(loss(2), first);
  EXPECT_EQ(loss(1), first);
}

TEST(Session, ASingleElementOfAFormulaIsNotTrained) {
  LATHE_NEED_BACKEND();
  ir::Graph graph = linear_graph(1, 0);
  const auto three = graph.add_constant("three", Tensor::scalar(3.0F));
  const auto bias = graph.add_constant("bias", Tensor::from_values<float>({2}, {0, 0}));
  ir::ValueId y = graph.add("Mul", std::vector{graph.outputs()[0], three});
  y = graph.add("Add", std::vector{y, bias});
  graph.set_outputs({y});
  const NamedTensors weights = session_of(graph, {})->weights().value();
  EXPECT_EQ(weights.size(), 2U);
  EXPECT_TRUE(weights.contains("w") && weights.contains("bias"));
}

TEST(Session, RestoredStateGoesOnWithTheSameBits) {
  LATHE_NEED_BACKEND();
  for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kAdamW}) {
    const SessionOptions options{.channels_last = true, .optimizer = optimizer};
    const Tensor inputs = random_tensor({8, 1, 8, 8}, 1);
    const Tensor labels = Tensor::from_values<std::int64_t>({8}, {0, 1, 2, 3, 0, 1, 2, 3});
    const auto step = [&](Session& session, std::uint64_t seed) {
      ASSERT_TRUE(session.accumulate(inputs, labels, seed).ok());
      ASSERT_TRUE(session.update(0.01, 0.9).ok());
    };
    const auto first = session_of(small_cnn(1), options);
    step(*first, 1);
    const NamedTensors state = first->state().value();
    step(*first, 2);
    const auto second = session_of(small_cnn(1), options);
    step(*second, 9);
    ASSERT_TRUE(second->restore(state).ok());
    step(*second, 2);
    const NamedTensors expected = first->state().value();
    const NamedTensors actual = second->state().value();
    EXPECT_EQ(actual.size(), expected.size());
    for (const auto& [name, tensor] : actual) {
      EXPECT_TRUE(tensor.identical(expected.at(name))) << name;
    }
  }
}

TEST(Session, RefusesTheStateOfAnotherGraph) {
  LATHE_NEED_BACKEND();
  const NamedTensors state = session_of(small_mlp(1), {})->state().value();
  const Status restored = session_of(small_cnn(1), {})->restore(state);
  ASSERT_FALSE(restored.ok());
  EXPECT_TRUE(restored.error().message().starts_with("the state's weights is ["));
  EXPECT_EQ(session_of(small_cnn(1), {})->restore({}).error().message(),
            "the state has no weights");
}

TEST(Session, RefusesLabelsThatAreNoClass) {
  LATHE_NEED_BACKEND();
  const auto session = session_of(linear_graph(1, 0), {});
  const Status accumulated =
      session->accumulate(kOne, Tensor::from_values<std::int64_t>({1}, {2}), 0);
  ASSERT_FALSE(accumulated.ok());
  EXPECT_EQ(accumulated.error().message(), "label 2 is not among the model's 2 classes");
}

TEST(Session, RefusesAGraphWithNothingToTrain) {
  LATHE_NEED_BACKEND();
  ir::Graph graph;
  const auto x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 2}});
  graph.set_outputs({graph.add("Relu", std::vector{x})});
  const auto session = load_backend().value()->create_session(graph, {});
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace lathe::train
