#include "train/train.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ops/evaluate.h"
#include "train/test_support.h"

namespace lathe::train {
namespace {

TrainOptions quick_options() {
  TrainOptions options;
  options.epochs = 8;
  options.batch_size = 16;
  options.precision = Precision::kFloat32;
  options.memory_format = MemoryFormat::kContiguous;
  options.threads = 1;
  options.seed = 3;
  return options;
}

Result<TrainResult> train_points(const TrainOptions& options, TrainObserver* observer = nullptr) {
  return train(small_mlp(1), separable_points(256, 1), separable_points(64, 2), nullptr, options,
               observer);
}

struct Notes : TrainObserver {
  std::vector<std::string> notes;
  void on_note(const std::string& note) override { notes.push_back(note); }
};

std::vector<float> all_weights(const ir::Graph& graph) {
  std::vector<float> weights;
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Tensor* constant = graph.constant(static_cast<ir::ValueId>(i));
    if (constant == nullptr || constant->data_type() != ir::DataType::kFloat32) continue;
    for (const float value : constant->data<float>()) weights.push_back(value);
  }
  return weights;
}

TEST(Train, AHistoryThatIsNoneIsToldBeforeTheWork) {
  LATHE_NEED_BACKEND();
  ir::Graph graph = small_mlp(1);
  graph.metadata["lathe.history"] = "{}";
  TrainOptions options = quick_options();
  options.epochs = 1'000'000;  // would take long
  const auto result = train(graph, separable_points(256, 1), nullptr, nullptr, options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "lathe.history: expected a JSON array");
}

TEST(Train, LearnsToTellSeparablePointsApart) {
  LATHE_NEED_BACKEND();
  for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kAdamW}) {
    TrainOptions options = quick_options();
    options.optimizer = optimizer;
    if (optimizer == Optimizer::kAdamW) options.learning_rate = 0.02;
    const auto result = train_points(options);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(result->history.size(), 8U);
    EXPECT_EQ(result->history.back().validation_top1, 1.0);
    EXPECT_LT(result->history.back().train_loss, result->history.front().train_loss);
    EXPECT_EQ(result->precision, "float32");
    EXPECT_EQ(result->device, "cpu");
  }
}

// The reference evaluator finds in the returned graph what training measured: weights and running
// statistics are written back, and its best epoch is the one that counts.
TEST(Train, ReturnsTheGraphThatItMeasured) {
  LATHE_NEED_BACKEND();
  const auto validation = quarter_images(64, 2);
  const data::Preprocess preprocess = gray_preprocess();
  TrainOptions options = quick_options();
  options.label_smoothing = 0.1;
  const auto result =
      train(small_flat_cnn(1), quarter_images(256, 1), validation, &preprocess, options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  const EpochRecord& best = result->history[static_cast<std::size_t>(result->best_epoch - 1)];
  EXPECT_EQ(best.validation_top1, 1.0);
  for (const EpochRecord& record : result->history) {
    EXPECT_LE(record.validation_top1, best.validation_top1);
  }

  double loss = 0;
  std::int64_t correct = 0;
  for (std::int64_t i = 0; i < validation->size(); ++i) {
    const data::Sample sample = validation->get(i).value();
    const ir::Tensor input = data::apply(preprocess, sample.image).reshaped({1, 1, 8, 8});
    const auto outputs = ops::evaluate(result->graph, std::vector{input});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    const std::vector<float> logits = outputs->at(0).to_floats();
    double sum = 0;
    for (const float v : logits) sum += std::exp(static_cast<double>(v));
    const auto label = static_cast<std::size_t>(sample.label);
    loss += std::log(sum) - static_cast<double>(logits[label]);
    correct += std::max_element(logits.begin(), logits.end()) - logits.begin() == sample.label;
  }
  EXPECT_EQ(static_cast<double>(correct) / 64, best.validation_top1);
  EXPECT_NEAR(loss / 64, best.validation_loss, 1e-4);
}

TEST(Train, RecordsWhatAModelNeedsToBeUsed) {
  LATHE_NEED_BACKEND();
  const data::Preprocess preprocess = gray_preprocess();
  TrainOptions options = quick_options();
  options.epochs = 2;
  const auto result =
      train(small_flat_cnn(1), quarter_images(64, 1), nullptr, &preprocess, options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(data::read_preprocess(result->graph.metadata).value(), preprocess);
  EXPECT_EQ(data::read_labels(result->graph.metadata).value()->size(), 4U);
  const auto steps = nlohmann::json::parse(result->graph.metadata.at("lathe.history"));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0]["step"], "train");
  EXPECT_TRUE(steps[0]["options"].contains("optimizer"));
  EXPECT_FALSE(steps[0]["options"].contains("beta2"));
  EXPECT_EQ(steps[0]["epochs"]["train_loss"].size(), 2U);
  EXPECT_FALSE(steps[0]["epochs"].contains("validation_loss"));
  EXPECT_FALSE(steps[0]["epochs"].contains("seconds"));
  EXPECT_EQ(result->best_epoch, 2);
}

