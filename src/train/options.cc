#include "train/options.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace lathe::train {
namespace {

template <typename Enum>
using Named = std::pair<Enum, std::string_view>;

constexpr std::array kOptimizers = {Named<Optimizer>{Optimizer::kSgd, "sgd"},
                                    Named<Optimizer>{Optimizer::kAdamW, "adamw"}};
constexpr std::array kSchedules = {
    Named<Schedule>{Schedule::kConstant, "constant"}, Named<Schedule>{Schedule::kCosine, "cosine"},
    Named<Schedule>{Schedule::kOneCycle, "one-cycle"}, Named<Schedule>{Schedule::kStep, "step"},
    Named<Schedule>{Schedule::kPlateau, "plateau"}};
constexpr std::array kPrecisions = {Named<Precision>{Precision::kAuto, "auto"},
                                    Named<Precision>{Precision::kFloat32, "float32"},
                                    Named<Precision>{Precision::kBFloat16, "bfloat16"}};
constexpr std::array kMemoryFormats = {
    Named<MemoryFormat>{MemoryFormat::kAuto, "auto"},
    Named<MemoryFormat>{MemoryFormat::kContiguous, "contiguous"},
    Named<MemoryFormat>{MemoryFormat::kChannelsLast, "channels-last"}};

template <typename Enum, std::size_t count>
std::string_view name_of(const std::array<Named<Enum>, count>& names, Enum value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  fatal("enumerator without a name");
}

template <typename Enum, std::size_t count>
Result<Enum> parse(const std::array<Named<Enum>, count>& names, std::string_view what,
                   std::string_view text) {
  std::string known;
  for (const auto& [value, name] : names) {
    if (name == text) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
  }
  return invalid_argument("unknown {} \"{}\"; known: {}", what, text, known);
}

}  // namespace

std::string_view to_string(Optimizer optimizer) { return name_of(kOptimizers, optimizer); }
std::string_view to_string(Schedule schedule) { return name_of(kSchedules, schedule); }
std::string_view to_string(Precision precision) { return name_of(kPrecisions, precision); }
std::string_view to_string(MemoryFormat format) { return name_of(kMemoryFormats, format); }

Result<Optimizer> parse_optimizer(std::string_view name) {
  return parse(kOptimizers, "optimizer", name);
}
Result<Schedule> parse_schedule(std::string_view name) {
  return parse(kSchedules, "schedule", name);
}
Result<Precision> parse_precision(std::string_view name) {
  return parse(kPrecisions, "precision", name);
}
Result<MemoryFormat> parse_memory_format(std::string_view name) {
  return parse(kMemoryFormats, "memory format", name);
}

double learning_rate_or_default(const TrainOptions& options) {
  return options.learning_rate.value_or(options.optimizer == Optimizer::kSgd ? 0.1 : 0.002);
}

double weight_decay_or_default(const TrainOptions& options) {
  return options.weight_decay.value_or(options.optimizer == Optimizer::kSgd ? 5e-4 : 0.01);
}

