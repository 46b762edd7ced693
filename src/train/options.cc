#include "train/options.h"

#include <array>
#include <fmt/ranges.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/suggest.h"

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
  std::vector<std::string_view> known;
  for (const auto& [value, name] : names) {
    if (name == text) return value;
    known.push_back(name);
  }
  return invalid_argument("unknown {} '{}': known are {}{}", what, text, fmt::join(known, ", "),
                          did_you_mean(text, known));
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

namespace {

// The numbers that an option may be; NaN is none of them.
struct Range {
  double low;
  double high;
  bool low_itself;
  bool high_itself;
  std::string_view text;

  [[nodiscard]] bool holds(double value) const {
    return (low_itself ? value >= low : value > low) &&
           (high_itself ? value <= high : value < high);
  }
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kAny{-kInfinity, kInfinity, true, true, ""};
constexpr Range kAtLeastZero{0, kInfinity, true, false, "at least 0"};
constexpr Range kAtLeastOne{1, kInfinity, true, false, "at least 1"};
constexpr Range kPositive{0, kInfinity, false, false, "more than 0"};
constexpr Range kShare{0, 1, true, false, "in [0, 1)"};
constexpr Range kInnerShare{0, 1, false, false, "in (0, 1)"};
constexpr Range kFactor{0, 1, false, true, "in (0, 1]"};

// Which options a reader of a trained model is told of.
enum class Told {
  kAlways,
  kWhereChanged,
  kNever,  // it does not change the outcome
};

using Options = const TrainOptions&;
struct Option {
  std::string_view name;
  std::string_view flag;
  nlohmann::json (*value)(Options);
  Range range = kAny;
  Told told = Told::kWhereChanged;
};

template <auto member>
nlohmann::json value_of(Options options) {
  return options.*member;
}
template <auto member>
nlohmann::json name_of_value(Options options) {
  return to_string(options.*member);
}
template <auto member>
nlohmann::json augmentation(Options options) {
  return options.augmentation.*member;
}

using T = TrainOptions;
using A = data::Augmentation;
constexpr Option kOptions[] = {
    {"epochs", "--epochs", value_of<&T::epochs>, kAtLeastOne},
    {"batch_size", "--batch", value_of<&T::batch_size>, kAtLeastOne, Told::kAlways},
    {"optimizer", "--optimizer", name_of_value<&T::optimizer>, kAny, Told::kAlways},
    {"learning_rate", "--lr", [](Options o) { return nlohmann::json(learning_rate_or_default(o)); },
     kPositive, Told::kAlways},
    {"momentum", "--momentum", value_of<&T::momentum>, kShare},
    {"nesterov", "", value_of<&T::nesterov>},
    {"beta1", "", value_of<&T::beta1>, kShare},
    {"beta2", "", value_of<&T::beta2>, kShare},
    {"epsilon", "", value_of<&T::epsilon>, kPositive},
    {"weight_decay", "--weight-decay",
     [](Options o) { return nlohmann::json(weight_decay_or_default(o)); }, kAtLeastZero,
     Told::kAlways},
    {"schedule", "--schedule", name_of_value<&T::schedule>, kAny, Told::kAlways},
    {"warmup", "--warmup", value_of<&T::warmup>, kShare},
    {"one_cycle_peak", "", value_of<&T::one_cycle_peak>, kInnerShare},
    {"one_cycle_initial_factor", "", value_of<&T::one_cycle_initial_factor>, kAtLeastOne},
    {"one_cycle_final_factor", "", value_of<&T::one_cycle_final_factor>, kAtLeastOne},
    {"one_cycle_momentum", "", value_of<&T::one_cycle_momentum>},
    {"step_epochs", "--step-epochs", value_of<&T::step_epochs>, kAtLeastOne},
    {"step_factor", "--step-factor", value_of<&T::step_factor>, kFactor},
    {"plateau_patience", "--plateau-patience", value_of<&T::plateau_patience>, kAtLeastOne},
    {"plateau_factor", "--plateau-factor", value_of<&T::plateau_factor>, kFactor},
    {"label_smoothing", "--label-smoothing", value_of<&T::label_smoothing>, kShare},
    {"accumulate", "--accumulate", value_of<&T::accumulate>, kAtLeastOne},
    {"gradient_clip_norm", "--clip-norm", value_of<&T::gradient_clip_norm>, kAtLeastZero},
    {"early_stop_patience", "--early-stop", value_of<&T::early_stop_patience>, kAtLeastZero},
    {"seed", "--seed", value_of<&T::seed>, kAny, Told::kAlways},
    {"augmentation.rotation_degrees", "--augment rotate", augmentation<&A::rotation_degrees>},
    {"augmentation.random_crop_padding", "--augment crop", augmentation<&A::random_crop_padding>},
    {"augmentation.horizontal_flip", "--augment flip", augmentation<&A::horizontal_flip>},
    {"augmentation.brightness", "--augment color", augmentation<&A::brightness>},
    {"augmentation.contrast", "--augment color", augmentation<&A::contrast>},
    {"augmentation.saturation", "--augment color", augmentation<&A::saturation>},
    {"augmentation.hue", "--augment color", augmentation<&A::hue>},
    {"threads", "--threads", value_of<&T::threads>, kAtLeastZero, Told::kNever},
    {"loader_workers", "", value_of<&T::loader_workers>, kAtLeastZero, Told::kNever},
};

}  // namespace

Status validate(const TrainOptions& options) {
  for (const Option& option : kOptions) {
    if (option.range.text.empty()) continue;
    const auto value = option.value(options).get<double>();
    if (!option.range.holds(value)) {
      return invalid_argument("{} is {}, expected {}", flag_of(option.name), value,
                              option.range.text);
    }
  }
  RETURN_IF_ERROR(data::check(options.augmentation));
  if (options.resume && options.checkpoint.empty()) {
    return invalid_argument("--resume needs a checkpoint to go on from");
  }
  return {};
}

std::string_view flag_of(std::string_view name) {
  for (const Option& option : kOptions) {
    if (option.name == name && !option.flag.empty()) return option.flag;
  }
  return name;
}

nlohmann::json to_json(const TrainOptions& options) {
  nlohmann::json all;
  for (const Option& option : kOptions) {
    if (option.told != Told::kNever) all[std::string(option.name)] = option.value(options);
  }
  return all;
}

nlohmann::json notable_json(const TrainOptions& options) {
  const TrainOptions usual;
  nlohmann::json notable;
  for (const Option& option : kOptions) {
    if (option.told == Told::kNever) continue;
    if (option.told == Told::kAlways || option.value(options) != option.value(usual)) {
      notable[std::string(option.name)] = option.value(options);
    }
  }
  return notable;
}

}  // namespace lathe::train