TEST(Train, GivesTheSameWeightsForTheSameSeed) {
  LATHE_NEED_BACKEND();
  const data::Preprocess preprocess = gray_preprocess();
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.threads = 2;
  options.augmentation.random_crop_padding = 1;
  const auto run = [&](std::uint64_t seed, int workers) {
    options.seed = seed;
    options.loader_workers = workers;
    return all_weights(
        train(small_cnn(1), quarter_images(128, 1), quarter_images(32, 2), &preprocess, options)
            .value()
            .graph);
  };
  const std::vector<float> first = run(5, 1);
  EXPECT_EQ(run(5, 2), first);
  EXPECT_NE(run(6, 1), first);
}

TEST(Train, LearnsInBFloat16AndChannelsLast) {
  LATHE_NEED_BACKEND();
  const data::Preprocess preprocess = gray_preprocess();
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    for (const MemoryFormat format : {MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
      TrainOptions options = quick_options();
      options.precision = precision;
      options.memory_format = format;
      const auto result = train(small_flat_cnn(1), quarter_images(256, 1), quarter_images(64, 2),
                                &preprocess, options);
      ASSERT_TRUE(result.ok()) << result.error().message();
      EXPECT_EQ(result->history.back().validation_top1, 1.0)
          << to_string(precision) << " " << to_string(format);
      EXPECT_EQ(result->precision, to_string(precision));
      EXPECT_EQ(result->memory_format, to_string(format));
    }
  }
}

