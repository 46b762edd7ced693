// What a training run is told. Everything that changes the outcome is here, so that the same
// options, graph and data give the same weights again on the same machine.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "data/augment.h"

namespace lathe::train {

enum class Optimizer { kSgd, kAdamW };
enum class Schedule { kConstant, kCosine, kOneCycle, kStep, kPlateau };
// What convolutions and matrix products compute in. Weights, their updates, batch normalization and
// the loss are float32 in either. kAuto and the next enum's measure a few steps and take the
// fastest.
enum class Precision { kAuto, kFloat32, kBFloat16 };
enum class MemoryFormat { kAuto, kContiguous, kChannelsLast };

// "sgd", "adamw"; "constant", "cosine", "one-cycle", "step", "plateau"; "auto", "float32",
// "bfloat16"; "auto", "contiguous", "channels-last". Parsing an unknown name lists the known ones.
std::string_view to_string(Optimizer optimizer);
std::string_view to_string(Schedule schedule);
std::string_view to_string(Precision precision);
std::string_view to_string(MemoryFormat format);
Result<Optimizer> parse_optimizer(std::string_view name);
Result<Schedule> parse_schedule(std::string_view name);
Result<Precision> parse_precision(std::string_view name);
Result<MemoryFormat> parse_memory_format(std::string_view name);

struct TrainOptions {
  std::int64_t epochs = 10;
  std::int64_t batch_size = 128;

  Optimizer optimizer = Optimizer::kSgd;
  // The highest rate of the schedule. Absent: 0.1 for SGD, 0.002 for AdamW.
  std::optional<double> learning_rate;
  double momentum = 0.9;  // of SGD
  bool nesterov = true;   // Sutskever et al. 2013, as PyTorch's SGD computes it
  double beta1 = 0.9;     // of AdamW
  double beta2 = 0.999;
  double epsilon = 1e-8;
  // Added to the gradient by SGD, decoupled by AdamW (Loshchilov and Hutter 2019). It applies to
  // the weights of convolutions and matrix products, not to biases or batch normalization. Absent:
  // 5e-4 for SGD, 0.01 for AdamW.
  std::optional<double> weight_decay;

  Schedule schedule = Schedule::kOneCycle;
  // Share of all updates in which the rate climbs from 0 to the schedule's; not for kOneCycle.
  double warmup = 0;
  // kOneCycle (Smith 2018): the rate climbs from learning_rate / one_cycle_initial_factor for this
  // share of all updates, then falls to that start / one_cycle_final_factor, both as a cosine.
  double one_cycle_peak = 0.3;
  double one_cycle_initial_factor = 25;
  double one_cycle_final_factor = 1e4;
  // SGD's momentum falls from 0.95 to 0.85 while the rate climbs, and back.
  bool one_cycle_momentum = false;
  // kStep: the rate is multiplied by step_factor each step_epochs.
  std::int64_t step_epochs = 10;
  double step_factor = 0.1;
  // kPlateau: the rate is multiplied by plateau_factor when the validation loss (the training loss
  // where there is no validation set) has not improved for plateau_patience epochs.
  std::int64_t plateau_patience = 3;
  double plateau_factor = 0.3;

  double label_smoothing = 0;     // in [0, 1)
  std::int64_t accumulate = 1;    // batches whose gradients make one update
  double gradient_clip_norm = 0;  // 0: not clipped
  // Stop when the validation accuracy has not improved for so many epochs; 0: never.
  std::int64_t early_stop_patience = 0;

  Precision precision = Precision::kAuto;
  MemoryFormat memory_format = MemoryFormat::kAuto;
  std::string device = "auto";  // "auto", "cpu", "cuda", "cuda:1"
  int threads = 0;              // 0: allowed_cores()
  std::uint64_t seed = 0;       // of shuffles, augmentation and dropout
  data::Augmentation augmentation;
  int loader_workers = 1;  // threads that read and transform samples; never changes the outcome
  bool strict = false;     // a sample that cannot be read is an error, not counted and skipped

  // Written after each epoch; empty: none.
  Path checkpoint;
  // Go on from the checkpoint where it exists; the options must be those it was made with, but for
  // the number of epochs.
  bool resume = false;
};

double learning_rate_or_default(const TrainOptions& options);
double weight_decay_or_default(const TrainOptions& options);

// An error that names the first option whose value makes no sense, as the command line calls it.
Status validate(const TrainOptions& options);

// "batch_size" is "--batch" on the command line; a name that has no flag is its own.
std::string_view flag_of(std::string_view name);

// Every option that changes the outcome, by its name here: what a checkpoint is checked against.
nlohmann::json to_json(const TrainOptions& options);
// What a reader of the trained model wants to know: the few of them that matter always, others
// where they are not what they usually are.
nlohmann::json notable_json(const TrainOptions& options);

}  // namespace lathe::train
