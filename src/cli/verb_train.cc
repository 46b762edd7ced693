#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "data/default_preprocess.h"
#include "formats/model_file.h"
#include "ir/architectures.h"
#include "measure/evaluate.h"
#include "report/chart.h"
#include "report/format.h"
#include "report/text_table.h"
#include "train/train.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::string architecture;
  std::string out;
  std::string size;
  DataOptions data;
  double validation_share = 0.05;
  std::vector<std::string> augment;
  std::string optimizer = "sgd";
  std::string schedule = "one-cycle";
  std::string precision = "auto";
  std::string memory_format = "auto";
  double learning_rate = 0;
  double weight_decay = -1;
  std::string history;
  std::string chart;
  train::TrainOptions options;
  OutputOptions output;
};

std::atomic<bool> interrupted{false};

// Draws the progress line and prints one table row per epoch.
class Printer final : public train::TrainObserver {
 public:
  explicit Printer(const OutputOptions& output) : output_(output) {}

  void on_start(const std::string& how) override {
    if (output_.quiet) return;
    std::fprintf(stderr, "training: %s\n%6s %10s %8s %8s %10s %10s %10s\n", how.c_str(), "epoch",
                 "rate", "loss", "top-1", "val. loss", "val. top-1", "images/s");
  }
  void on_batch(const train::BatchProgress& p) override {
    if (bar_ == nullptr)
      bar_ = std::make_unique<Progress>("", p.epochs * p.batches, !output_.quiet);
    bar_->update((p.epoch - 1) * p.batches + p.batch,
                 fmt::format("epoch {}/{}  loss {:.3f}  top-1 {}  {:.0f} images/s  {} left",
                             p.epoch, p.epochs, p.loss, report::format_percent(p.top1, 1),
                             p.images_per_s, format_duration(p.seconds_left)));
  }
  void on_epoch(const train::EpochRecord& r) override {
    bar_.reset();
    if (output_.quiet) return;
    std::fprintf(stderr, "%6ld %10.3g %8.4f %8s %10s %10s %10.0f\n", static_cast<long>(r.epoch),
                 r.learning_rate, r.train_loss, report::format_percent(r.train_top1).c_str(),
                 report::format_number(r.validation_loss).c_str(),
                 report::format_percent(r.validation_top1).c_str(), r.images_per_s);
  }
  bool stop_requested() override { return interrupted; }

 private:
  const OutputOptions& output_;
  std::unique_ptr<Progress> bar_;
};

Status parse_names(Call& call) {
  ASSIGN_OR_RETURN(call.options.optimizer, train::parse_optimizer(call.optimizer));
  ASSIGN_OR_RETURN(call.options.schedule, train::parse_schedule(call.schedule));
  ASSIGN_OR_RETURN(call.options.precision, train::parse_precision(call.precision));
  ASSIGN_OR_RETURN(call.options.memory_format, train::parse_memory_format(call.memory_format));
  if (call.learning_rate > 0) call.options.learning_rate = call.learning_rate;
  if (call.weight_decay >= 0) call.options.weight_decay = call.weight_decay;
  return {};
}

// Padding of a random crop: an eighth of the image, 4 pixels for 32.
Status parse_augmentation(Call& call, std::int64_t height) {
  data::Augmentation& a = call.options.augmentation;
  for (const std::string& name : call.augment) {
    if (name == "flip") {
      a.horizontal_flip = true;
    } else if (name == "crop") {
      a.random_crop_padding = static_cast<int>(std::max<std::int64_t>(1, height / 8));
    } else if (name == "rotate") {
      a.rotation_degrees = 15;
    } else if (name == "color") {
      a.brightness = a.contrast = a.saturation = 0.2F;
      a.hue = 0.02F;
    } else if (name != "none") {
      return invalid_argument(
          "unknown augmentation '{}': known are none, flip, crop, rotate, color", name);
    }
  }
  return {};
}