TEST(Train, StopsEarlyWhenAccuracyNoLongerImproves) {
  LATHE_NEED_BACKEND();
  TrainOptions options = quick_options();
  options.epochs = 100;
  options.schedule = Schedule::kConstant;
  options.early_stop_patience = 2;
  const auto result = train_points(options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_TRUE(result->stopped_early);
  // Nothing beats all correct: two more epochs follow the first that reaches it.
  std::size_t first_perfect = 0;
  while (result->history[first_perfect].validation_top1 < 1) ++first_perfect;
  EXPECT_EQ(result->history.size(), first_perfect + 3);
}

struct StopAfter : TrainObserver {
  std::int64_t batches = 0;
  std::int64_t seen = 0;
  std::int64_t epochs = 0;
  std::string how;
  BatchProgress last;
  void on_start(const std::string& text) override { how = text; }
  void on_batch(const BatchProgress& progress) override {
    ++seen;
    last = progress;
  }
  void on_epoch(const EpochRecord&) override { ++epochs; }
  bool stop_requested() override { return seen == batches; }
};

TEST(Train, ReportsProgressAndStopsWhenAsked) {
  LATHE_NEED_BACKEND();
  StopAfter observer;
  observer.batches = 16 + 3;
  const auto result = train_points(quick_options(), &observer);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_TRUE(result->stopped);
  EXPECT_EQ(result->history.size(), 1U);
  EXPECT_EQ(observer.epochs, 1);
  EXPECT_EQ(observer.last.epoch, 2);
  EXPECT_EQ(observer.last.batch, 3);
  EXPECT_EQ(observer.last.batches, 16);
  EXPECT_TRUE(observer.how.starts_with("float32, contiguous, cpu, 1 thread, LibTorch "));
}

TEST(Train, SaysWhereTheLossIsNoLongerFinite) {
  LATHE_NEED_BACKEND();
  TrainOptions options = quick_options();
  options.learning_rate = 1e20;
  options.schedule = Schedule::kConstant;
  const auto result = train_points(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kInvalidData);
  EXPECT_NE(result.error().message().find("epoch 1, batch "), std::string::npos);
  EXPECT_NE(result.error().message().find("lower --lr (1e+20) or set --clip-norm"),
            std::string::npos);
}

TEST(Train, RefusesDataThatDoesNotFitTheModel) {
  LATHE_NEED_BACKEND();
  const data::Preprocess preprocess = gray_preprocess();
  const TrainOptions options = quick_options();
  const auto wrong_input =
      train(small_mlp(1), quarter_images(16, 1), nullptr, &preprocess, options);
  ASSERT_FALSE(wrong_input.ok());
  EXPECT_EQ(wrong_input.error().message(),
            "input input takes [4], a sample of quarters is [1,8,8]");

  const auto three = data::make_feature_dataset("three", random_tensor({6, 4}, 1),
                                                {0, 1, 2, 0, 1, 2}, {"a", "b", "c"})
                         .value();
  const auto wrong_classes = train(small_mlp(1), three, nullptr, nullptr, options);
  ASSERT_FALSE(wrong_classes.ok());
  EXPECT_EQ(wrong_classes.error().message(),
            "output logits is float32[N,4], but three has 3 classes");
}

TEST(Train, RefusesDataOfOneClass) {
  LATHE_NEED_BACKEND();
  const auto one = data::make_feature_dataset("cats", random_tensor({6, 4}, 1), {2, 2, 2, 2, 2, 2},
                                              {"a", "b", "c", "d"})
                       .value();
  const auto result = train(small_mlp(1), one, nullptr, nullptr, quick_options());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(),
            "cats: every training sample is of class 'c', a classifier needs two classes");
}

// Whatever the run is at: measuring, training or validating.
TEST(Train, StopsWhereverItIsAsked) {
  LATHE_NEED_BACKEND();
  struct StopAtQuestion : TrainObserver {
    int left;
    explicit StopAtQuestion(int questions) : left(questions) {}
    bool stop_requested() override { return --left < 0; }
  };
  const data::Preprocess preprocess = gray_preprocess();
  const ir::Graph graph = small_cnn(1);
  TrainOptions options = quick_options();
  options.memory_format = MemoryFormat::kAuto;
  const auto run = [&](int questions) {
    StopAtQuestion observer(questions);
    return train(graph, quarter_images(16, 1), quarter_images(64, 2), &preprocess, options,
                 &observer)
        .value();
  };
  const TrainResult measuring = run(1);
  EXPECT_TRUE(measuring.stopped);
  EXPECT_TRUE(measuring.measured.empty());
  EXPECT_EQ(all_weights(measuring.graph), all_weights(graph));

  options.memory_format = MemoryFormat::kContiguous;
  const TrainResult validating = run(3);  // one batch of training, four of validation
  EXPECT_TRUE(validating.stopped);
  EXPECT_TRUE(validating.history.empty());
  EXPECT_EQ(validating.best_epoch, 0);
  EXPECT_EQ(all_weights(validating.graph), all_weights(graph));
}

TEST(Train, TellsWhatItMeasured) {
  LATHE_NEED_BACKEND();
  Notes observer;
  const data::Preprocess preprocess = gray_preprocess();
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.memory_format = MemoryFormat::kAuto;
  const auto result =
      train(small_cnn(1), quarter_images(64, 1), nullptr, &preprocess, options, &observer);
  ASSERT_TRUE(result.ok()) << result.error().message();
  ASSERT_EQ(result->measured.size(), 2U);
  EXPECT_GE(result->measured[0].images_per_s, result->measured[1].images_per_s);
  ASSERT_EQ(observer.notes.size(), 1U);
  EXPECT_TRUE(observer.notes[0].starts_with("measured: float32, "));
  EXPECT_TRUE(observer.notes[0].ends_with(" images/s"));
}

