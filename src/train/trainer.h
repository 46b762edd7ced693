// One training run: epochs over the data, the best weights, checkpoints. Everything around the
// steps that a Session takes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/loader.h"
#include "train/backend.h"
#include "train/checkpoint.h"
#include "train/train.h"

namespace lathe::train {

class Trainer {
 public:
  // Arguments as of train(); `options` must be valid.
  static Result<std::unique_ptr<Trainer>> create(Backend& backend, const ir::Graph& graph,
                                                 std::shared_ptr<const data::Dataset> training,
                                                 std::shared_ptr<const data::Dataset> validation,
                                                 const data::Preprocess* preprocess,
                                                 const TrainOptions& options,
                                                 TrainObserver* observer);

  Result<TrainResult> run();

 private:
  Trainer(Backend& backend, const ir::Graph& graph, const TrainOptions& options,
          TrainObserver* observer)
      : backend_(backend), graph_(graph), options_(options), observer_(observer) {}

  // Each of these is kInterrupted where the observer asks to stop.

  // Sets up the session and the state of the run, from the checkpoint where there is one to resume;
  // otherwise chooses the arithmetic.
  Status prepare();
  Status restore(const Checkpoint& checkpoint);
  Status run_epochs();
  Status run_epoch(std::int64_t epoch);
  Status train_epoch(std::int64_t epoch, EpochRecord& record);
  Status update(std::int64_t epoch, std::int64_t update_in_epoch, EpochRecord& record);
  Status check_finite(const Totals& totals, std::int64_t epoch, std::int64_t batch) const;
  Status validate_epoch(EpochRecord& record);
  Status go_on() const;

  Status keep_best_and_save();
  void report(std::int64_t epoch, std::int64_t batch, const Totals& totals, double epoch_seconds);

  void note(const std::string& text);

  [[nodiscard]] nlohmann::json this_run() const;
  [[nodiscard]] SessionOptions session_options() const;
  [[nodiscard]] std::string describe_choice() const;
  Result<TrainResult> make_result(bool stopped);

  Backend& backend_;
  const ir::Graph graph_;
  TrainOptions options_;  // what was "auto" is replaced by the choice
  TrainObserver* observer_;
  std::optional<data::Preprocess> preprocess_;
  std::shared_ptr<const data::Dataset> training_;
  std::shared_ptr<const data::Dataset> validation_;
  std::unique_ptr<data::Loader> training_loader_;
  std::unique_ptr<data::Loader> validation_loader_;
  std::unique_ptr<Session> session_;
  std::vector<MeasuredArithmetic> measured_;

  std::vector<EpochRecord> history_;
  NamedTensors best_weights_;
  std::int64_t updates_per_epoch_ = 0;
};

}  // namespace lathe::train