// The graph to train with its preprocessing and labels in its metadata.
Result<ir::Graph> prepare_graph(Call& call, const data::Dataset& dataset) {
  if (call.model.empty() == call.architecture.empty()) {
    return invalid_argument("give either a MODEL to go on with or --arch NAME");
  }
  ASSIGN_OR_RETURN(std::optional<data::Preprocess> preprocess, call.data.parse_preprocess());
  ir::Graph graph;
  if (!call.model.empty()) {
    ASSIGN_OR_RETURN(graph, formats::load_model(call.model));
    if (!preprocess) {
      ASSIGN_OR_RETURN(preprocess, data::read_preprocess(graph.metadata));
    }
  }
  if (!preprocess && dataset.is_images()) {
    ASSIGN_OR_RETURN(preprocess, data::default_preprocess(dataset));
    if (!call.size.empty()) {
      ASSIGN_OR_RETURN(const Extents extents, parse_extents(call.size));
      preprocess->height = static_cast<int>(extents.height);
      preprocess->width = static_cast<int>(extents.width);
      preprocess->resize_short = 0;
    }
  }
  if (call.model.empty()) {
    ir::ArchitectureOptions shape;
    shape.classes = static_cast<std::int64_t>(dataset.class_names().size());
    shape.seed = call.options.seed;
    if (preprocess) {
      shape.channels = data::channel_count(preprocess->channels);
      shape.height = preprocess->height;
      shape.width = preprocess->width;
    } else {
      const std::vector<std::int64_t> sample = dataset.sample_shape();
      if (sample.size() == 3) {
        shape.channels = sample[0];
        shape.height = sample[1];
        shape.width = sample[2];
      } else {
        return unsupported("--arch needs images; train a MODEL of your own on features");
      }
    }
    ASSIGN_OR_RETURN(graph, ir::make_architecture(call.architecture, shape));
  }
  if (preprocess) data::write_preprocess(*preprocess, graph.metadata);
  data::write_labels(dataset.class_names(), graph.metadata);
  return graph;
}

Status write_history(const Call& call, const train::TrainResult& result) {
  if (!call.history.empty()) {
    nlohmann::json epochs = nlohmann::json::array();
    for (const train::EpochRecord& record : result.history)
      epochs.push_back(train::to_json(record));
    RETURN_IF_ERROR(write_file_atomic(
        call.history,
        nlohmann::json{{"epochs", epochs}, {"best_epoch", result.best_epoch}}.dump(1)));
  }
  if (call.chart.empty()) return {};
  report::LineChart chart{
      .title = "Training history",
      .x = {.title = "epoch", .integers = true},
      .y = {.title = "loss", .from_zero = true},
      .secondary = report::Axis{.title = "top-1", .format = report::ValueFormat::kPercent}};
  const auto add = [&](const char* name, double train::EpochRecord::*field, bool secondary) {
    report::LineSeries series{.name = name, .secondary = secondary};
    for (const train::EpochRecord& r : result.history)
      series.points.push_back({static_cast<double>(r.epoch), r.*field});
    chart.series.push_back(std::move(series));
  };
  add("training loss", &train::EpochRecord::train_loss, false);
  add("validation loss", &train::EpochRecord::validation_loss, false);
  add("training top-1", &train::EpochRecord::train_top1, true);
  add("validation top-1", &train::EpochRecord::validation_top1, true);
  return write_file_atomic(call.chart, report::svg_file(report::to_svg(chart)));
}

