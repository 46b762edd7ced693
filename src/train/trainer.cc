#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/cpu.h"
#include "base/random.h"
#include "data/model_history.h"
#include "train/check_model.h"
#include "train/choose_precision.h"
#include "train/run_description.h"
#include "train/schedule.h"

namespace lathe::train {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double mean(double sum, std::int64_t count) {
  return count > 0 ? sum / static_cast<double>(count) : std::nan("");
}

void add(Totals& sum, const Totals& more) {
  sum.loss += more.loss;
  sum.correct += more.correct;
  sum.samples += more.samples;
}

// Normalization by running statistics, with one output.
void use_inference_form(ir::Graph& graph) {
  for (const ir::NodeId id : graph.node_ids()) {
    if (!graph.node(id).is("BatchNormalization")) continue;
    graph.remove_attribute(id, "training_mode");
    graph.truncate_outputs(id, 1);
  }
}

}  // namespace

Result<std::unique_ptr<Trainer>> Trainer::create(Backend& backend, const ir::Graph& graph,
                                                 std::shared_ptr<const data::Dataset> training,
                                                 std::shared_ptr<const data::Dataset> validation,
                                                 const data::Preprocess* preprocess,
                                                 const TrainOptions& options,
                                                 TrainObserver* observer) {
  RETURN_IF_ERROR(check_classes(*training));
  RETURN_IF_ERROR(data::read_history_steps(graph.metadata));
  RETURN_IF_ERROR(check_model(graph, *training, preprocess));
  if (validation != nullptr) RETURN_IF_ERROR(check_model(graph, *validation, preprocess));
  std::unique_ptr<Trainer> trainer(new Trainer(backend, graph, options, observer));
  if (preprocess != nullptr) trainer->preprocess_ = *preprocess;
  trainer->training_ = std::move(training);
  trainer->validation_ = std::move(validation);
  return trainer;
}

SessionOptions Trainer::session_options() const {
  return {.device = options_.device,
          .bfloat16 = options_.precision == Precision::kBFloat16,
          .channels_last = options_.memory_format == MemoryFormat::kChannelsLast,
          .threads = options_.threads,
          .optimizer = options_.optimizer,
          .nesterov = options_.nesterov,
          .beta1 = options_.beta1,
          .beta2 = options_.beta2,
          .epsilon = options_.epsilon,
          .weight_decay = weight_decay_or_default(options_),
          .label_smoothing = options_.label_smoothing,
          .gradient_clip_norm = options_.gradient_clip_norm};
}

nlohmann::json Trainer::this_run() const {
  return describe_run(options_, graph_, *training_, validation_.get(),
                      preprocess_ ? &*preprocess_ : nullptr);
}

void Trainer::note(const std::string& text) {
  if (observer_ != nullptr && !text.empty()) observer_->on_note(text);
}

Status Trainer::go_on() const {
  if (observer_ == nullptr || !observer_->stop_requested()) return {};
  return error(ErrorCode::kInterrupted, "stopped");
}

Status Trainer::prepare() {
  note(remark_on_classes(*training_));
  std::optional<Checkpoint> checkpoint;
  std::error_code failed;
  if (options_.resume && std::filesystem::exists(options_.checkpoint, failed)) {
    ASSIGN_OR_RETURN(checkpoint, read_checkpoint(options_.checkpoint));
    RETURN_IF_ERROR(adopt_choices(checkpoint->run, options_));
  } else if (options_.resume) {
    note(fmt::format("there is no {} yet: training starts from the beginning",
                     options_.checkpoint.string()));
  }

  if (options_.threads == 0) options_.threads = allowed_cores();
  ASSIGN_OR_RETURN(options_.device, backend_.resolve_device(options_.device));
  const auto classes = static_cast<std::int64_t>(training_->class_names().size());
  const auto stop = [this] { return observer_ != nullptr && observer_->stop_requested(); };
  ASSIGN_OR_RETURN(ArithmeticChoice choice,
                   choose_arithmetic(backend_, graph_, options_, session_options(), classes, stop));
  options_.precision = precision_of(choice.best);
  options_.memory_format = memory_format_of(choice.best);
  measured_ = std::move(choice.measured);
  if (!measured_.empty()) note("measured: " + describe_measured(measured_));
  ASSIGN_OR_RETURN(session_, backend_.create_session(graph_, session_options()));

  training_loader_ = std::make_unique<data::Loader>(
      training_, preprocess_,
      data::LoaderOptions{.batch_size = options_.batch_size,
                          .shuffle = true,
                          // Batches of one size weigh every sample alike.
                          .drop_last = training_->size() >= options_.batch_size,
                          .seed = options_.seed,
                          .workers = options_.loader_workers,
                          .augmentation = options_.augmentation,
                          .strict = options_.strict});
  if (validation_ != nullptr) {
    validation_loader_ =
        std::make_unique<data::Loader>(validation_, preprocess_,
                                       data::LoaderOptions{.batch_size = options_.batch_size,
                                                           .workers = options_.loader_workers,
                                                           .augmentation = {},
                                                           .strict = options_.strict});
  }
  const std::int64_t batches = training_loader_->batches_per_epoch();
  updates_per_epoch_ = (batches + options_.accumulate - 1) / options_.accumulate;

  if (checkpoint) return restore(*checkpoint);
  ASSIGN_OR_RETURN(best_weights_, session_->weights());
  return {};
}