Status validate(const TrainOptions& options) {
  struct Check {
    std::string_view name;
    bool ok;
    double value;
    std::string_view expected;
  };
  const auto count = [](std::int64_t n) { return static_cast<double>(n); };
  const double rate = learning_rate_or_default(options);
  const double decay = weight_decay_or_default(options);
  // Written so that NaN fails too.
  const std::array checks = {
      Check{"epochs", options.epochs >= 1, count(options.epochs), "at least 1"},
      Check{"batch_size", options.batch_size >= 1, count(options.batch_size), "at least 1"},
      Check{"learning_rate", rate > 0 && std::isfinite(rate), rate, "more than 0"},
      Check{"momentum", options.momentum >= 0 && options.momentum < 1, options.momentum,
            "in [0, 1)"},
      Check{"beta1", options.beta1 >= 0 && options.beta1 < 1, options.beta1, "in [0, 1)"},
      Check{"beta2", options.beta2 >= 0 && options.beta2 < 1, options.beta2, "in [0, 1)"},
      Check{"epsilon", options.epsilon > 0, options.epsilon, "more than 0"},
      Check{"weight_decay", decay >= 0 && std::isfinite(decay), decay, "at least 0"},
      Check{"warmup", options.warmup >= 0 && options.warmup < 1, options.warmup, "in [0, 1)"},
      Check{"one_cycle_peak", options.one_cycle_peak > 0 && options.one_cycle_peak < 1,
            options.one_cycle_peak, "in (0, 1)"},
      Check{"one_cycle_initial_factor", options.one_cycle_initial_factor >= 1,
            options.one_cycle_initial_factor, "at least 1"},
      Check{"one_cycle_final_factor", options.one_cycle_final_factor >= 1,
            options.one_cycle_final_factor, "at least 1"},
      Check{"step_epochs", options.step_epochs >= 1, count(options.step_epochs), "at least 1"},
      Check{"step_factor", options.step_factor > 0 && options.step_factor <= 1, options.step_factor,
            "in (0, 1]"},
      Check{"plateau_patience", options.plateau_patience >= 1, count(options.plateau_patience),
            "at least 1"},
      Check{"plateau_factor", options.plateau_factor > 0 && options.plateau_factor <= 1,
            options.plateau_factor, "in (0, 1]"},
      Check{"label_smoothing", options.label_smoothing >= 0 && options.label_smoothing < 1,
            options.label_smoothing, "in [0, 1)"},
      Check{"accumulate", options.accumulate >= 1, count(options.accumulate), "at least 1"},
      Check{"gradient_clip_norm", options.gradient_clip_norm >= 0, options.gradient_clip_norm,
            "at least 0"},
      Check{"early_stop_patience", options.early_stop_patience >= 0,
            count(options.early_stop_patience), "at least 0"},
      Check{"threads", options.threads >= 0, count(options.threads), "at least 0"},
      Check{"loader_workers", options.loader_workers >= 0, count(options.loader_workers),
            "at least 0"},
  };
  for (const Check& check : checks) {
    if (!check.ok) {
      return invalid_argument("{} is {}, expected {}", check.name, check.value, check.expected);
    }
  }
  RETURN_IF_ERROR(data::check(options.augmentation));
  if (options.resume && options.checkpoint.empty()) {
    return invalid_argument("resume needs a checkpoint to go on from");
  }
  return {};
}

nlohmann::json fingerprint(const TrainOptions& options) {
  return {
      {"epochs", options.epochs},
      {"batch_size", options.batch_size},
      {"optimizer", to_string(options.optimizer)},
      {"learning_rate", learning_rate_or_default(options)},
      {"momentum", options.momentum},
      {"nesterov", options.nesterov},
      {"beta1", options.beta1},
      {"beta2", options.beta2},
      {"epsilon", options.epsilon},
      {"weight_decay", weight_decay_or_default(options)},
      {"schedule", to_string(options.schedule)},
      {"warmup", options.warmup},
      {"one_cycle_peak", options.one_cycle_peak},
      {"one_cycle_initial_factor", options.one_cycle_initial_factor},
      {"one_cycle_final_factor", options.one_cycle_final_factor},
      {"one_cycle_momentum", options.one_cycle_momentum},
      {"step_epochs", options.step_epochs},
      {"step_factor", options.step_factor},
      {"plateau_patience", options.plateau_patience},
      {"plateau_factor", options.plateau_factor},
      {"label_smoothing", options.label_smoothing},
      {"accumulate", options.accumulate},
      {"gradient_clip_norm", options.gradient_clip_norm},
      {"early_stop_patience", options.early_stop_patience},
      {"seed", options.seed},
      {"augmentation.rotation_degrees", options.augmentation.rotation_degrees},
      {"augmentation.random_crop_padding", options.augmentation.random_crop_padding},
      {"augmentation.horizontal_flip", options.augmentation.horizontal_flip},
      {"augmentation.brightness", options.augmentation.brightness},
      {"augmentation.contrast", options.augmentation.contrast},
      {"augmentation.saturation", options.augmentation.saturation},
      {"augmentation.hue", options.augmentation.hue},
  };
}

}  // namespace lathe::train