TEST(Train, OpensAFixedBatchAndSaysSo) {
  LATHE_NEED_BACKEND();
  Notes observer;
  ir::Graph graph = small_mlp(1);
  ir::TensorType fixed = graph.tensor_type(graph.inputs()[0]);
  fixed.shape->front() = 1;
  graph.set_type(graph.inputs()[0], fixed);
  graph.set_type(graph.outputs()[0], ir::TensorType{ir::DataType::kFloat32, ir::Shape{1, 4}});
  const auto result = train(graph, separable_points(256, 1), separable_points(64, 2), nullptr,
                            quick_options(), &observer);
  ASSERT_TRUE(result.ok()) << result.error().message();
  ASSERT_EQ(observer.notes.size(), 1U);
  EXPECT_EQ(observer.notes[0], "the model takes batches of 1 only: it is opened to any batch");
  EXPECT_EQ(result->graph.tensor_type(result->graph.outputs()[0]).to_string(), "float32[N,4]");
  EXPECT_EQ(result->history.back().validation_top1, 1.0);
}

// Points as those of separable_points, of classes under other names.
std::shared_ptr<const data::Dataset> named_points(const std::vector<std::string>& names) {
  const auto all = separable_points(512, 1);
  std::vector<float> values;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < all->size(); ++i) {
    const data::Sample sample = all->get(i).value();
    if (sample.label >= std::ssize(names)) continue;
    for (const float value : sample.features.data<float>()) values.push_back(value);
    labels.push_back(sample.label);
  }
  const auto features =
      ir::Tensor::from_values<float>(std::array{std::ssize(labels), std::int64_t{4}}, values);
  return data::make_feature_dataset("named", features, labels, names).value();
}

TEST(Train, MatchesTheDataWithTheModelsLabels) {
  LATHE_NEED_BACKEND();
  ir::Graph graph = small_mlp(1);
  const std::vector<std::string> labels{"d", "c", "b", "a"};
  data::write_labels(labels, graph.metadata);
  Notes observer;
  auto result = train(graph, named_points({"a", "b", "c"}), named_points({"a", "b", "c"}), nullptr,
                      quick_options(), &observer);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(data::read_labels(result->graph.metadata).value(), labels);
  EXPECT_EQ(result->history.back().validation_top1, 1.0);
  EXPECT_EQ(observer.notes,
            std::vector<std::string>{"named: no training sample is of 1 of the 4 classes: d"});
  const auto input = ir::Tensor::from_values<float>({1, 4}, {1, 0, 0, 0});  // an "a"
  const std::vector<float> logits =
      ops::evaluate(result->graph, std::vector{input}).value()[0].to_floats();
  EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), 3);

  const auto mixed =
      train(graph, named_points({"a", "b", "c", "x"}), nullptr, nullptr, quick_options());
  ASSERT_FALSE(mixed.ok());
  EXPECT_NE(mixed.error().message().find("class 'x' of the data is none of the model's 4 labels"),
            std::string::npos);

  observer.notes.clear();
  result = train(graph, named_points({"w", "x", "y", "z"}), nullptr, nullptr, quick_options(),
                 &observer);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(data::read_labels(result->graph.metadata).value(),
            (std::vector<std::string>{"w", "x", "y", "z"}));
  EXPECT_EQ(observer.notes,
            std::vector<std::string>{"named: its classes (w, x, y and z) are none of the model's "
                                     "labels (d, c, b and a), and replace them"});
}

TEST(Train, NamesTheOptionThatMakesNoSense) {
  TrainOptions options = quick_options();
  options.momentum = 1.5;
  const auto result = train_points(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "--momentum is 1.5, expected in [0, 1)");
}

TEST(Train, SaysThatADeviceIsMissing) {
  LATHE_NEED_BACKEND();
  TrainOptions options = quick_options();
  options.device = "cuda:99";
  const auto missing = train_points(options);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kUnavailable);
  options.device = "toaster";
  EXPECT_FALSE(train_points(options).ok());
}

}  // namespace
}  // namespace lathe::train