Status Trainer::restore(const Checkpoint& checkpoint) {
  const std::string path = options_.checkpoint.string();
  if (Status same = check_same_run(checkpoint.run, this_run()); !same.ok()) {
    return same.error().with_context(path + " was made by another run");
  }
  RETURN_IF_ERROR(session_->restore(checkpoint.state));
  history_ = checkpoint.history;
  best_weights_ = checkpoint.best_weights;
  const auto done = static_cast<std::int64_t>(history_.size());
  note(done < options_.epochs
           ? fmt::format("{}: going on after epoch {}", path, done)
           : fmt::format("{}: epoch {} is done, the best one so far is taken", path, done));
  note(remark_on_length(checkpoint.run, options_, done));
  return {};
}

Result<TrainResult> Trainer::run() {
  Status done = prepare();
  if (done.ok()) done = run_epochs();
  const bool stopped = !done.ok() && done.error().code() == ErrorCode::kInterrupted;
  if (!done.ok() && !stopped) return done.error();
  return make_result(stopped);
}

Status Trainer::run_epochs() {
  const auto done = [this] {
    return static_cast<std::int64_t>(history_.size()) >= options_.epochs ||
           stops_early(options_, history_);
  };
  if (!done() && observer_ != nullptr) observer_->on_start(describe_choice());
  while (!done()) {
    RETURN_IF_ERROR(run_epoch(static_cast<std::int64_t>(history_.size()) + 1));
  }
  return {};
}

Status Trainer::run_epoch(std::int64_t epoch) {
  const auto start = std::chrono::steady_clock::now();
  EpochRecord record{.epoch = epoch};
  RETURN_IF_ERROR(train_epoch(epoch, record));
  RETURN_IF_ERROR(validate_epoch(record));
  record.seconds = seconds_since(start);
  history_.push_back(record);
  RETURN_IF_ERROR(keep_best_and_save());
  if (observer_ != nullptr) observer_->on_epoch(record);
  return {};
}

Status Trainer::train_epoch(std::int64_t epoch, EpochRecord& record) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t epoch_seed = mix_seed(options_.seed, static_cast<std::uint64_t>(epoch));
  Totals totals;
  std::int64_t batches = 0;
  std::int64_t updates = 0;
  std::int64_t waiting = 0;  // batches whose gradients are not yet used
  training_loader_->start_epoch(epoch - 1);
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, training_loader_->next());
    if (!batch) break;
    ++batches;
    if (batch->labels.num_elements() > 0) {
      RETURN_IF_ERROR(session_->accumulate(
          batch->inputs, batch->labels, mix_seed(epoch_seed, static_cast<std::uint64_t>(batches))));
      ++waiting;
    }
    if (waiting == options_.accumulate) {
      RETURN_IF_ERROR(update(epoch, updates++, record));
      waiting = 0;
    }
    ASSIGN_OR_RETURN(const Totals more, session_->take_totals());
    RETURN_IF_ERROR(check_finite(more, epoch, batches));
    add(totals, more);
    report(epoch, batches, totals, seconds_since(start));
    RETURN_IF_ERROR(go_on());
  }
  if (waiting > 0) RETURN_IF_ERROR(update(epoch, updates, record));

  record.train_loss = mean(totals.loss, totals.samples);
  record.train_top1 = mean(static_cast<double>(totals.correct), totals.samples);
  record.images_per_s = static_cast<double>(totals.samples) / std::max(1e-9, seconds_since(start));
  return {};
}