Status run(Call& call) {
  RETURN_IF_ERROR(parse_names(call));
  data::DatasetOptions dataset_options;
  dataset_options.limit = call.data.limit;
  dataset_options.validation_share = call.validation_share;
  ASSIGN_OR_RETURN(const auto training,
                   data::open_dataset(call.data.spec, data::Split::kTrain, dataset_options));
  std::shared_ptr<const data::Dataset> validation;
  if (call.validation_share > 0) {
    data::DatasetOptions held_out = dataset_options;
    held_out.limit = 0;
    ASSIGN_OR_RETURN(validation,
                     data::open_dataset(call.data.spec, data::Split::kValidation, held_out));
  }
  ASSIGN_OR_RETURN(const ir::Graph graph, prepare_graph(call, *training));
  ASSIGN_OR_RETURN(const auto preprocess, data::read_preprocess(graph.metadata));
  RETURN_IF_ERROR(parse_augmentation(call, preprocess ? preprocess->height : 0));
  call.options.strict = call.data.strict;

  std::signal(SIGINT, [](int) { interrupted = true; });
  Printer printer(call.output);
  ASSIGN_OR_RETURN(const train::TrainResult result,
                   train::train(graph, training, validation, preprocess ? &*preprocess : nullptr,
                                call.options, &printer));
  RETURN_IF_ERROR(formats::save_model(result.graph, call.out));
  RETURN_IF_ERROR(write_history(call, result));

  if (call.output.json) {
    nlohmann::json epochs = nlohmann::json::array();
    for (const train::EpochRecord& record : result.history)
      epochs.push_back(train::to_json(record));
    print_json({{"model", call.out},
                {"best_epoch", result.best_epoch},
                {"precision", result.precision},
                {"memory_format", result.memory_format},
                {"device", result.device},
                {"torch_version", result.torch_version},
                {"stopped", result.stopped},
                {"stopped_early", result.stopped_early},
                {"skipped_samples", result.skipped_samples},
                {"history", epochs}});
    return {};
  }
  const train::EpochRecord* best = nullptr;
  double seconds = 0;
  for (const train::EpochRecord& record : result.history) {
    seconds += record.seconds;
    if (record.epoch == result.best_epoch) best = &record;
  }
  print(fmt::format("{}: {} epochs in {}", call.out, result.history.size(),
                    format_duration(seconds)));
  if (best != nullptr && validation != nullptr) {
    print(fmt::format(", best is epoch {} with top-1 {} on {} held-out samples", result.best_epoch,
                      report::format_percent(best->validation_top1), validation->size()));
  }
  print(result.stopped ? " (interrupted)\n" : "\n");
  print(fmt::format("next: lathe eval {} --data {}\n", call.out, call.data.spec));
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  train::TrainOptions& o = call->options;
  app.add_option("MODEL", call->model, "A model to go on with, instead of --arch");
  app.add_option("--arch", call->architecture,
                 "Architecture to train from scratch: see `lathe new`");
  app.add_option("-o,--output", call->out, "The .onnx file to write")->required();
  call->data.declare(app, true, "train");
  app.add_option("--size", call->size, "Resize images to HxW");
  app.add_option("--validation-share", call->validation_share,
                 "Share of the training samples held out to choose the best epoch")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 0.9));
  app.add_option("--augment", call->augment,
                 "flip, crop, rotate, color or none, separated by commas")
      ->delimiter(',');
  app.add_option("--epochs", o.epochs, "Times through the training samples")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", o.batch_size, "Samples per step")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--optimizer", call->optimizer, "sgd or adamw")->capture_default_str();
  app.add_option("--lr", call->learning_rate, "Highest learning rate (sgd: 0.1, adamw: 0.002)");
  app.add_option("--momentum", o.momentum, "Of sgd")->capture_default_str();
  app.add_option("--weight-decay", call->weight_decay,
                 "Of weights, not biases (sgd: 5e-4, adamw: 0.01)");
  app.add_option("--schedule", call->schedule, "constant, cosine, one-cycle, step or plateau")
      ->capture_default_str();
  app.add_option("--warmup", o.warmup,
                 "Share of all steps in which the rate climbs (not for one-cycle)");
  app.add_option("--step-epochs", o.step_epochs, "Epochs between the steps of --schedule step")
      ->capture_default_str();
  app.add_option("--step-factor", o.step_factor, "Factor of a step")->capture_default_str();
  app.add_option("--plateau-patience", o.plateau_patience,
                 "Epochs without progress before --schedule plateau lowers the rate")
      ->capture_default_str();
  app.add_option("--plateau-factor", o.plateau_factor, "Factor of that")->capture_default_str();
  app.add_option("--label-smoothing", o.label_smoothing,
                 "Share of the target spread over all classes");
  app.add_option("--accumulate", o.accumulate, "Batches whose gradients make one step")
      ->capture_default_str();
  app.add_option("--clip-norm", o.gradient_clip_norm, "Largest norm of the gradient (0: any)");
  app.add_option("--early-stop", o.early_stop_patience,
                 "Stop after so many epochs without progress (0: never)");
  app.add_option("--precision", call->precision, "auto (measured), float32 or bfloat16")
      ->capture_default_str();
  app.add_option("--memory-format", call->memory_format,
                 "auto (measured), contiguous or channels-last")
      ->capture_default_str();
  app.add_option("--device", o.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--threads", o.threads, "Threads (0: all allowed cores)");
  app.add_option("--seed", o.seed, "Seed of weights, shuffles, augmentation and dropout");
  app.add_option("--checkpoint", o.checkpoint, "Written after each epoch");
  app.add_flag("--resume", o.resume, "Go on from the checkpoint, exactly");
  app.add_option("--history", call->history, "Write the history as JSON");
  app.add_option("--chart", call->chart, "Write the history as an SVG chart");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb train_verb() {
  return {"train", "Train an architecture or a model on a dataset", declare,
          "lathe train --arch cnn --data fashion-mnist -o cnn.onnx\n"
          "lathe train cnn.onnx --data images:photos --epochs 5 -o finer.onnx"};
}

}  // namespace lathe::cli