Status Trainer::update(std::int64_t epoch, std::int64_t update_in_epoch, EpochRecord& record) {
  const Rate rate = rate_at(options_, (epoch - 1) * updates_per_epoch_ + update_in_epoch,
                            updates_per_epoch_, history_);
  record.learning_rate = rate.learning_rate;
  return session_->update(rate.learning_rate, rate.momentum);
}

Status Trainer::check_finite(const Totals& totals, std::int64_t epoch, std::int64_t batch) const {
  if (std::isfinite(totals.loss)) return {};
  return invalid_data(
      "epoch {}, batch {}: the loss is no longer finite; lower --lr ({}) or set --clip-norm", epoch,
      batch, learning_rate_or_default(options_));
}

Status Trainer::validate_epoch(EpochRecord& record) {
  if (validation_loader_ == nullptr) return {};
  Totals totals;
  validation_loader_->start_epoch(0);
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, validation_loader_->next());
    if (!batch) break;
    RETURN_IF_ERROR(go_on());
    if (batch->labels.num_elements() == 0) continue;
    RETURN_IF_ERROR(session_->evaluate(batch->inputs, batch->labels));
    ASSIGN_OR_RETURN(const Totals more, session_->take_totals());
    add(totals, more);
  }
  record.validation_loss = mean(totals.loss, totals.samples);
  record.validation_top1 = mean(static_cast<double>(totals.correct), totals.samples);
  return {};
}

Status Trainer::keep_best_and_save() {
  if (best_epoch_index(history_) == static_cast<std::int64_t>(history_.size()) - 1) {
    ASSIGN_OR_RETURN(best_weights_, session_->weights());
  }
  if (options_.checkpoint.empty()) return {};
  Checkpoint checkpoint{.run = this_run(), .history = history_, .best_weights = best_weights_};
  ASSIGN_OR_RETURN(checkpoint.state, session_->state());
  return write_checkpoint(options_.checkpoint, checkpoint);
}

void Trainer::report(std::int64_t epoch, std::int64_t batch, const Totals& totals,
                     double epoch_seconds) {
  if (observer_ == nullptr) return;
  observer_->on_batch(
      {.epoch = epoch,
       .epochs = options_.epochs,
       .batch = batch,
       .batches = training_loader_->batches_per_epoch(),
       .loss = mean(totals.loss, totals.samples),
       .top1 = mean(static_cast<double>(totals.correct), totals.samples),
       .images_per_s = static_cast<double>(totals.samples) / std::max(1e-9, epoch_seconds)});
}

std::string Trainer::describe_choice() const {
  return fmt::format("{}, {}, {}, {} thread{}, LibTorch {}", to_string(options_.precision),
                     to_string(options_.memory_format), options_.device, options_.threads,
                     options_.threads == 1 ? "" : "s", backend_.version());
}

Result<TrainResult> Trainer::make_result(bool stopped) {
  TrainResult result{
      .graph = graph_,
      .history = history_,
      .stopped = stopped,
      .stopped_early = !stopped && stops_early(options_, history_) &&
                       static_cast<std::int64_t>(history_.size()) < options_.epochs,
      .precision = std::string(to_string(options_.precision)),
      .memory_format = std::string(to_string(options_.memory_format)),
      .measured = measured_,
      .device = options_.device,
      .threads = options_.threads,
      .torch_version = backend_.version(),
      .skipped_samples = 0,
  };
  for (const auto& loader : {training_loader_.get(), validation_loader_.get()}) {
    if (loader != nullptr) result.skipped_samples += loader->corrupt_samples();
  }
  const std::int64_t best = best_epoch_index(history_);
  if (best >= 0) result.best_epoch = history_[static_cast<std::size_t>(best)].epoch;
  for (const auto& [name, tensor] : best_weights_) {
    const std::optional<ir::ValueId> id = result.graph.find_value(name);
    if (!id) return invalid_data("the checkpoint has weights {} that the graph has not", name);
    result.graph.set_constant(*id, tensor);
  }
  use_inference_form(result.graph);

  auto& metadata = result.graph.metadata;
  if (preprocess_) data::write_preprocess(*preprocess_, metadata);
  data::write_labels(training_->class_names(), metadata);
  nlohmann::json step = {{"step", "train"},
                         {"data", training_->name()},
                         {"samples", training_->size()},
                         {"best_epoch", result.best_epoch},
                         {"device", result.device},
                         {"precision", result.precision},
                         {"torch", result.torch_version},
                         {"options", notable_json(options_)},
                         {"epochs", history_columns(history_)}};
  RETURN_IF_ERROR(data::append_history_step(step, metadata));
  return result;
}

}  // namespace lathe::train
